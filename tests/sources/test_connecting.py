"""A port that accepts and never speaks, or speaks something else, is given up on in seconds."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.databases import PostgresServer
from trueup.model.errors import TrueupError
from trueup.sources import open_source
from trueup.targets import open_target

LIMIT_SECONDS = 25
"""Ten for the handshake, and what a busy machine adds; Postgres itself would wait for sixty."""


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port of this machine that accepts connections and never says anything."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    held.append(listening.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    for each in held:
        each.close()


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "postgresql"])
@pytest.mark.parametrize("way", ["tables", "snapshot", "transaction", "reading"])
def test_a_server_that_never_speaks_is_given_up_on(silent_port: int, scheme: str, way: str) -> None:
    url = f"{scheme}://app:hunter2@127.0.0.1:{silent_port}/app"
    started = time.monotonic()
    with pytest.raises(TrueupError) as refused:
        connect(url, way)
    assert time.monotonic() - started < LIMIT_SECONDS
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).count("\n") == 0


@pytest.mark.parametrize("way", ["tables", "transaction"])
def test_a_mysql_address_at_a_postgres_socket_is_given_up_on(postgres_server: PostgresServer, way: str) -> None:
    path = next(postgres_server.socket_folder.glob(".s.PGSQL.*[0-9]"))
    started = time.monotonic()
    with pytest.raises(TrueupError, match="did not speak MySQL within"):
        connect(f"mysql://app:hunter2@localhost/app?unix_socket={path}", way)
    assert time.monotonic() - started < LIMIT_SECONDS


def connect(url: str, way: str) -> None:
    if way in ("transaction", "reading"):
        with getattr(open_target(url), way)():
            raise AssertionError
    source = open_source(url)
    if way == "tables":
        source.tables()
    else:
        with source.snapshot():
            raise AssertionError
