"""One row's database from the outside: what the application does there, and everything that it holds."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pymysql

from trueup.model.address import parse_address

Dump = Mapping[str, list[dict[str, str]]]
"""Every row of every table of the application, its values as they are."""

_TABLES = {
    "postgres": "SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.relname NOT LIKE 'trueup%'",
    "mariadb": "SELECT table_name FROM information_schema.tables WHERE table_schema = database() "
    "AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'trueup%'",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' "
    "AND name NOT LIKE 'trueup%' AND name NOT LIKE 'sqlite%'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An application's own way into its database: no driver of ours, and no words but its own."""

    kind: str
    url: str

    def execute(self, statements: Iterable[str]) -> None:
        """Do this, each for itself."""
        with self.session() as session:
            for statement in statements:
                session.execute(statement)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """A connection of the application, on which nothing is begun yet."""
        with contextlib.closing(self._connected()) as connection:
            yield Session(connection=connection)

    def dump(self) -> Dump:
        """What every table of the application holds."""
        with self.session() as session:
            tables = sorted(str(row[0]) for row in session.execute(_TABLES[self.kind]).fetchall())
            only = "ONLY " if self.kind == "postgres" else ""
            return {table: _rows(session.execute(f"SELECT * FROM {only}{table}")) for table in tables}

    def _connected(self) -> Any:
        if self.kind == "sqlite":
            return sqlite3.connect(self.url.partition(":///")[2], isolation_level=None, check_same_thread=False)
        if self.kind == "postgres":
            return psycopg.connect(self.url, autocommit=True)
        return pymysql.connect(**parse_address(self.url).for_mysql(), autocommit=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One connection of the application."""

    connection: Any

    def execute(self, statement: str) -> Any:
        """Do this; the cursor."""
        cursor = self.connection.cursor()
        cursor.execute(statement)
        return cursor


def _rows(cursor: Any) -> list[dict[str, str]]:
    names = [str(column[0]) for column in cursor.description]
    rows = [dict(zip(names, map(repr, row), strict=True)) for row in cursor.fetchall()]
    return sorted(rows, key=lambda row: sorted(row.items()))
