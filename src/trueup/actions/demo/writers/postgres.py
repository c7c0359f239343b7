"""A Postgres database: one transaction of binary COPY through ADBC, keys and indexes afterwards."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import adbc_driver_manager.dbapi as adbc
import adbc_driver_postgresql.dbapi as driver  # type: ignore[import-untyped]

from trueup.actions.demo.tables import TABLES, AppTable, Type
from trueup.actions.demo.writers.statements import create_statement, index_statements, refuse_existing
from trueup.model.errors import SourceUnavailable
from trueup.sources.address import Address, parse_address

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TYPES = {
    Type.ID: "text",
    Type.TEXT: "text",
    Type.INTEGER: "bigint",
    Type.FLAG: "boolean",
    Type.MOMENT: "timestamptz",
}
_BATCH_ROWS = 100_000


def write(connection: DuckDBPyConnection, place: str, *, force: bool) -> None:
    """Write the tables into the database's current schema; nothing stays when it fails."""
    address = parse_address(place)
    try:
        with contextlib.closing(driver.connect(place, autocommit=False)) as target, target.cursor() as cursor:
            _make_room(cursor, address, force=force)
            for table in TABLES:
                _write_table(connection, cursor, table)
            target.commit()
    except adbc.Error as error:
        said = address.scrub(str(error).partition("\n")[0])
        raise SourceUnavailable(
            f"The demo company cannot be written to {address.place}: {said}; check the address and the role's rights."
        ) from None


def _make_room(cursor: adbc.Cursor, address: Address, *, force: bool) -> None:
    cursor.execute(
        "SELECT CAST(table_name AS text) FROM information_schema.tables WHERE table_schema = current_schema()"
    )
    present = [name for (name,) in cursor.fetchall()]
    if not force:
        refuse_existing(present, address.place)
    for table in TABLES:
        cursor.execute(f'DROP TABLE IF EXISTS "{table.name}"')


def _write_table(connection: DuckDBPyConnection, cursor: adbc.Cursor, table: AppTable) -> None:
    cursor.execute(create_statement(table, _TYPES, quote='"', with_key=False))
    # A naive moment of ours is UTC; as an instant it needs no session's time zone.
    columns = ", ".join(
        f"make_timestamptz(epoch_us({column.name})) AS {column.name}" if column.type is Type.MOMENT else column.name
        for column in table.columns
    )
    reader = connection.sql(f"SELECT {columns} FROM {table.name}").to_arrow_reader(_BATCH_ROWS)
    cursor.adbc_ingest(table.name, reader, mode="append")
    if table.key:
        cursor.execute(f'ALTER TABLE "{table.name}" ADD PRIMARY KEY ("{table.key}")')
    for statement in index_statements(table, quote='"'):
        cursor.execute(statement)
