"""Read the few rows that belong to one subject, through the mapping, inside the repair's own transaction."""

from __future__ import annotations

import dataclasses
import functools
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, column, text
from sqlalchemy.types import NullType

from trueup.books.subject_books import NO_TYPE, FewRows, Given
from trueup.model.source import ColumnMapping, RelationMapping, places_of
from trueup.sources.select import quoted, select

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause, TextualSelect

    from trueup.actions.repair.session import RepairSession

_CHUNK = 500
_STATEMENTS_KEPT = 256
_COLON = re.compile(r"(?<![:\\]):(?=\w)")

Raw = tuple[object, ...]


def statement(sql: str, *, lists: Iterable[str] = (), values: Iterable[str] = ()) -> TextClause:
    """SQL with bound parameters. A parameter has no type of trueup's: the database gives it the column's own."""
    return _statement(sql, tuple(lists), tuple(values))


@functools.lru_cache(maxsize=_STATEMENTS_KEPT)
def _statement(sql: str, lists: tuple[str, ...], values: tuple[str, ...]) -> TextClause:
    """Cached, because what SQLAlchemy compiles for a statement is kept with it and costs more than sending it."""
    bound = [bindparam(name, expanding=True, type_=NullType()) for name in lists]
    bound += [bindparam(name, type_=NullType()) for name in values]
    return text(sql).bindparams(*bound)


@functools.lru_cache(maxsize=_STATEMENTS_KEPT)
def _reading(sql: str, lists: tuple[str, ...], values: tuple[str, ...], columns: int) -> TextualSelect:
    """The statement with its result's columns by place, so that SQLAlchemy works out their names only once."""
    places = [column(f"column_{place}", NullType()) for place in range(columns)]
    return _statement(sql, lists, values).columns(*places)


def literal_sql(sql: str) -> str:
    """SQL from the config, escaped so that a colon in it is not read as a parameter."""
    return _COLON.sub(r"\\:", sql)


def literal_mapping(mapping: RelationMapping) -> RelationMapping:
    """The mapping, escaped so that no colon in its names, expressions and condition is read as a parameter."""
    columns = {
        name: dataclasses.replace(
            column,
            column=literal_sql(column.column) if column.column else None,
            expression=literal_sql(column.expression) if column.expression else None,
        )
        for name, column in mapping.columns.items()
    }
    where = literal_sql(mapping.where) if mapping.where else None
    query = literal_sql(mapping.query) if mapping.query else None
    return dataclasses.replace(mapping, table=literal_sql(mapping.table), columns=columns, where=where, query=query)


class SubjectReader:
    """Reads relations by the values of one of their columns. ``wanted`` is what is read of each relation."""

    def __init__(self, session: RepairSession, connection: Connection, wanted: Mapping[str, RelationMapping]) -> None:
        self.wanted = wanted
        self.session = session
        self.connection = connection
        self._layout = session.layout()
        self._mappings = self._layout.mappings

    def read(self, relation: str, by: Mapping[str, Collection[str]]) -> list[Raw]:
        """The rows where one of these columns has one of these values: the wanted columns, in the mapping's order."""
        if relation not in self.wanted:
            return []
        mapping, wanted = self._mappings[relation], self.wanted[relation].columns
        return list(self._of_parts(mapping, wanted, by) if mapping.parts else self._matching(mapping, wanted, by))

    def values(self, relation: str, column: str, by: Mapping[str, Collection[str]]) -> set[str]:
        """The different values of one column, as text, over the rows that match."""
        mapping = self._mappings.get(relation)
        if mapping is None or column not in mapping.columns:
            return set()
        places = [place for place in places_of(mapping) if column in place.columns]
        return {
            str(value) for place in places for (value,) in self._matching(place, (column,), by) if value is not None
        }

    def accounts_in(self, position: int, ids: Collection[str]) -> set[str]:
        """Those of these accounts that have a row in this place of the accounts."""
        place = self._mappings["account"].parts[position]
        return {raw_text(key) for (key,) in self._matching(place, ("account_id",), {"account_id": ids})}

    def _of_parts(
        self, mapping: RelationMapping, wanted: Collection[str], by: Mapping[str, Collection[str]]
    ) -> Iterator[Raw]:
        """The rows of every part in trueup's words, with nothing in the columns that a part lacks."""
        for part in mapping.parts:
            read = [name for name in part.columns if name in wanted]
            for row in self._matching(part, read, by):
                named = {name: in_our_words(part.columns[name], value) for name, value in zip(read, row, strict=True)}
                yield tuple(named.get(name) for name in mapping.columns if name in wanted)

    def _matching(
        self, mapping: RelationMapping, wanted: Collection[str], by: Mapping[str, Collection[str]]
    ) -> Iterator[Raw]:
        """The rows in rounds, so that no statement has too many parameters.

        Stripe's ids are compared byte by byte, even if the column's collation finds more.
        """
        of_stripe = {name: values for name, values in by.items() if _is_stripes(name)}
        if 0 < len(of_stripe) < len(by):  # a row that matches by another column need not match by Stripe's id
            others = {name: values for name, values in by.items() if name not in of_stripe}
            rows = list(self._matching(mapping, wanted, others))
            yield from rows
            yield from (row for row in self._matching(mapping, wanted, of_stripe) if row not in rows)
            return
        exact = {name: set(values) for name, values in by.items() if _is_stripes(name) and name in mapping.columns}
        read = [name for name in mapping.columns if name in wanted or name in exact]
        for row in self._rows(mapping, read, by):
            named = dict(zip(read, row, strict=True))
            if not exact or any(raw_text(named[name]) in values for name, values in exact.items()):
                yield row if len(read) == len(wanted) else tuple(named[name] for name in read if name in wanted)

    def _rows(
        self, mapping: RelationMapping, wanted: Collection[str], by: Mapping[str, Collection[str]]
    ) -> Iterator[Raw]:
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
        tests = tuple((name, len(values) == 1) for name, values in by.items())
        key = (mapping.relation, mapping.table, mapping.where, mapping.query, tuple(wanted), tests)
        sql = self._layout.selects.get(key)
        if sql is None:
            sql = self._layout.selects[key] = self._select(mapping, wanted, tests)
        lists = tuple(name for name, is_single in tests if not is_single)
        values = tuple(name for name, is_single in tests if is_single)
        bound = {name: keys[0] if len(keys) == 1 else list(keys) for name, keys in by.items()}
        for row in self.connection.execute(_reading(sql, lists, values, len(wanted)), bound):
            yield tuple(row)

    def _select(self, mapping: RelationMapping, wanted: Collection[str], tests: Iterable[tuple[str, bool]]) -> str:
        quote = self.session.target.quote
        literal = literal_mapping(mapping)
        condition = " OR ".join(
            f"{expression_of(literal.columns[name], quote)} {'=' if is_single else 'IN'} :{name}"
            for name, is_single in tests
        )
        where = f"({literal.where}\n) AND ({condition})" if literal.where else condition
        columns = {
            name: self._without_padding(mapping, name, literal.columns[name])
            for name in literal.columns
            if name in wanted
        }
        return select(dataclasses.replace(literal, where=where, columns=columns), quote=quote)

    def _without_padding(self, mapping: RelationMapping, name: str, literal: ColumnMapping) -> ColumnMapping:
        """The column as an audit reads it: Postgres returns a ``char(n)`` with blanks that it does not compare."""
        table = self._layout.tables.get(mapping.table)
        types = {column.name: column.type for column in table.columns} if table is not None else {}
        declared = types.get(mapping.columns[name].column or "", "")
        if self.session.target.dialect != "postgres" or not declared.startswith(("character(", "bpchar")):
            return literal
        return ColumnMapping(expression=f"CAST({expression_of(literal, self.session.target.quote)} AS text)")

    def _theirs(self, mapping: RelationMapping, column: ColumnMapping, values: Collection[str]) -> list[object]:
        """trueup's text in the column's type; a text that the type cannot hold is in no row."""
        family = ""
        if column.column is not None and mapping.query is None:
            described = self.session.columns(self.connection, mapping.table).get(column.column)
            family = described.family if described else ""
        keys = (typed_key(value, family) for value in sorted(values))
        return [value for value in keys if value is not None]


def in_our_words(column: ColumnMapping, value: object) -> object:
    """The value, or trueup's word for it where the mapping has one; ``""`` also means NULL."""
    if not column.values:
        return value
    return column.values.get("" if value is None else raw_text(value), value)


def _is_stripes(name: str) -> bool:
    """Whether a column of the relation holds an id that Stripe gave."""
    return name == "event_id" or name.startswith("stripe_")


def expression_of(column: ColumnMapping, quote: str) -> str:
    """The SQL that reads a mapped column."""
    return quoted(column.column, quote) if column.column is not None else f"({column.expression}\n)"


def typed_key(value: str, family: str) -> object | None:
    """A key in this column's type; None where it cannot be one."""
    if "int" in family or family.startswith(("numeric", "decimal")):
        return int(value) if re.fullmatch(r"-?[0-9]{1,38}", value) else None
    if family == "uuid":
        try:
            return uuid.UUID(value)
        except ValueError:
            return None
    return value


def few_rows(mapping: RelationMapping, rows: Sequence[Raw], *, unique_key: bool) -> FewRows:
    """The rows for the books, one column per mapped column. Values that no number type holds exactly are text."""
    columns = zip(*rows, strict=True) if rows else iter([()] * len(mapping.columns))
    given = {name: _given(values) for name, values in zip(mapping.columns, columns, strict=True)}
    return FewRows(mapping=mapping, columns=given, count=len(rows), unique_key=unique_key)


def _given(values: Sequence[object]) -> Given:
    types = set(map(type, values)) - {type(None)}
    if not types:
        return Given(type=NO_TYPE, values=values)
    if types == {bool}:
        return Given(type="BOOLEAN", values=values)
    if types == {int} and all(abs(value) < 2**63 for value in values if isinstance(value, int)):
        return Given(type="BIGINT", values=values)
    if types == {float}:
        return Given(type="DOUBLE", values=values)
    if types <= {datetime, date}:
        return Given(type="TIMESTAMP", values=[_moment(value) for value in values])
    return Given(type="VARCHAR", values=[None if value is None else raw_text(value) for value in values])


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None  # noqa: DTZ001 - UTC


def raw_text(value: object) -> str:
    """A value of the database as text."""
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
