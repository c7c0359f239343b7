"""The newest run, or a new one: started once, whatever the number of callers, threads, processes and failures."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.audits import report_for
from tests.support.ledger_app import made
from trueup.actions.serve.shared_audits import AuditUnderway, SharedAudits
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.model.errors import ConfigurationError
from trueup.model.relations import Exemption
from trueup.store import Store, StoredRun, open_store

CALLER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from trueup.actions.serve.shared_audits import SharedAudits
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.store import open_store

with open_store(sys.argv[2]) as store:
    config = load_config(Path(sys.argv[1]), {})
    clock = lambda: datetime.now(UTC).replace(tzinfo=None)
    latest = SharedAudits(config=config, catalogue=catalogue(), store=store, clock=clock)
    sys.stdin.readline()
    asked_at = clock()
    run = latest.stored(45, asked_at=asked_at)
    origin = "started" if run is None else "stored"
    run = run or latest.started(45, asked_at=asked_at).result(120)
    print(run.run_id, origin)
    latest.close()
"""


def now() -> datetime:
    """The real clock: leases are held against it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Clock:
    """The real clock, moved forward on demand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


both_stores = pytest.mark.parametrize("kind", ["sqlite", "postgres"])


@pytest.fixture
def kind() -> str:
    """Which store a test uses that is not run on both."""
    return "sqlite"


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> str:
    """The address of a store that does not exist yet."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'trueup.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A new store."""
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A company of two."""
    entries = [(1, "user_2", 1, 0, 0, "2026-01-01 00:00:00")]
    made(tmp_path, users=[("user_1", "FREE", 5), ("user_2", "FREE", 0)], entries=entries)
    return load_config(tmp_path / "trueup.toml", {})


@pytest.fixture
def clock() -> Clock:
    """A clock that can be moved."""
    return Clock()


@pytest.fixture
def latest(config: Config, store: Store, clock: Clock) -> Iterator[SharedAudits]:
    """The runs of the store."""
    opened = SharedAudits(config=config, catalogue=catalogue(), store=store, clock=clock)
    yield opened
    opened.close()


def at_once(callers: int, call: Callable[[], tuple[StoredRun, str]]) -> list[tuple[StoredRun, str]]:
    """What that many threads get that call at the same moment."""
    barrier = threading.Barrier(callers)

    def one() -> tuple[StoredRun, str]:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(callers) as executor:
        return [future.result() for future in [executor.submit(one) for _ in range(callers)]]


@both_stores
def test_twenty_callers_at_once_start_one_audit(latest: SharedAudits, store: Store) -> None:
    answers = at_once(20, lambda: report_for(latest, 45))
    assert len({run.run_id for run, _ in answers}) == 1
    assert {origin for _, origin in answers} == {"started"}
    assert len(store.runs.list()) == 1


@pytest.mark.slow
def test_twenty_callers_that_all_want_a_new_one_start_one(latest: SharedAudits, store: Store) -> None:
    report_for(latest, 45)
    answers = at_once(20, lambda: report_for(latest, 45, 0))
    assert {origin for _, origin in answers} == {"started"}
    assert len(store.runs.list()) == 2


@pytest.mark.slow
def test_a_run_that_is_fresh_enough_is_given_again(latest: SharedAudits, clock: Clock) -> None:
    first, _ = report_for(latest, 45)
    clock.ahead = timedelta(seconds=200)
    assert report_for(latest, 45) == (first, "stored")
    assert report_for(latest, 45, 100)[1] == "started"
    clock.ahead = timedelta(seconds=600)
    again, origin = report_for(latest, 45)
    assert (again.run_id == first.run_id, origin) == (False, "started")


@pytest.mark.slow
def test_zero_starts_one_however_fresh_the_newest_is(latest: SharedAudits, store: Store) -> None:
    runs = [report_for(latest, 45, 0) for _ in range(3)]
    assert {origin for _, origin in runs} == {"started"}
    assert len(store.runs.list()) == 3


@pytest.mark.slow
def test_another_period_is_another_run_that_decides_nothing(latest: SharedAudits) -> None:
    usual, _ = report_for(latest, 45)
    other, origin = report_for(latest, 30)
    assert (other.period_days, origin, other.updates_state) == (30, "started", False)
    assert (usual.period_days, usual.updates_state) == (45, True)
    assert report_for(latest, 45) == (usual, "stored")


@pytest.mark.slow
@both_stores
def test_two_processes_start_one(config: Config, store: Store, store_url: str) -> None:
    command = [sys.executable, "-c", CALLER, str(config.path), store_url]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate("go\n", timeout=60)[0].split() for process in processes]
    assert len({run_id for run_id, _ in said}) == 1
    assert len(store.runs.list()) == 1


@pytest.mark.slow
@both_stores
def test_a_caller_waits_for_another_replicas_audit_and_takes_over_when_it_dies(
    latest: SharedAudits, config: Config, store: Store
) -> None:
    name = f"audit:{config.environment}:45"
    assert store.leases.take(name, "a replica that dies", seconds=2, now=now())
    dead = store.leases.get(name, now=now())
    run, origin = report_for(latest, 45)
    assert origin == "started"
    assert dead is None or run.generated_at >= dead.expires_at
    assert store.leases.get(name, now=now()) is None


def test_a_caller_takes_the_run_that_another_replica_records(
    latest: SharedAudits, config: Config, store: Store
) -> None:
    name = f"audit:{config.environment}:45"
    other = SharedAudits(config=config, catalogue=catalogue(), store=store, clock=now)
    with ThreadPoolExecutor(2) as executor:
        waiting = executor.submit(report_for, latest, 45)
        theirs = executor.submit(report_for, other, 45)
        assert waiting.result()[0].run_id == theirs.result()[0].run_id
    other.close()
    assert len(store.runs.list()) == 1
    assert store.leases.get(name, now=now()) is None


def test_an_audit_that_fails_fails_everyone_who_waits_and_the_next_one_tries_again(
    latest: SharedAudits, config: Config, store: Store, tmp_path: Path
) -> None:
    database = tmp_path / "app.db"
    database.rename(tmp_path / "away.db")

    def refused() -> tuple[StoredRun, str]:
        with pytest.raises(ConfigurationError, match="There is no SQLite file"):
            report_for(latest, 45)
        raise LookupError

    with pytest.raises(LookupError):
        at_once(5, refused)
    assert store.runs.list() == ()
    (tmp_path / "away.db").rename(database)
    assert report_for(latest, 45)[1] == "started"


def test_a_caller_does_not_wait_for_ever(latest: SharedAudits, config: Config, store: Store) -> None:
    name = f"audit:{config.environment}:45"
    assert store.leases.take(name, "a slow replica", seconds=600, now=now())
    with pytest.raises(AuditUnderway):
        report_for(latest, 45, wait_seconds=0.3)
    store.leases.release(name, "a slow replica")
    assert report_for(latest, 45)[1] == "started"


def test_only_so_many_audits_wait_for_their_turn(latest: SharedAudits, config: Config, store: Store) -> None:
    for period in range(1, 9):
        assert store.leases.take(f"audit:{config.environment}:{period}", "somebody", seconds=600, now=now())
        latest.started(period, asked_at=now())
    with pytest.raises(AuditUnderway):
        latest.started(9, asked_at=now())


def test_closing_ends_the_wait_for_another_replica(latest: SharedAudits, config: Config, store: Store) -> None:
    assert store.leases.take(f"audit:{config.environment}:45", "a slow replica", seconds=600, now=now())
    waiting = latest.started(45, asked_at=now())
    latest.close()
    with pytest.raises(AuditUnderway):
        waiting.result(10)


@pytest.mark.slow
def test_exemptions_of_the_store_hold_in_the_next_run(latest: SharedAudits, config: Config, store: Store) -> None:
    before, _ = report_for(latest, 45)
    found = store.runs.issues(before.run_id).issues
    assert [issue.exempted for issue in found] == [False] * len(found)
    assert found
    store.exemptions.add(
        Exemption(check_id=found[0].check, subject=found[0].subject, owner="finance", reason="agreed on the phone"),
        environment=config.environment,
        created_by="test",
        now=now(),
    )
    after, _ = report_for(latest, 45, 0)
    assert store.runs.issues(after.run_id, exempted=True).issues[0].subject == found[0].subject
