"""A read that is waited for ends at once when it is cancelled, and so does the copy that waits for it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.support.mappings import mapping
from trueup.books.copy import copy_relation
from trueup.books.opening import books_in_memory
from trueup.model.errors import SourceUnavailable
from trueup.model.source import RelationMapping, Silent
from trueup.sources import open_source

SOON_SECONDS = 5
"""Every query here would take far longer."""

# The server sends the first rows when it has some kilobytes of them; only then is the stream open.
SLOW_IN_POSTGRES = "1 + length(CAST(pg_sleep(CASE WHEN id > 5000 THEN 1 ELSE 0 END) AS text))"
ENDLESS_IN_SQLITE = "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n)"


@pytest.fixture
def slow_entries(postgres_url: str) -> str:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE entry AS SELECT id, 'user_1' AS account_id FROM generate_series(1, 5200) AS g(id)"
        )
    return postgres_url


def slow_mapping() -> RelationMapping:
    return mapping("entry", entry_id="id", account_id="account_id", amount=SLOW_IN_POSTGRES)


def queried(sql: str) -> RelationMapping:
    return RelationMapping(relation="ledger_entry", table="slow", columns=mapping("slow", "id").columns, query=sql)


@contextmanager
def later(action: Callable[[], object], seconds: float = 1.0) -> Iterator[None]:
    """Do it from another thread after a moment, and see that what it should end has ended soon after."""
    timer = threading.Timer(seconds, action)
    timer.start()
    started = time.monotonic()
    try:
        yield
    finally:
        timer.join()
    assert time.monotonic() - started < seconds + SOON_SECONDS


def test_a_slow_read_of_postgres_is_cancelled(slow_entries: str) -> None:
    with open_source(slow_entries).snapshot() as snapshot:
        reader = snapshot.read(slow_mapping())
        with later(snapshot.cancel), pytest.raises(SourceUnavailable):
            reader.read_all()


def test_a_slow_read_of_mariadb_is_cancelled(mariadb_url: str) -> None:
    with open_source(mariadb_url).snapshot() as snapshot, later(snapshot.cancel), pytest.raises(SourceUnavailable):
        snapshot.read(queried("SELECT sleep(if(seq > 100, 1, 0)) AS id FROM seq_1_to_200")).read_all()


def test_a_slow_read_of_sqlite_is_cancelled(sqlite_url: str) -> None:
    with open_source(sqlite_url).snapshot() as snapshot, later(snapshot.cancel), pytest.raises(SourceUnavailable):
        snapshot.read(queried(f"SELECT {ENDLESS_IN_SQLITE} AS id")).read_all()


class Owner(Silent):
    """Progress that keeps how to end what runs."""

    def __init__(self) -> None:
        self.interrupt: Callable[[], None] | None = None

    def interruptible(self, interrupt: Callable[[], None] | None) -> None:
        self.interrupt = interrupt

    def stop(self) -> None:
        assert self.interrupt is not None
        self.interrupt()


def test_a_copy_that_waits_for_the_server_is_ended_by_its_owner(slow_entries: str) -> None:
    owner = Owner()
    with open_source(slow_entries).snapshot() as snapshot, books_in_memory() as books:
        with later(owner.stop), pytest.raises(SourceUnavailable):
            copy_relation(books, snapshot, slow_mapping(), unique_key=True, progress=owner)
        assert getattr(owner.interrupt, "__self__", None) is books.connection  # the snapshot may be closed from here on


def press_ctrl_c() -> None:
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)


def test_a_copy_that_waits_for_the_server_is_ended_by_ctrl_c(slow_entries: str) -> None:
    with open_source(slow_entries).snapshot() as snapshot, books_in_memory() as books:  # noqa: SIM117
        with later(press_ctrl_c), pytest.raises(KeyboardInterrupt):
            copy_relation(books, snapshot, slow_mapping(), unique_key=True, progress=Silent())
