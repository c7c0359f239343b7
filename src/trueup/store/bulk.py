"""Insert many rows into one table, as fast as each database can, without holding them all in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table

BATCH = 5_000
"""How many rows SQLite gets at a time."""


def insert_rows(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert these rows, each a value for each of ``columns``. May raise an error of the driver's own."""
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({names}) FROM STDIN", rows)
        return
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})"
    remaining = iter(rows)
    while batch := list(itertools.islice(remaining, BATCH)):
        connection.exec_driver_sql(statement, batch)


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
