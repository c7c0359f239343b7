"""Reading the few rows that belong to one subject, through the mapping, inside the repair's own transaction."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlalchemy import bindparam, text
from sqlalchemy.types import NullType

from trueup.model.source import ColumnMapping, RelationMapping
from trueup.sources.select import quoted, select

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

    from trueup.actions.repair.desk import Desk

_CHUNK = 500
_COLON = re.compile(r"(?<![:\\]):(?=\w)")

Raw = tuple[object, ...]


def statement(sql: str, *, lists: Iterable[str] = (), values: Iterable[str] = ()) -> TextClause:
    """SQL with bound parameters. A parameter has no type of ours: the database takes it as the column's own."""
    bound = [bindparam(name, expanding=True, type_=NullType()) for name in lists]
    bound += [bindparam(name, type_=NullType()) for name in values]
    return text(sql).bindparams(*bound)


def literal_sql(sql: str) -> str:
    """Somebody's SQL, so that a colon in it is a colon."""
    return _COLON.sub(r"\\:", sql)


def literal_mapping(mapping: RelationMapping) -> RelationMapping:
    """The mapping, so that no colon in its names, expressions and condition is taken for a parameter."""
    columns = {
        name: dataclasses.replace(
            column,
            column=literal_sql(column.column) if column.column else None,
            expression=literal_sql(column.expression) if column.expression else None,
        )
        for name, column in mapping.columns.items()
    }
    where = literal_sql(mapping.where) if mapping.where else None
    return dataclasses.replace(mapping, table=literal_sql(mapping.table), columns=columns, where=where)


class SubjectRows:
    """Reads relations by the values of one of their columns. ``wanted`` is what is read of each relation."""

    def __init__(self, desk: Desk, connection: Connection, wanted: Mapping[str, RelationMapping]) -> None:
        self.wanted = wanted
        self._desk = desk
        self._connection = connection
        self._mappings = desk.layout().mappings

    def read(self, relation: str, by: Mapping[str, Collection[str]]) -> list[Raw]:
        """The rows where one of these columns has one of these values: the wanted columns, in the mapping's order."""
        if relation not in self.wanted:
            return []
        return list(self._matching(self._mappings[relation], self.wanted[relation].columns, by))

    def values(self, relation: str, column: str, by: Mapping[str, Collection[str]]) -> set[str]:
        """The different values of one column, as text, over the rows that match."""
        mapping = self._mappings.get(relation)
        if mapping is None or column not in mapping.columns:
            return set()
        return {str(value) for (value,) in self._matching(mapping, (column,), by) if value is not None}

    def _matching(
        self, mapping: RelationMapping, wanted: Collection[str], by: Mapping[str, Collection[str]]
    ) -> Iterator[Raw]:
        """The rows in rounds, so that no statement has too many parameters."""
        conditions = {
            name: self._theirs(mapping, mapping.columns[name], values)
            for name, values in by.items()
            if name in mapping.columns
        }
        rounds = max((len(values) for values in conditions.values()), default=0)
        for start in range(0, rounds, _CHUNK):
            chunks = {name: values[start : start + _CHUNK] for name, values in conditions.items()}
            yield from self._round(mapping, wanted, {name: values for name, values in chunks.items() if values})

    def _round(
        self, mapping: RelationMapping, wanted: Collection[str], by: Mapping[str, Sequence[object]]
    ) -> Iterator[Raw]:
        quote = self._desk.target.quote
        literal = literal_mapping(mapping)
        tests = " OR ".join(f"{expression_of(literal.columns[name], quote)} IN :{name}" for name in by)
        where = f"({literal.where}\n) AND ({tests})" if literal.where else tests
        columns = {name: literal.columns[name] for name in literal.columns if name in wanted}
        sql = select(dataclasses.replace(literal, where=where, columns=columns), quote=quote)
        found = self._connection.execute(statement(sql, lists=by), {name: list(values) for name, values in by.items()})
        for row in found:
            yield tuple(row)

    def _theirs(self, mapping: RelationMapping, column: ColumnMapping, values: Collection[str]) -> list[object]:
        """Our text as the column's type has it; what that type cannot hold is in no row."""
        family = ""
        if column.column is not None:
            described = self._desk.columns(self._connection, mapping.table).get(column.column)
            family = described.family if described else ""
        found = (typed_key(value, family) for value in sorted(values))
        return [value for value in found if value is not None]


def expression_of(column: ColumnMapping, quote: str) -> str:
    """The SQL that reads a mapped column."""
    return quoted(column.column, quote) if column.column is not None else f"({column.expression}\n)"


def typed_key(value: str, family: str) -> object | None:
    """A key of ours as a column of this type has it; None where it cannot be one."""
    if "int" in family or family.startswith(("numeric", "decimal")):
        return int(value) if re.fullmatch(r"-?[0-9]{1,38}", value) else None
    if family == "uuid":
        try:
            return uuid.UUID(value)
        except ValueError:
            return None
    return value


def arrow_table(mapping: RelationMapping, rows: Sequence[Raw]) -> pa.Table:
    """The rows as Arrow, one column per mapped column. Values that Arrow cannot hold exactly are text."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(mapping.columns)
    return pa.table({name: _array(values) for name, values in zip(mapping.columns, columns, strict=True)})


def _array(values: Sequence[object]) -> pa.Array:
    found = {type(value) for value in values if value is not None}
    if not found:
        return pa.nulls(len(values))
    if found == {bool}:
        return pa.array(values, pa.bool_())
    if found == {int} and all(abs(value) < 2**63 for value in values if isinstance(value, int)):
        return pa.array(values, pa.int64())
    if found == {float}:
        return pa.array(values, pa.float64())
    if found <= {datetime, date}:
        return pa.array([_moment(value) for value in values], pa.timestamp("us"))
    return pa.array([None if value is None else raw_text(value) for value in values], pa.string())


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None  # noqa: DTZ001 - UTC


def raw_text(value: object) -> str:
    """A value as the database gave it, as text."""
    match value:
        case Decimal():
            return f"{value:f}" if value.is_finite() else str(value)
        case bool():
            return "true" if value else "false"
        case bytes() if len(value) == 1:  # MySQL's BIT(1)
            return str(value[0])
        case bytes():
            return f"x'{value.hex()}'"
        case datetime():
            return value.isoformat(sep=" ")
        case _:
            return str(value)
