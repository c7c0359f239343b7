"""Ending a database server's connections from the outside, and waiting until they are gone."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pymysql

from tests.support.databases import MariaDBServer, PostgresServer

SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """The connections of one server, by the server's own numbers."""

    end: Callable[[int], object]
    """Ask the server to end one."""
    is_there: Callable[[int], bool]

    def wait_until_gone(self, backend: int) -> None:
        """Wait until the server has let go of everything that this connection held."""
        deadline = time.monotonic() + SECONDS
        while self.is_there(backend):
            assert time.monotonic() < deadline, f"connection {backend} is still there"
            time.sleep(0.002)


@contextlib.contextmanager
def postgres_backends(server: PostgresServer) -> Iterator[Backends]:
    """The connections of a Postgres server."""
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        yield Backends(
            end=lambda backend: bool(connection.execute("SELECT pg_terminate_backend(%s)", [backend])),
            is_there=lambda backend: bool(
                connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [backend]).rowcount
            ),
        )


@contextlib.contextmanager
def mariadb_backends(server: MariaDBServer) -> Iterator[Backends]:
    """The connections of a MariaDB server."""
    alone = threading.Lock()
    with contextlib.closing(server.admin()) as connection:

        def end(backend: int) -> None:
            with alone, contextlib.suppress(pymysql.OperationalError):  # it has ended by itself
                connection.cursor().execute("KILL CONNECTION %s", [backend])

        def is_there(backend: int) -> bool:
            with alone:
                statement = "SELECT 1 FROM information_schema.processlist WHERE id = %s"
                return bool(connection.cursor().execute(statement, [backend]))

        yield Backends(end=end, is_there=is_there)
