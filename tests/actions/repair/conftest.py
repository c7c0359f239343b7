"""One planted company in each kind of database, for every test here that takes what it needs of it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest

from tests.support.attempts import Attempts, attempts
from tests.support.planted import Planted, planted
from tests.support.wired import Wired, wired_to

EACH, EACH_SLOW = 16, 120
"""The kill tests take an issue for every message after COMMIT, at which a repair is there already when it is killed."""


@pytest.fixture(scope="session")
def each(request: pytest.FixtureRequest) -> int:
    """How many issues of each kind there are to take."""
    return EACH_SLOW if request.config.getoption("--slow") else EACH


@pytest.fixture(scope="session")
def planted_postgres(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, each: int) -> Planted:
    """A planted company in Postgres."""
    url = request.getfixturevalue("postgres_server").create_database()
    return planted(url, tmp_path_factory.mktemp("planted"), each=each)


@pytest.fixture(scope="session")
def planted_mariadb(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, each: int) -> Planted:
    """A planted company in MariaDB."""
    url = request.getfixturevalue("mariadb_server").create_database()
    return planted(url, tmp_path_factory.mktemp("planted"), each=each)


@pytest.fixture(scope="session")
def planted_sqlite(tmp_path_factory: pytest.TempPathFactory, each: int) -> Planted:
    """A planted company in a SQLite file."""
    folder = tmp_path_factory.mktemp("planted")
    path = folder / "app.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
    return planted(f"sqlite:///{path}", folder, each=each)


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def app(request: pytest.FixtureRequest) -> Planted:
    """A planted company in each kind of database."""
    found: Planted = request.getfixturevalue(f"planted_{request.param}")
    return found


@pytest.fixture
def here(app: Planted) -> Iterator[Attempts]:
    """Somebody who repairs it from this process."""
    with attempts(app) as made:
        yield made


@pytest.fixture(params=["postgres", "mariadb"])
def wired(request: pytest.FixtureRequest) -> Iterator[Wired]:
    """A planted company behind a wire."""
    planted_there = request.getfixturevalue(f"planted_{request.param}")
    with wired_to(planted_there, request.getfixturevalue(f"{request.param}_server")) as made:
        yield made


@pytest.fixture
def through(wired: Wired) -> Iterator[Attempts]:
    """Somebody who repairs it through the wire."""
    with attempts(wired.planted, repair_url=wired.wire.url) as made:
        yield made
