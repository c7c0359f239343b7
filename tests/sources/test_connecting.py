"""A port that accepts and never speaks, or speaks something else, is given up on in seconds."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.support.databases import MariaDBServer, PostgresServer
from trueup.model.errors import TrueupError
from trueup.sources import mysql as mysql_source
from trueup.sources import open_source
from trueup.sources import postgres as postgres_source
from trueup.targets import mysql as mysql_target
from trueup.targets import open_target
from trueup.targets import postgres as postgres_target

MODULES = (mysql_source, postgres_source, mysql_target, postgres_target)
MOST_SECONDS = 10
"""What a person waits for at most before the sentence; Postgres itself would wait for sixty."""
HERE_SECONDS = 2
"""The same limit as it is set here; libpq knows no shorter one."""
LATE_SECONDS = 15
"""What a busy machine adds."""


@pytest.fixture
def few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that connects gives up after ``HERE_SECONDS``, and so the tests wait for that only."""
    for module in MODULES:
        assert module.CONNECT_TIMEOUT_SECONDS <= MOST_SECONDS
        monkeypatch.setattr(module, "CONNECT_TIMEOUT_SECONDS", HERE_SECONDS)


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


@pytest.mark.sampled(1)
@pytest.mark.usefixtures("few_seconds")
@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "postgresql"])
@pytest.mark.parametrize("way", ["tables", "snapshot", "transaction", "reading"])
def test_a_server_that_never_speaks_is_given_up_on(silent_port: int, scheme: str, way: str) -> None:
    url = f"{scheme}://app:hunter2@127.0.0.1:{silent_port}/app"
    started = time.monotonic()
    with pytest.raises(TrueupError) as refused:
        connect(url, way)
    assert time.monotonic() - started < HERE_SECONDS + LATE_SECONDS
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).count("\n") == 0


@pytest.mark.slow
@pytest.mark.usefixtures("few_seconds")
@pytest.mark.parametrize("way", ["tables", "transaction"])
def test_a_mysql_address_at_a_postgres_socket_is_given_up_on(postgres_server: PostgresServer, way: str) -> None:
    path = next(postgres_server.socket_folder.glob(".s.PGSQL.*[0-9]"))
    started = time.monotonic()
    with pytest.raises(TrueupError, match=f"did not speak MySQL within {HERE_SECONDS} seconds"):
        connect(f"mysql://app:hunter2@localhost/app?unix_socket={path}", way)
    assert time.monotonic() - started < HERE_SECONDS + LATE_SECONDS


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


def unused_port() -> int:
    """A port of this machine at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


REFUSALS = (
    ({"database": "missing_one"}, "correct the name of the database"),
    ({"user": "stranger"}, "correct the user or the password"),
    ({"password": "wrong"}, "correct the user or the password"),
)


@pytest.mark.parametrize(("changes", "mend"), REFUSALS)
@pytest.mark.parametrize("fixture", ["postgres_server", "mariadb_server"])
def test_a_refused_connection_says_what_mends_it(
    fixture: str, changes: dict[str, str], mend: str, request: pytest.FixtureRequest
) -> None:
    """Running the command again would mend none of these."""
    server: PostgresServer | MariaDBServer = request.getfixturevalue(fixture)
    database = urlsplit(server.create_database()).path.removeprefix("/")
    with pytest.raises(TrueupError, match=mend) as raised:
        open_source(server.url(**{"database": database} | changes)).tables()
    assert "again" not in str(raised.value)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_an_address_at_which_nothing_listens_says_so(scheme: str) -> None:
    with pytest.raises(TrueupError, match="correct the host and port in the address, or start the server"):
        open_source(f"{scheme}://app:hunter2@127.0.0.1:{unused_port()}/app").tables()
