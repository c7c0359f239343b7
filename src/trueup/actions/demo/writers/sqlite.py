"""A SQLite file, written in one transaction. Moments are ISO text, as Python applications store them."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.actions.demo.tables import TABLES, AppTable, Type
from trueup.actions.demo.writers.statements import create_statement, index_statements, refuse_existing
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TYPES = {
    Type.ID: "TEXT",
    Type.TEXT: "TEXT",
    Type.INTEGER: "INTEGER",
    Type.FLAG: "BOOLEAN",
    Type.MOMENT: "DATETIME",
}
_BATCH_ROWS = 50_000


def write(connection: DuckDBPyConnection, place: str, *, force: bool) -> None:
    """Write the tables into the file, which is made when it is not there."""
    path = _path(place)
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as target:
            target.execute("BEGIN IMMEDIATE")
            _make_room(target, place, force=force)
            for table in TABLES:
                _write_table(connection, target, table)
            target.execute("COMMIT")
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"The demo company cannot be written to {place}: {error}; name a SQLite file you may write to."
        ) from None


def _path(place: str) -> Path:
    rest = place.partition("://")[2]
    if not rest.startswith("/") or rest in ("/", "/:memory:"):
        raise ConfigurationError(
            f"{place} names no SQLite file; write sqlite:///app.db for a relative path "
            "or sqlite:////data/app.db for an absolute one."
        )
    return Path(rest[1:])


def _make_room(target: sqlite3.Connection, place: str, *, force: bool) -> None:
    present = [name for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
    if not force:
        refuse_existing(present, place)
    for table in TABLES:
        target.execute(f'DROP TABLE IF EXISTS "{table.name}"')


def _write_table(connection: DuckDBPyConnection, target: sqlite3.Connection, table: AppTable) -> None:
    target.execute(create_statement(table, _TYPES, quote='"'))
    columns = ", ".join(
        f"CAST({column.name} AS VARCHAR)" if column.type is Type.MOMENT else column.name for column in table.columns
    )
    marks = ", ".join("?" * len(table.columns))
    rows = connection.execute(f"SELECT {columns} FROM {table.name}")
    while batch := rows.fetchmany(_BATCH_ROWS):
        target.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', batch)
    for statement in index_statements(table, quote='"'):
        target.execute(statement)
