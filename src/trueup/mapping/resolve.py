"""Resolve a mapping against the live schema: every table and column exists and can hold what it should."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from trueup.mapping.column_types import needed_instead
from trueup.model.errors import ConfigurationError, nearest
from trueup.model.relations import columns_of, relation_named
from trueup.model.source import (
    ColumnMapping,
    RelationMapping,
    SourceColumn,
    SourceTable,
    schema_and_table,
    spelled_table,
)
from trueup.model.sql_names import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from trueup.config.relations import Need
    from trueup.model.columns import Column

_DEFAULT_SCHEMAS = frozenset({"public", "main", "dbo"})
_IDENTIFIER = re.compile(r'[^\W\d][\w$]*|"[^"]+"|`[^`]+`|\[[^\]]+\]')
_CONSTANTS = frozenset({"true", "false", "null", "current_timestamp", "current_date"})
_HIDDEN = frozenset({"rowid", "oid", "_rowid_", "ctid", "xmin", "filename"})


class Missing(Exception):
    """Something named does not fit: an error only where the config itself names it. The text leaves out the place."""


def fit(
    relations: Mapping[str, RelationMapping],
    tables: Sequence[SourceTable],
    *,
    required: Collection[Need] | None = None,
    dialect: str | None = None,
) -> tuple[dict[str, RelationMapping], tuple[str, ...]]:
    """Return the mapping in the live schema's own spelling, and a sentence for each thing left unmapped.

    ``required`` is what must exist (``Config.required``; None: everything); the rest, which only a preset names, is
    left unmapped where the schema lacks it. A mapped string is a column if the table has one of that name, otherwise an
    SQL expression. ``dialect`` is sqlglot's name of the source's dialect: with it, expressions are searched for unknown
    columns, and text is not a number in a database that has types.

    Raises ``ConfigurationError`` for a required table or column that is missing or cannot hold what it should.
    """
    fitted: dict[str, RelationMapping] = {}
    notes: list[str] = []
    for name, mapping in relations.items():
        if mapping.parts:
            fitted[name] = _joined(mapping, tables, dialect=dialect, notes=notes)
            continue
        needed = {
            column
            for column in ("", *mapping.columns)
            if required is None or mapping.query is not None or (name, column) in required
        }
        resolved = _relation(mapping, tables, f"relations.{name}", needed=needed, dialect=dialect, notes=notes)
        if resolved is not None:
            fitted[name] = resolved
    return fitted, tuple(notes)


def _joined(
    mapping: RelationMapping, tables: Sequence[SourceTable], *, dialect: str | None, notes: list[str]
) -> RelationMapping:
    """Return the relation with each of its places fitted. Only the config itself names them, so all must fit."""
    parts = []
    for position, part in enumerate(mapping.parts):
        place = f"relations.{mapping.relation}.from[{position + 1}]"
        fitted = _relation(part, tables, place, needed={"", *part.columns}, dialect=dialect, notes=notes)
        if fitted is None:
            raise ConfigurationError(f"{place} does not fit the database.")
        parts.append(fitted)
        notes.extend(
            f"{place} maps no {column}, so every check that needs it is skipped; map it, or say with "
            f'absent = ["{column}"] that no row of {part.table} has one.'
            for column in sorted(mapping.unknown - part.columns.keys() - part.absent)
        )
    table = ", ".join(dict.fromkeys(part.table for part in parts))
    return dataclasses.replace(mapping, table=table, parts=tuple(parts))


def _relation(
    mapping: RelationMapping,
    tables: Sequence[SourceTable],
    place: str,
    *,
    needed: Collection[str],
    dialect: str | None,
    notes: list[str],
) -> RelationMapping | None:
    table = _result_of(mapping) if mapping.query is not None else table_named(mapping.table, tables)
    if table is None:
        near = nearest(mapping.table, [candidate.qualified_name for candidate in tables])
        problem = f'{place}.table is "{mapping.table}", but no such table can be read'
        _left(f"{problem}{near}", required=bool(needed), notes=notes)
        return None
    columns: dict[str, ColumnMapping] = {}
    for column in columns_of(relation_named(mapping.relation)):
        if column.name not in mapping.columns:
            continue
        try:
            location = _column(mapping.columns[column.name], column, table, dialect)
            columns[column.name] = prefixed(location, _prefix(mapping, column), dialect)
        except Missing as missing:
            _left(f"{place}.columns.{column.name} {missing}", required=column.name in needed, notes=notes)
            if column.is_key:
                problem = f'{place} is not mapped: table "{table.qualified_name}" lacks its key {column.name}'
                _left(problem, required=bool(needed), notes=notes)
                return None
    if mapping.where is not None:
        refuse_unknown(mapping.where, table, dialect, f"{place}.where")
    dense = mapping.dense_sequence and "sequence" in columns
    return dataclasses.replace(mapping, table=table.qualified_name, columns=columns, dense_sequence=dense)


def _result_of(mapping: RelationMapping) -> SourceTable:
    """Return the result of the mapping's query as a table. Its types are not known."""
    columns = tuple(SourceColumn(name=name, type="unknown") for name in mapping.outputs)
    return SourceTable(name=mapping.table, columns=columns)


def _prefix(mapping: RelationMapping, column: Column) -> str:
    """What goes before the column's values: the account's prefix also where the account's id is the key."""
    if column.name == "account_id" and mapping.relation != "account":
        return mapping.account_prefix
    return mapping.key_prefix if column.is_key else ""


def prefixed(location: ColumnMapping, prefix: str, dialect: str | None) -> ColumnMapping:
    """Return the column or expression with a text before each value; NULL stays NULL.

    >>> prefixed(ColumnMapping(column="id"), "org_", "postgres").expression
    '\'org_\' || CAST("id" AS text)'
    """
    if not prefix:
        return location
    quote = "`" if dialect == "mysql" else '"'
    value = quoted(location.column, quote) if location.column is not None else f"({location.expression}\n)"
    text = "'" + prefix.replace("'", "''") + "'"
    if dialect == "mysql":
        return ColumnMapping(expression=f"concat({text.replace(chr(92), chr(92) * 2)}, {value})")
    return ColumnMapping(expression=f"{text} || CAST({value} AS {'varchar' if dialect == 'duckdb' else 'text'})")


def _left(problem: str, *, required: bool, notes: list[str]) -> None:
    sentence = problem if problem.endswith("?") else f"{problem}."
    if required:
        raise ConfigurationError(sentence)
    notes.append(sentence)


def table_named(name: str, tables: Sequence[SourceTable]) -> SourceTable | None:
    """By its qualified name, or its bare one in a default schema; then in any case, where only one answers."""
    schema, bare = schema_and_table(name)
    # A name with a dot in it may also be written unquoted: quotes are needed where a schema and a table have these
    # names.
    names = {spelled_table(bare, schema), spelled_table(name)}
    if schema is not None and schema.casefold() in _DEFAULT_SCHEMAS:
        names.add(spelled_table(bare))
    exact = next((table for table in tables if table.qualified_name == spelled_table(bare, schema)), None)
    exact = exact or next((table for table in tables if table.qualified_name in names), None)
    if exact is not None:
        return exact
    folded = {spelling.casefold() for spelling in names}
    close = [table for table in tables if table.qualified_name.casefold() in folded]
    return close[0] if len(close) == 1 else None


def _column(mapping: ColumnMapping, column: Column, table: SourceTable, dialect: str | None) -> ColumnMapping:
    location = located(mapping.column if mapping.column is not None else mapping.expression or "", table, dialect)
    if location.column is not None:
        declared = next(theirs.type for theirs in table.columns if theirs.name == location.column)
        needed = None if mapping.values else needed_instead(column.kind, declared, dialect=dialect)
        if needed:
            place = f'"{location.column}" of table "{table.qualified_name}"'
            raise Missing(f"is {place}, which is {declared}; it needs {needed}")
    return dataclasses.replace(location, values=mapping.values)


def located(text: str, table: SourceTable, dialect: str | None) -> ColumnMapping:
    """The column of this name in the live schema's own spelling, else the expression. Raises ``Missing``."""
    name = _column_named(text, table)
    if name is not None:
        return ColumnMapping(column=name)
    if _IDENTIFIER.fullmatch(text.strip()) and text.strip().lower() not in _CONSTANTS:
        raise Missing(f'is "{text}", but table "{table.qualified_name}" has no such column{_near(text, table)}')
    unknown = _unknown_column(text, table, dialect)
    if unknown is not None:
        problem = f'reads "{unknown}", but table "{table.qualified_name}" has no such column{_near(unknown, table)}'
        raise Missing(problem)
    return ColumnMapping(expression=text)


def _near(word: str, table: SourceTable) -> str:
    return nearest(word.strip('"`[]'), [column.name for column in table.columns])


def _column_named(text: str, table: SourceTable) -> str | None:
    names = [column.name for column in table.columns]
    stripped = text.strip()
    bare = stripped[1:-1] if _IDENTIFIER.fullmatch(stripped) and stripped[0] in '"`[' else stripped
    exact = next((name for name in (text, bare) if name in names), None)
    if exact is not None:
        return exact
    close = [name for name in names if name.casefold() == bare.casefold()]
    return close[0] if len(close) == 1 else None


def refuse_unknown(sql: str, table: SourceTable, dialect: str | None, place: str) -> None:
    """Raises ``ConfigurationError`` for SQL that reads a column which the table lacks."""
    unknown = _unknown_column(sql, table, dialect)
    if unknown is not None:
        problem = f'{place} reads "{unknown}", but table "{table.qualified_name}" has no such column'
        _left(f"{problem}{_near(unknown, table)}", required=True, notes=[])


def _unknown_column(sql: str, table: SourceTable, dialect: str | None) -> str | None:
    """A column that this SQL reads and the table lacks. SQL that cannot be analysed is left to the database."""
    if dialect is None:
        return None
    import sqlglot  # noqa: PLC0415 - slow to import
    from sqlglot import expressions as exp  # noqa: PLC0415 - slow to import

    try:
        tree = sqlglot.parse_one(sql, dialect=dialect)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    if tree.find(exp.Select) is not None:
        return None
    known = {column.name.casefold() for column in table.columns} | _HIDDEN
    for column in tree.find_all(exp.Column):
        # SQLite reads "x" as a string where no column has that name.
        is_text = dialect == "sqlite" and isinstance(column.this, exp.Identifier) and bool(column.this.quoted)
        if not column.table and not is_text and column.name.casefold() not in known:
            return column.name
    return None
