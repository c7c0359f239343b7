"""What a MySQL or MariaDB server reports of a database: its tables, and this user's rights to them."""

from __future__ import annotations

import re

import pymysql
from pymysql.cursors import Cursor

from trueup.model.key_equality import INTEGER, UUID, KeyEquality
from trueup.model.source import ForeignKey, SourceColumn, SourceTable, spelled_table
from trueup.sources.select import quoted

_TABLES = """
SELECT table_name, table_rows, table_type
FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
ORDER BY table_name
"""
_COLUMNS = """
SELECT table_name, column_name, column_type, is_nullable, data_type, numeric_scale, collation_name
FROM information_schema.columns
WHERE table_schema = DATABASE()
ORDER BY table_name, ordinal_position
"""
_UNIQUE = """
SELECT table_name, index_name, column_name, nullable
FROM information_schema.statistics
WHERE table_schema = DATABASE() AND non_unique = 0
ORDER BY table_name, index_name, seq_in_index
"""
_INDEXED = """
SELECT table_name, column_name
FROM information_schema.statistics
WHERE table_schema = DATABASE() AND seq_in_index = 1 AND column_name IS NOT NULL
"""
_FOREIGN = """
SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND referenced_table_schema = DATABASE()
"""
_PRIMARY = "PRIMARY"
_LABEL = re.compile(r"'((?:[^']|'')*)'")
_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<on>.+?) TO ")
_COLUMN_LIST = re.compile(r"\([^)]*\)")
_NO_SUCH_TABLE = 1146
_DENIED = frozenset({1142, 1143})
_READING = frozenset({"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES"})


def read_tables(connection: pymysql.Connection[Cursor]) -> tuple[SourceTable, ...]:
    """The tables and views in name order, with the columns that this user may see."""
    columns: dict[str, list[SourceColumn]] = {}
    for table, name, kind, nullable, family, scale, collation in _rows(connection, _COLUMNS):
        equality = _equality(str(family).lower(), scale, collation)
        column = SourceColumn(
            name=str(name),
            type=str(kind).lower(),
            nullable=nullable == "YES",
            equality=equality,
            labels=_labels(str(kind)),
        )
        columns.setdefault(str(table), []).append(column)
    unique, primary = _unique(connection)
    foreign = _foreign_keys(connection)
    indexed: dict[str, set[str]] = {}
    for table, name in _rows(connection, _INDEXED):
        indexed.setdefault(str(table), set()).add(str(name))
    return tuple(
        SourceTable(
            name=str(name),
            columns=tuple(columns[str(name)]),
            unique=frozenset(unique.get(str(name), ())),
            primary_key=primary.get(str(name), ()),
            foreign_keys=tuple(foreign.get(str(name), ())),
            indexed=frozenset(indexed.get(str(name), ())),
            is_view=kind == "VIEW",
            rows=int(rows) if rows is not None else None,
        )
        for name, rows, kind in _rows(connection, _TABLES)
        if str(name) in columns
    )


def _labels(kind: str) -> tuple[str, ...]:
    """The words that an enum's type lists."""
    if not kind.lower().startswith("enum("):
        return ()
    return tuple(label.replace("''", "'") for label in _LABEL.findall(kind))


def _foreign_keys(connection: pymysql.Connection[Cursor]) -> dict[str, list[ForeignKey]]:
    """Each table's references of one column."""
    parts: dict[tuple[str, str], list[ForeignKey]] = {}
    for table, constraint, column, referred_table, referred in _rows(connection, _FOREIGN):
        key = ForeignKey(column=str(column), table=spelled_table(str(referred_table)), referred=str(referred))
        parts.setdefault((str(table), str(constraint)), []).append(key)
    keys: dict[str, list[ForeignKey]] = {}
    for (table, _), own in parts.items():
        if len(own) == 1:
            keys.setdefault(table, []).extend(own)
    return keys


def _equality(family: str, scale: object, collation: str | None) -> KeyEquality | None:
    """How a column compares. Most collations ignore case, accents or trailing blanks, ``…_bin`` only the last."""
    if collation:
        character_set = collation.partition("_")[0]
        by_text = collation.endswith("_nopad_bin") or collation == "utf8mb4_0900_bin"
        term = f"CONVERT({{}} USING {character_set}) COLLATE {collation}"
        return KeyEquality(name=collation, by_text=by_text, term=term)
    if family.endswith("int") or (family == "decimal" and str(scale) == "0"):
        return INTEGER
    return UUID if family == "uuid" else None


def denies_table(connection: pymysql.Connection[Cursor], name: str) -> bool:
    """Whether a table of this name may exist that this user cannot see."""
    try:
        _rows(connection, f"SELECT 1 FROM {quoted(name, '`')} LIMIT 0")
    except pymysql.Error as error:
        if error.args and error.args[0] == _NO_SUCH_TABLE:
            return False
        if error.args and error.args[0] in _DENIED:
            return True
        raise
    return False


def read_write_privileges(connection: pymysql.Connection[Cursor]) -> list[str]:
    """One sentence for each grant beyond reading. A grant's line may hold a password hash; none is repeated whole."""
    sentences = []
    for (line,) in _rows(connection, "SHOW GRANTS"):
        match = _GRANT.match(str(line))
        if match is None:
            sentences.append("The user has a role, whose rights to write were not looked at.")
            continue
        rights = {right.strip() for right in _COLUMN_LIST.sub("", match["rights"]).split(",")} - _READING
        if rights:
            sentences.append(f"The user may {', '.join(sorted(rights))} on {match['on']}; an audit needs only SELECT.")
    return sentences


def _unique(
    connection: pymysql.Connection[Cursor],
) -> tuple[dict[str, set[frozenset[str]]], dict[str, tuple[str, ...]]]:
    """Unique indexes over columns that cannot be NULL, and primary keys in their order. An index over an expression has
    a part without a column.
    """
    parts: dict[tuple[str, str], list[tuple[object, object]]] = {}
    for table, index, column, nullable in _rows(connection, _UNIQUE):
        parts.setdefault((str(table), str(index)), []).append((column, nullable))
    columns_by_index: dict[str, set[frozenset[str]]] = {}
    primary: dict[str, tuple[str, ...]] = {}
    for (table, index), columns in parts.items():
        if all(column is not None and nullable != "YES" for column, nullable in columns):
            columns_by_index.setdefault(table, set()).add(frozenset(str(column) for column, _ in columns))
        if index == _PRIMARY:
            primary[table] = tuple(str(column) for column, _ in columns)
    return columns_by_index, primary


def _rows(connection: pymysql.Connection[Cursor], sql: str) -> tuple[tuple[str | None, ...], ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
