"""What a SQLite file declares, and what its columns really hold: a declared type there is a wish, not a rule."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Mapping
from enum import StrEnum

from trueup.model.key_equality import TEXT, KeyEquality
from trueup.model.money import CREDIT_DECIMALS, MOST_CREDIT_DECIMALS
from trueup.model.source import ForeignKey, SourceColumn, SourceTable, spelled_table
from trueup.sources.select import quoted

QUOTE = "`"
"""SQLite reads an unknown name in double quotes as a text of that name; in backticks it is an error, as it must be."""

_SCALE = re.compile(r",\s*(\d{1,3})\s*\)")


class Affinity(StrEnum):
    """What SQLite turns a column's values into where it can (https://sqlite.org/datatype3.html, 3.1)."""

    INTEGER = "integer"
    TEXT = "text"
    REAL = "real"
    NUMERIC = "numeric"
    NONE = "none"


class Form(StrEnum):
    """How a column is delivered."""

    INTEGER = "integer"
    REAL = "real"
    TEXT = "text"
    BINARY = "binary"


def affinity_of(declared: str) -> Affinity:
    """The affinity of a declared type.

    >>> affinity_of("VARCHAR(255)"), affinity_of("decimal(10,2)"), affinity_of("")
    (<Affinity.TEXT: 'text'>, <Affinity.NUMERIC: 'numeric'>, <Affinity.NONE: 'none'>)
    """
    kind = declared.upper()
    if "INT" in kind:
        return Affinity.INTEGER
    if any(word in kind for word in ("CHAR", "CLOB", "TEXT")):
        return Affinity.TEXT
    if "BLOB" in kind or kind in ("", "ANY"):
        return Affinity.NONE
    return Affinity.REAL if any(word in kind for word in ("REAL", "FLOA", "DOUB")) else Affinity.NUMERIC


def probe(affinity: Affinity, value: str) -> str | None:
    """An aggregate that shows what the column holds; None where nothing needs to be looked at.

    Affinity does half of the work: in an INTEGER or NUMERIC column whatever equals an integer is stored as one, so
    that comparing with a cast is enough, and much cheaper than asking for every value's type.
    """
    match affinity:
        case Affinity.TEXT:
            return None
        case Affinity.INTEGER | Affinity.NUMERIC:
            return f"CASE max({value} <> CAST({value} AS INTEGER)) WHEN 1 THEN 'text' ELSE 'integer' END"
        case Affinity.REAL:
            return f"CASE max({value} <> CAST({value} AS REAL)) WHEN 1 THEN 'text' ELSE 'real' END"
        case Affinity.NONE:
            kind = f"nullif(typeof({value}), 'null')"
            return (
                f"CASE WHEN min({kind}) IS NOT max({kind}) OR max({kind}) IS NULL THEN 'text' "
                f"WHEN max({kind}) = 'blob' THEN 'binary' ELSE max({kind}) END"
            )


def read_tables(connection: sqlite3.Connection) -> tuple[SourceTable, ...]:
    """The tables and views in name order. A view whose tables are gone cannot be read and is left out."""
    rows = connection.execute(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_'"
    ).fetchall()
    tables = []
    for name, kind in sorted(rows):
        with contextlib.suppress(sqlite3.OperationalError):
            tables.append(_table(connection, name, is_table=kind == "table"))
    return tuple(tables)


def _table(connection: sqlite3.Connection, name: str, *, is_table: bool) -> SourceTable:
    described = connection.execute(
        'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1', [name]
    )
    columns = described.fetchall()
    collations = _collations(connection, name) if is_table else {}
    return SourceTable(
        name=name,
        columns=tuple(
            SourceColumn(
                name=column,
                type=kind.lower(),
                nullable=not (required or _is_row_id(kind, key)),
                equality=_equality(affinity_of(kind), collations.get(column)),
            )
            for column, kind, required, key in columns
        ),
        unique=_unique(connection, name, columns),
        primary_key=tuple(column for column, _, _, key in sorted(columns, key=lambda each: each[3]) if key),
        foreign_keys=_foreign_keys(connection, name),
        indexed=_indexed(connection, name),
        is_view=not is_table,
        rows=_highest_row_id(connection, name) if is_table else None,
    )


def _collations(connection: sqlite3.Connection, name: str) -> dict[str, str]:
    """The collation of each of the table's columns, in capitals; empty for a virtual table.

    No pragma tells it of a column, but one does of an index; so an empty copy of the table gets an index on each.
    """
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [name]).fetchone()
    collations: dict[str, str] = {}
    if str(sql).lower().startswith("create virtual"):
        return collations
    with contextlib.closing(sqlite3.connect(":memory:")) as copy, contextlib.suppress(sqlite3.Error):
        _create(copy, sql)
        for (column,) in copy.execute("SELECT name FROM pragma_table_xinfo(?)", [name]).fetchall():
            copy.execute(f"CREATE INDEX collation_probe ON {quoted(name, QUOTE)} ({quoted(column, QUOTE)})")
            row = copy.execute("SELECT coll FROM pragma_index_xinfo('collation_probe') WHERE seqno = 0").fetchone()
            collations[column] = str(row[0]).upper()
            copy.execute("DROP INDEX collation_probe")
    return collations


def _create(copy: sqlite3.Connection, sql: str) -> None:
    """Make the table, with a collation of that name where the application has one that we do not."""
    unknown: set[str] = set()
    while True:
        try:
            copy.execute(sql)
        except sqlite3.OperationalError as error:
            name = str(error).partition("no such collation sequence: ")[2]
            if not name or name in unknown:
                raise
            unknown.add(name)
            copy.create_collation(name, lambda left, right: (left > right) - (left < right))
        else:
            return


def _equality(affinity: Affinity, collation: str | None) -> KeyEquality | None:
    """How a column compares. One without affinity distinguishes 1 from '1'; a REAL one has many texts for a number."""
    match affinity, collation:
        case Affinity.TEXT, "BINARY":
            return TEXT
        case ((Affinity.INTEGER | Affinity.NUMERIC), "BINARY"):
            return KeyEquality(name="number", by_text=True)
        case Affinity.TEXT, ("NOCASE" | "RTRIM"):
            return KeyEquality(name=collation, by_text=False, term=f"CAST({{}} AS TEXT) COLLATE {collation}")
        case _:
            return None


def _unique(
    connection: sqlite3.Connection, name: str, columns: list[tuple[str, str, int, int]]
) -> frozenset[frozenset[str]]:
    """Unique and free of NULL. A primary key in SQLite may hold NULLs unless it is the row id itself."""
    required = {column for column, _, notnull, _ in columns if notnull}
    unique: set[frozenset[str]] = set()
    indexes = connection.execute('SELECT name, origin FROM pragma_index_list(?) WHERE "unique" AND NOT partial', [name])
    origins = set()
    for index, origin in indexes.fetchall():
        origins.add(origin)
        parts = {part for (part,) in connection.execute("SELECT name FROM pragma_index_info(?)", [index])}
        if parts <= required:  # an expression's name is NULL, which is in no set of columns
            unique.add(frozenset(parts))
    keys = [(column, kind) for column, kind, _, key in columns if key]
    if len(keys) == 1 and keys[0][1].upper() == "INTEGER" and "pk" not in origins:
        unique.add(frozenset({keys[0][0]}))
    return frozenset(unique)


def _foreign_keys(connection: sqlite3.Connection, name: str) -> tuple[ForeignKey, ...]:
    """The table's references of one column. One that names no column refers to the other table's primary key."""
    parts: dict[int, list[ForeignKey]] = {}
    rows = connection.execute('SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?)', [name]).fetchall()
    for number, table, column, referred in rows:
        key = referred or next(
            (each for (each,) in connection.execute("SELECT name FROM pragma_table_info(?) WHERE pk = 1", [table])), ""
        )
        parts.setdefault(number, []).append(ForeignKey(column=column, table=spelled_table(table), referred=key))
    return tuple(keys[0] for keys in parts.values() if len(keys) == 1 and keys[0].referred)


def _indexed(connection: sqlite3.Connection, name: str) -> frozenset[str]:
    """The columns with which an index begins."""
    return frozenset(
        column
        for (column,) in connection.execute(
            "SELECT c.name FROM pragma_index_list(?) AS i, pragma_index_info(i.name) AS c "
            "WHERE c.seqno = 0 AND NOT i.partial AND c.name IS NOT NULL",
            [name],
        )
    )


def _is_row_id(declared: str, key: int) -> bool:
    return bool(key) and declared.upper() == "INTEGER"


def _highest_row_id(connection: sqlite3.Connection, name: str) -> int | None:
    """As near to a row count as SQLite comes without reading the table; None for tables without row ids."""
    with contextlib.suppress(sqlite3.OperationalError):
        row = connection.execute(f"SELECT max(rowid) FROM {quoted(name, QUOTE)}").fetchone()
        return row[0] if isinstance(row[0], int) else 0
    return None


def credit_decimals(declared: str) -> int:
    """To how many decimals a binary fraction in a credit column of this declared type is rounded.

    >>> credit_decimals("NUMERIC"), credit_decimals("decimal(20, 10)")
    (9, 10)
    """
    scale = _SCALE.search(declared)
    return min(max(CREDIT_DECIMALS, int(scale[1])), MOST_CREDIT_DECIMALS) if scale else CREDIT_DECIMALS


def output_sql(forms: Mapping[str, Form], amounts: Mapping[str, int]) -> tuple[str, str]:
    """A row of samples, and the wrapping of each column, that together fix the stream's types.

    The driver takes a column's type from the first values it meets (all NULL counts as integer) and fails on the first
    one that does not fit; so the first row is a row of samples. ``amounts`` are the columns of exact amounts with
    their decimals: where a binary fraction is among them, what it has behind those is dust, as in a column of floats.
    """
    samples = {Form.INTEGER: "0", Form.REAL: "0.0", Form.TEXT: "''", Form.BINARY: "''"}
    first = ", ".join(f"{samples[form]} AS {quoted(name, QUOTE)}" for name, form in forms.items())
    then = ", ".join(
        _text(quoted(name, QUOTE), amounts.get(name)) if form is Form.TEXT else quoted(name, QUOTE)
        for name, form in forms.items()
    )
    return first, then


def _text(value: str, decimals: int | None) -> str:
    text = f"CAST({value} AS TEXT)"
    return (
        text
        if decimals is None
        else f"CASE typeof({value}) WHEN 'real' THEN printf('%.{decimals}f', {value}) ELSE {text} END"
    )
