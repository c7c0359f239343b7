"""Resolve Stripe's side against the live schema: which tables hold it, and how their columns are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueup.mapping.column_types import Family, family_of
from trueup.mapping.expressions import quoted
from trueup.mapping.resolve import Missing, fit, located, refuse_unknown, table_named
from trueup.model.errors import ConfigurationError, nearest
from trueup.model.relations import STRIPE, columns_of, relation_name, relation_named
from trueup.model.source import ColumnMapping, RelationMapping, SourceTable
from trueup.model.stripe_objects import ACCOUNT, FIELD, LIVEMODE, NESTED, NEWEST, OBJECT, OBJECT_KINDS
from trueup.model.stripe_settings import ObjectTable, StripeTables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedTables:
    """The part of Stripe's side that exists.

    ``objects`` are keyed by kind; ``newest`` reads when a table was last synced.

    ``notes`` say what a preset names and the schema lacks; ``unknown`` names files that trueup does not read.
    """

    relations: Mapping[str, RelationMapping] = field(default_factory=dict)
    objects: Mapping[str, RelationMapping] = field(default_factory=dict)
    newest: Mapping[str, RelationMapping] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def mappings(self) -> dict[str, RelationMapping]:
        """Everything that is read, by relation or kind."""
        return {**self.relations, **self.objects}


def fit_stripe(tables: StripeTables, live: Sequence[SourceTable], *, dialect: str) -> FittedTables:
    """Return Stripe's side in the live schema's own spelling.

    Raises ``ConfigurationError`` for a table or column that the config itself names and that does not exist.
    """
    if tables.are_files:
        return _fit_files(live)
    relations, notes = fit(tables.relations, live, required=tables.required, dialect=dialect)
    problems = list(notes)
    newest: dict[str, RelationMapping] = {}
    for name, text in tables.synced_at.items():
        if name in relations:
            table = next(table for table in live if table.qualified_name == relations[name].table)
            column = _required(text, table, dialect, f"relations.{name}.synced_at")
            newest[table.qualified_name] = _newest(column, table, dialect)
    objects: dict[str, RelationMapping] = {}
    for kind, wanted in tables.objects.items():
        source = table_named(wanted.table, live)
        if source is None:
            near = nearest(wanted.table, [table.qualified_name for table in live])
            problem = f'stripe.objects.{kind}.table is "{wanted.table}", but no such table can be read'
            _left(f"{problem}{near}", is_own=wanted.is_own, notes=problems)
            continue
        pairs = table_named(wanted.metadata, live) if wanted.metadata is not None else None
        mapping = _object_mapping(kind, wanted, source, dialect, problems, pairs)
        if mapping is not None:
            objects[kind] = mapping
            moment = _first(wanted.synced_at, source, dialect)
            if moment is not None:
                newest[source.qualified_name] = _newest(moment, source, dialect)
    return FittedTables(relations=relations, objects=objects, newest=newest, notes=tuple(problems))


def _object_mapping(
    kind: str,
    wanted: ObjectTable,
    table: SourceTable,
    dialect: str,
    notes: list[str],
    pairs: SourceTable | None,
) -> RelationMapping | None:
    place = f"stripe.objects.{kind}"
    columns: dict[str, ColumnMapping] = {}
    whole = _first(wanted.object, table, dialect)
    if whole is not None:
        columns[OBJECT] = whole
    else:
        columns.update(_fields(wanted.fields, table, dialect))
        if pairs is not None and f"{FIELD}id" in columns:
            columns[f"{NESTED}metadata"] = _metadata(columns[f"{FIELD}id"], pairs, table, dialect)
    if OBJECT not in columns and f"{FIELD}id" not in columns:
        named = " or ".join(
            f'"{name}"' for name in (wanted.object or (n for names in wanted.fields.values() for n in names))
        )
        problem = f'{place} finds no object in table "{table.qualified_name}": there is no {named or "column of it"}'
        _left(problem, is_own=wanted.is_own, notes=notes)
        return None
    for name, names in ((ACCOUNT, wanted.account), (LIVEMODE, wanted.livemode)):
        column = _first(names, table, dialect)
        if column is not None:
            columns[name] = column
    if wanted.where is not None:
        refuse_unknown(wanted.where, table, dialect, f"{place}.where")
    return RelationMapping(relation=kind, table=table.qualified_name, columns=columns, where=wanted.where)


_PAIRS = {"postgres": "json_object_agg", "mysql": "JSON_OBJECTAGG"}
_KEY, _VALUE = "key", "value"


def _metadata(key: ColumnMapping, pairs: SourceTable, table: SourceTable, dialect: str) -> ColumnMapping:
    """The pairs of an object, as the JSON that Stripe's API shows; the column beside them names the object."""
    named = next((column.name for column in pairs.columns if column.name.endswith("_id")), "id")
    own = f"{_table_sql(table, dialect)}.{quoted(key.column or '', dialect)}"
    make = _PAIRS.get(dialect, "json_group_object")
    of = ", ".join(f"m.{quoted(name, dialect)}" for name in (_KEY, _VALUE))
    source = _table_sql(pairs, dialect)
    return ColumnMapping(
        expression=f"(SELECT {make}({of}) FROM {source} AS m WHERE m.{quoted(named, dialect)} = {own})"
    )


def _table_sql(table: SourceTable, dialect: str) -> str:
    return ".".join(quoted(name, dialect) for name in (table.schema, table.name) if name)


def _fields(fields: Mapping[str, tuple[str, ...]], table: SourceTable, dialect: str) -> dict[str, ColumnMapping]:
    """The fields that the table has; one of another type than text and numbers holds JSON."""
    types = {column.name: column.type for column in table.columns}
    columns: dict[str, ColumnMapping] = {}
    for name, names in fields.items():
        column = _first(names, table, dialect)
        if column is not None:
            nested = column.column is not None and family_of(types[column.column]) is Family.NESTED
            columns[f"{NESTED if nested else FIELD}{name}"] = column
    return columns


def _first(names: Iterable[str], table: SourceTable, dialect: str) -> ColumnMapping | None:
    for name in names:
        try:
            return located(name, table, dialect)
        except Missing:
            continue
    return None


def _required(text: str, table: SourceTable, dialect: str, place: str) -> ColumnMapping:
    try:
        return located(text, table, dialect)
    except Missing as missing:
        problem = f"{place} {missing}"
        raise ConfigurationError(problem if problem.endswith("?") else f"{problem}.") from None


def _left(problem: str, *, is_own: bool, notes: list[str]) -> None:
    sentence = problem if problem.endswith("?") else f"{problem}."
    if is_own:
        raise ConfigurationError(sentence)
    notes.append(sentence)


def _newest(column: ColumnMapping, table: SourceTable, dialect: str) -> RelationMapping:
    text = column.expression if column.column is None else quoted(column.column, dialect)
    name = table.qualified_name
    return RelationMapping(relation=name, table=name, columns={NEWEST: ColumnMapping(expression=f"max({text})")})


def _fit_files(live: Sequence[SourceTable]) -> FittedTables:
    """A file named for a relation has its columns; one named for a kind holds Stripe's objects, one a line."""
    relations, objects, unknown = {}, {}, []
    known = {relation_name(relation) for relation in STRIPE}
    for table in live:
        columns = [column.name for column in table.columns]
        if table.name in known:
            relations[table.name] = _own_columns(table)
        elif table.name in OBJECT_KINDS and columns == [OBJECT]:
            objects[table.name] = RelationMapping(
                relation=table.name, table=table.name, columns={OBJECT: ColumnMapping(column=OBJECT)}
            )
        else:
            near = nearest(table.name, [*OBJECT_KINDS, *known])
            unknown.append(f'the file "{table.name}" is neither a relation nor a kind of object{near}')
    return FittedTables(relations=relations, objects=objects, unknown=tuple(unknown))


def _own_columns(table: SourceTable) -> RelationMapping:
    ours = columns_of(relation_named(table.name))
    theirs = {column.name for column in table.columns}
    for column in ours:
        if column.is_key and column.name not in theirs:
            raise ConfigurationError(f'The file "{table.name}" has no column {column.name}, which names its rows.')
    return RelationMapping(
        relation=table.name,
        table=table.name,
        columns={column.name: ColumnMapping(column=column.name) for column in ours if column.name in theirs},
    )
