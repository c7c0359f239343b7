"""Many callers and one issue; an application that holds rows; repairs that hold them."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tests.support.application import Writer, application
from tests.support.attempts import Attempts, attempts
from tests.support.databases import PostgresServer
from tests.support.planted import OVERPAID, REPAIRS, Planted, planted, subject_of
from tests.support.repairer import repairer
from tests.support.thoroughness import tried
from tests.support.wire import Deed, Link, Moment
from tests.support.wired import COMMIT, Wired
from trueup.model.repair import Applied, Failed, PlannedRepair, RepairResult, Stale
from trueup.targets import open_target
from trueup.targets.target import LOCK_TIMEOUT_SECONDS, STATEMENT_TIMEOUT_SECONDS, Trouble, WriteCounter

HOLD = {
    "postgres": "SELECT credits FROM users WHERE id = '{}' FOR UPDATE",
    "mariadb": "SELECT credits FROM users WHERE id = '{}' FOR UPDATE",
    "sqlite": "SELECT credits FROM users WHERE id = '{}'",  # the transaction is the lock
}
RECORD = (
    "INSERT INTO stripe_webhook_events (event_id, type, status, received_at, livemode) "
    "VALUES ('{}', 'checkout.session.completed', 'processed', '2026-11-20 00:00:00', TRUE)"
)


@contextlib.contextmanager
def holding(app: Planted, sql: str) -> Iterator[None]:
    """The application, in the middle of a transaction in which it has done this."""
    with open_target(app.app.config.database_url).transaction() as connection:
        connection.execute(sqlalchemy.text(sql))
        yield


def test_of_many_callers_one_applies_and_the_others_are_stale(app: Planted, here: Attempts) -> None:
    issues = [app.take(check) for check in REPAIRS]
    states = {issue_id: app.state(issue_id) for issue_id in issues}
    journaled = app.app.journal_is_sound()
    with ThreadPoolExecutor(max_workers=4) as callers:
        jobs = [callers.submit(here.repair_when_free, issue_id) for issue_id in issues for _ in range(4)]
    assert_one_each([job.result() for job in jobs], issues)
    assert app.app.journal_is_sound() == journaled + len(issues)
    for issue_id in issues:
        assert app.state(issue_id) == states[issue_id].repaired(issue_id.partition(":")[0])


def assert_one_each(results: Sequence[RepairResult], issues: Sequence[str]) -> None:
    """Each issue was applied once, and everybody else was told so."""
    assert {type(result) for result in results} == {Applied, Stale}, results
    applied = Counter(result.issue_id for result in results if isinstance(result, Applied))
    assert applied == Counter(issues)


@pytest.mark.slow
def test_many_issues_and_eight_callers_in_two_processes(
    postgres_url: str, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    each = tried(50, 5)
    app = planted(postgres_url, tmp_path_factory.mktemp("crowd"), each=each + 1)
    warm_up = app.take(REPAIRS[0])
    issues = [app.take(check) for _ in range(each) for check in REPAIRS]
    with contextlib.ExitStack() as processes:
        crowd = [processes.enter_context(repairer(app.app, repair_url=postgres_url, warm_up=warm_up)) for _ in range(2)]
        for process in crowd:
            process.begin_race(issues, threads=4)
        answers = [answer for process in crowd for answer in process.end_race()]
    assert Counter(answer["result"] for answer in answers) == {"Applied": len(issues), "Stale": 7 * len(issues)}
    assert {answer["issue_id"] for answer in answers if answer["result"] == "Applied"} == set(issues)
    assert app.app.journal_is_sound() == len(issues)
    app.assert_nothing_but_what_is_left(warm_up)


@pytest.mark.slow
def test_two_calls_with_one_key_at_the_same_time_have_one_result(wired: Wired, through: Attempts) -> None:
    issue_id = wired.planted.take("unlimited-credits")
    second: list[Future[RepairResult]] = []
    with attempts(wired.planted) as others, ThreadPoolExecutor() as threads:

        def late(_: Link) -> bool:
            """The second finds nothing under the key, and waits for the account until the first has committed."""
            second.append(threads.submit(others.repair, issue_id, key=issue_id))
            time.sleep(LOCK_TIMEOUT_SECONDS / 3)
            return True

        wired.wire.plan(Deed(moment=Moment.BEFORE, act=late, pattern=COMMIT))
        first = through.repair(issue_id, key=issue_id)
        assert isinstance(first, Applied)
        assert second[0].result() == dataclasses.replace(first, replayed=True)
    assert wired.planted.is_repaired(issue_id)


@pytest.mark.slow
def test_an_application_that_holds_the_row_is_not_waited_for_longer_than_two_seconds(
    request: pytest.FixtureRequest, app: Planted, here: Attempts
) -> None:
    issue_id = app.take("paid-without-customer")
    before = app.state(issue_id)
    with holding(app, HOLD[request.node.callspec.params["app"]].format(subject_of(issue_id))):
        started = time.monotonic()
        result = here.repair(issue_id, key=issue_id)
        waited = time.monotonic() - started
    assert isinstance(result, Failed)
    assert result.busy, result
    assert not result.unknown
    assert LOCK_TIMEOUT_SECONDS * 0.9 < waited < LOCK_TIMEOUT_SECONDS * 3
    assert app.state(issue_id) == before
    assert isinstance(here.repair(issue_id, key=issue_id), Applied)


def test_an_application_that_is_recording_the_event_is_not_waited_for_longer(app: Planted, here: Attempts) -> None:
    issue_id = app.take("missing-idempotency-record")
    with holding(app, RECORD.format(subject_of(issue_id))):
        result = here.repair(issue_id, key=issue_id)
        assert isinstance(result, Failed)
        assert result.busy, result
    assert isinstance(here.repair(issue_id, key=issue_id), Applied)


def test_a_preview_waits_for_nobody_and_lets_nobody_wait(
    request: pytest.FixtureRequest, app: Planted, here: Attempts
) -> None:
    issue_id = app.left["paid-without-customer"][0]
    with holding(app, HOLD[request.node.callspec.params["app"]].format(subject_of(issue_id))):
        assert isinstance(here.preview(issue_id), PlannedRepair)  # who waits for a lock is told that it was not had


STOPPED_SECONDS = 2 * STATEMENT_TIMEOUT_SECONDS


@pytest.mark.slow
def test_a_repair_that_is_stopped_in_the_middle_lets_the_application_wait_for_a_known_time(wired: Wired) -> None:
    issue_id = wired.planted.take("paid-without-customer")
    app, before = wired.planted.app, wired.planted.state(issue_id)
    is_stopped = threading.Event()
    with repairer(app, repair_url=wired.wire.url, warm_up=issue_id) as process, ThreadPoolExecutor() as threads:

        def stop(_: Link) -> bool:
            process.signal(signal.SIGSTOP)
            is_stopped.set()
            return True

        wired.wire.plan(Deed(moment=Moment.BEFORE, act=stop, pattern=b"INSERT INTO trueup_journal "))
        answer = threads.submit(process.repair, issue_id, key=issue_id, may_fail=True)
        assert is_stopped.wait(30)
        try:
            waited = seconds_to_touch(wired.planted, subject_of(issue_id))
        finally:
            process.signal(signal.SIGCONT)
        stopped = answer.result(30)
        assert stopped is not None
        assert stopped["result"] == "Failed", stopped
        assert not stopped["unknown"]
        assert waited < STOPPED_SECONDS * 1.5
        assert wired.planted.state(issue_id) == before
        again = process.repair(issue_id, key=issue_id)
        assert again is not None
        assert again["result"] == "Applied", again
    assert wired.planted.is_repaired(issue_id)


def seconds_to_touch(app: Planted, account_id: str) -> float:
    """How long the application waits for an account's row."""
    started = time.monotonic()
    with application(app.app.config.database_url) as engine, engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE users SET active = active WHERE id = '{account_id}'")
    return time.monotonic() - started


FAIL_POSTGRES = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.amount = 0 AND (SELECT remaining FROM failures) > 0 THEN
        RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
    END IF;
    RETURN NEW;
END $$
"""
FAIL_MARIADB = """
CREATE TRIGGER failing BEFORE INSERT ON credit_transactions FOR EACH ROW BEGIN
    IF NEW.amount = 0 AND (SELECT remaining FROM failures) > 0 THEN
        SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found';
    END IF;
END
"""
FAILURES = ("CREATE TABLE failures (remaining bigint)", "INSERT INTO failures VALUES (1)")
FAILING = {
    "postgres": (
        FAIL_POSTGRES,
        "CREATE TRIGGER failing BEFORE INSERT ON credit_transactions FOR EACH ROW EXECUTE FUNCTION fail()",
    ),
    "mariadb": (FAIL_MARIADB,),
}
MENDED = {
    "postgres": ("DROP TRIGGER failing ON credit_transactions", "DROP FUNCTION fail", "DROP TABLE failures"),
    "mariadb": ("DROP TRIGGER failing", "DROP TABLE failures"),
}


@pytest.fixture(params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> tuple[str, Planted]:
    """A kind of database server and a planted company in it."""
    return request.param, request.getfixturevalue(f"planted_{request.param}")


@pytest.mark.slow
@pytest.mark.parametrize(("failures", "applies"), [(3, True), (100, False)])
def test_a_serialisation_failure_is_evaluated_again_three_times(
    server: tuple[str, Planted], failures: int, *, applies: bool
) -> None:
    kind, app = server
    issue_id = app.take("unlimited-credits")
    with attempts(app) as here, failing(app, kind, here, failures=failures) as tries:
        result = here.repair(issue_id, key=issue_id)
        assert len(tries) == 4
        assert app.is_repaired(issue_id) is applies
        if applies:
            assert isinstance(result, Applied)
        else:
            assert isinstance(result, Failed)
            assert result.busy
    with attempts(app) as here:
        again = here.repair(issue_id, key=issue_id)
    assert isinstance(again, Applied)
    assert again.replayed is applies


@contextlib.contextmanager
def failing(app: Planted, kind: str, here: Attempts, *, failures: int) -> Iterator[list[int]]:
    """Whoever writes an audit row into the ledger is told so often that somebody else was at the same rows.

    Yields one number for each try of ``here``. They are counted in this process: a sequence of the server's skips
    numbers when its cache is dropped, and a repair counts every row that a trigger writes.
    """
    tries: list[int] = []
    count_writes = here.session.target.count_writes

    def counted(connection: Connection) -> WriteCounter:
        app.app.execute(f"UPDATE failures SET remaining = {failures - len(tries)}")
        tries.append(len(tries) + 1)
        return count_writes(connection)

    for statement in (*FAILURES, *FAILING[kind]):
        app.app.execute(statement)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(here.session.target, "count_writes", counted)
            yield tries
    finally:
        for statement in MENDED[kind]:
            app.app.execute(statement)


@pytest.mark.slow
def test_an_application_that_inserts_the_entry_first_is_not_ended_by_a_deadlock(
    wired: Wired, through: Attempts
) -> None:
    """It has inserted the entry that the repair's would follow, and waits for the account that the repair holds."""
    issue_id = wired.planted.take("credit-balance")
    account_id, app = subject_of(issue_id), wired.planted.app
    with numbered_once(wired), application(app.config.database_url) as engine, ThreadPoolExecutor() as threads:
        writer = Writer(engine=engine, url=app.config.database_url, now=app.now)
        moves: list[Future[int]] = []

        def move(_: Link) -> bool:
            moves.append(threads.submit(writer.move, account_id, 5, entry_first=True))
            time.sleep(0.3)
            return True

        wired.wire.plan(Deed(moment=Moment.BEFORE, act=move, pattern=b"INSERT INTO .credit_transactions"))
        result = through.repair(issue_id, key=issue_id)
        assert moves[0].result(10) == 5
        assert writer.deadlocks == 0
        assert isinstance(result, Failed)
        assert result.busy
        ((before,),) = app.rows(f"SELECT credits FROM users WHERE id = '{account_id}'")
        again = through.repair(issue_id, key=issue_id)
        assert isinstance(again, Applied)
        assert f"{before} -> {int(str(before)) - OVERPAID}" in again.summary  # planned from what is there now
        assert wired.planted.is_repaired(issue_id)


@contextlib.contextmanager
def numbered_once(wired: Wired) -> Iterator[None]:
    """Two entries of an account cannot have one number."""
    wired.planted.app.execute("CREATE UNIQUE INDEX numbered ON credit_transactions (user_id, sequence)")
    try:
        yield
    finally:
        is_mariadb = wired.planted.app.config.database_url.startswith("mysql")
        wired.planted.app.execute(f"DROP INDEX numbered{' ON credit_transactions' if is_mariadb else ''}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database", "limit"),
    [
        ("postgres_url", "SET LOCAL idle_in_transaction_session_timeout = '100ms'"),
        ("mariadb_url", "SET SESSION wait_timeout = 1"),
    ],
)
def test_a_session_that_was_idle_for_too_long_is_a_lost_connection(
    request: pytest.FixtureRequest, database: str, limit: str
) -> None:
    target = open_target(request.getfixturevalue(database))
    with target.transaction() as connection:
        connection.exec_driver_sql(limit)
        time.sleep(1.5)
        with pytest.raises(DBAPIError) as found:
            connection.exec_driver_sql("SELECT 1")
    assert target.trouble(found.value) is Trouble.LOST
