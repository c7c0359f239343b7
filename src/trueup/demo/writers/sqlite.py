"""A SQLite file, written in one transaction through ADBC. Moments are ISO text, as Python applications store them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import adbc_driver_manager.dbapi as adbc
import adbc_driver_sqlite.dbapi as driver

from trueup.demo.tables import TABLES, AppColumn, AppTable, Type
from trueup.demo.writers.statements import create_statement, index_statements, refuse_existing
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
    """Write the tables into the file, which is made when it is not there; nothing stays when it fails."""
    uri = f"file:{quote(str(_path(place).absolute()))}"
    try:
        with contextlib.closing(driver.connect(uri, autocommit=False)) as target, target.cursor() as cursor:
            _make_room(cursor, place, force=force)
            for table in TABLES:
                _write_table(connection, cursor, table)
            target.commit()
    except (adbc.Error, OSError) as error:
        message = str(error).partition("\n")[0]
        raise ConfigurationError(
            f"The demo company cannot be written to {place}: {message}; name a SQLite file you may write to."
        ) from None


def _path(place: str) -> Path:
    rest = place.partition("://")[2]
    if not rest.startswith("/") or rest in ("/", "/:memory:"):
        raise ConfigurationError(
            f"{place} names no SQLite file; write sqlite:///app.db for a relative path "
            "or sqlite:////data/app.db for an absolute one."
        )
    return Path(rest[1:])


def _make_room(cursor: adbc.Cursor, place: str, *, force: bool) -> None:
    cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    present = [name for (name,) in cursor.fetchall()]
    if not force:
        refuse_existing(present, place)
    for table in TABLES:
        cursor.execute(f'DROP TABLE IF EXISTS "{table.name}"')


def _write_table(connection: DuckDBPyConnection, cursor: adbc.Cursor, table: AppTable) -> None:
    cursor.execute(create_statement(table, _TYPES, quote='"'))
    columns = ", ".join(f"{_store_value(column)} AS {column.name}" for column in table.columns)
    reader = connection.sql(f"SELECT {columns} FROM {table.name}").to_arrow_reader(_BATCH_ROWS)
    cursor.adbc_ingest(table.name, reader, mode="append")
    for statement in index_statements(table, quote='"'):
        cursor.execute(statement)


def _store_value(column: AppColumn) -> str:
    """The column's value as SQLite keeps it: it has no moments and no booleans."""
    match column.type:
        case Type.MOMENT:
            return f"CAST({column.name} AS VARCHAR)"
        case Type.FLAG:
            return f"CAST({column.name} AS BIGINT)"
        case _:
            return column.name
