"""What runs beside the server: one audit for each due moment, however many replicas, and no end by a failure."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.audits import report_for
from tests.support.ledger_app import made
from trueup.actions.serve.background import RETRY_SECONDS, Background, keep_doing
from trueup.actions.serve.shared_audits import SharedAudits
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.store import Store, open_store

HOURLY = "\n[audits]\nevery_minutes = 60\n"


class Clock:
    """The real clock, because leases are held against it, moved forward on demand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC).replace(tzinfo=None) + self.ahead


class Heard:
    """A log that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def info(self, event: str, **facts: object) -> None:
        """Remember."""
        self.events.append((event, facts))

    error = info

    def count(self, event: str) -> int:
        """How often it was heard."""
        return sum(name == event for name, _ in self.events)


class Replica:
    """One process's background, whose turns a test takes itself."""

    def __init__(self, config: Config, store: Store, clock: Clock, retry_seconds: float) -> None:
        self.log = Heard()
        self.stopping = threading.Event()
        self.latest = SharedAudits(config=config, catalogue=catalogue(), store=store, clock=clock)
        self.background = Background(
            config=config,
            store=store,
            runs=self.latest,
            clock=clock,
            stopping=self.stopping,
            log=self.log,
            retry_seconds=retry_seconds,
        )


@pytest.fixture
def clock() -> Clock:
    """The clock of every replica."""
    return Clock()


@contextlib.contextmanager
def replicas(
    folder: Path, clock: Clock, number: int, more: str = HOURLY, retry_seconds: float = RETRY_SECONDS
) -> Iterator[tuple[Store, list[Replica]]]:
    """So many replicas on one store."""
    if not (folder / "app.db").exists():
        made(folder, users=[("user_1", "FREE", 5)], entries=[(1, "user_1", 1, 7, 7, "2026-02-01 00:00:00")])
    path = folder / "trueup.toml"
    path.write_text(path.read_text() + more)
    config = load_config(path, {})
    with open_store(config.store_url) as store:
        every = [Replica(config, store, clock, retry_seconds) for _ in range(number)]
        try:
            yield store, every
        finally:
            for one in every:
                assert one.latest.stop(patience_seconds=20)


@pytest.mark.slow
def test_each_due_moment_is_audited_once_by_one_of_the_replicas(tmp_path: Path, clock: Clock) -> None:
    with replicas(tmp_path, clock, 3) as (store, every), ThreadPoolExecutor(3) as pool:
        for hours in range(3):
            clock.ahead = timedelta(hours=hours)
            for _ in range(2):
                list(pool.map(lambda replica: replica.background.audit_if_due(), every))
        runs = store.runs.list()
        assert [run.trigger for run in runs] == ["schedule"] * 3
        assert sum(one.log.count("audited") for one in every) >= 3


def test_a_run_that_somebody_else_started_counts(tmp_path: Path, clock: Clock) -> None:
    with replicas(tmp_path, clock, 1) as (store, (one,)):
        report_for(one.latest, 45)
        one.background.audit_if_due()
        assert [run.trigger for run in store.runs.list()] == ["request"]


def test_without_a_schedule_nothing_is_audited(tmp_path: Path, clock: Clock) -> None:
    with replicas(tmp_path, clock, 1, more="") as (store, (one,)):
        one.background.audit_if_due()
        one.background.alert()
        assert store.runs.list() == ()


@pytest.mark.slow
def test_an_audit_that_fails_is_tried_again_after_a_pause(tmp_path: Path, clock: Clock) -> None:
    with replicas(tmp_path, clock, 1, retry_seconds=2) as (store, (one,)):
        (tmp_path / "app.db").rename(tmp_path / "away.db")
        with pytest.raises((SourceUnavailable, ConfigurationError)):
            one.background.audit_if_due()
        (tmp_path / "away.db").rename(tmp_path / "app.db")
        one.background.audit_if_due()
        assert store.runs.list() == ()
        time.sleep(2)
        one.background.audit_if_due()
        assert len(store.runs.list()) == 1


def test_what_fails_once_is_done_again() -> None:
    log, stopping = Heard(), threading.Event()
    ends = iter([SourceUnavailable("away"), ZeroDivisionError("a bug"), None, KeyError("another")])

    def turn() -> None:
        match next(ends, stopping):
            case None:
                return
            case threading.Event():
                stopping.set()
            case error:
                raise error

    keep_doing(turn, every_seconds=0.01, stopping=stopping, log=log)
    assert [event for event, _ in log.events] == ["cannot do its work now", "failed", "failed"]
    assert "ZeroDivisionError: a bug" in str(log.events[1][1]["exception"])


def test_both_threads_end_when_they_are_told_to(tmp_path: Path, clock: Clock) -> None:
    with replicas(tmp_path, clock, 1) as (store, (one,)):
        one.background.start()
        deadline = time.monotonic() + 60
        while not store.runs.list():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert one.background.stop()
        assert one.log.count("failed") == 0


def test_alerts_are_decided_and_sent_without_being_asked(tmp_path: Path, clock: Clock) -> None:
    channel = f'[alerts.channels.file]\nkind = "log"\npath = "{tmp_path}/alerts.log"\n'
    with replicas(tmp_path, clock, 2, more=HOURLY + channel) as (_, (one, other)):
        one.background.audit_if_due()
        for replica in (one, other, one):
            replica.background.alert()
        written = (tmp_path / "alerts.log").read_text()
        assert written.count("credit-balance:user_1") >= 1
        assert len(written.splitlines()) == 1
        assert [facts["sent"] for event, facts in one.log.events + other.log.events if event == "alerts sent"] == [1]
