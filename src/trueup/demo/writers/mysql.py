"""A MySQL or MariaDB database, written in multi-row inserts.

MySQL's DDL cannot be rolled back, so a failure drops what was made.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pymysql

from trueup.demo.tables import TABLES, AppTable, Type
from trueup.demo.writers.statements import create_statement, index_statements, refuse_existing
from trueup.model.address import Address, parse_address
from trueup.model.errors import ConfigurationError, SourceUnavailable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pymysql.cursors import Cursor

_TYPES = {
    Type.ID: "VARCHAR(191)",
    Type.TEXT: "VARCHAR(255)",
    Type.INTEGER: "BIGINT",
    Type.FLAG: "BOOLEAN",
    Type.MOMENT: "DATETIME(6)",
}
_BATCH_ROWS = 20_000


def write(connection: DuckDBPyConnection, place: str, *, force: bool) -> None:
    """Write the tables into the database that the address names; nothing stays when it fails."""
    address = parse_address(place)
    if not address.database:
        raise ConfigurationError(f"{address.place} names no database; end the address with /DATABASE.")
    try:
        with contextlib.closing(_connect(address)) as target, target.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = '+00:00', unique_checks = 0")
            _make_room(cursor, address, force=force)
            with contextlib.ExitStack() as undo:
                undo.callback(_drop_tables, cursor)
                for table in TABLES:
                    _write_table(connection, cursor, table)
                target.commit()
                undo.pop_all()
    except pymysql.MySQLError as error:
        message = address.scrub(str(error.args[-1]) if error.args else type(error).__name__)
        raise SourceUnavailable(
            f"The demo company cannot be written to {address.place}: {message}; "
            "check the address and the user's rights."
        ) from None


def _connect(address: Address) -> pymysql.Connection[Cursor]:
    return pymysql.connect(
        **address.for_mysql(),
        program_name="trueup",
    )


def _make_room(cursor: Cursor, address: Address, *, force: bool) -> None:
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = database()")
    if not force:
        refuse_existing([name for (name,) in cursor.fetchall()], address.place)
    _drop_tables(cursor)


def _drop_tables(cursor: Cursor) -> None:
    for table in TABLES:
        cursor.execute(f"DROP TABLE IF EXISTS `{table.name}`")


def _write_table(connection: DuckDBPyConnection, cursor: Cursor, table: AppTable) -> None:
    created = create_statement(table, _TYPES, quote="`", numbered="AUTO_INCREMENT")
    cursor.execute(f"{created} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    columns = ", ".join(
        f"CAST({column.name} AS VARCHAR)" if column.type is Type.MOMENT else column.name for column in table.columns
    )
    marks = ", ".join(["%s"] * len(table.columns))
    rows = connection.execute(f"SELECT {columns} FROM {table.name}")
    while batch := rows.fetchmany(_BATCH_ROWS):
        cursor.executemany(f"INSERT INTO `{table.name}` VALUES ({marks})", batch)
    for statement in index_statements(table, quote="`"):
        cursor.execute(statement)
