"""One finding's page under many readers: few small books, few connections that are kept, and always what is there."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.support.planted import Planted, subject_of
from trueup.actions.explain.explanation import Explanation, explain
from trueup.actions.repair import RepairSession, open_reading_session, timeline
from trueup.model.source import Silent
from trueup.targets import kept

CALLERS = 8
PLACES = os.cpu_count() or 1
SESSIONS = {
    "postgresql": (
        "SELECT pid, state = 'idle' FROM pg_stat_activity WHERE application_name = 'trueup-repair' "
        "AND datname = current_database() AND pid <> pg_backend_pid()"
    ),
    "mysql": (
        "SELECT id, NOT EXISTS (SELECT 1 FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = id) "
        "FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
    ),
}
END = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}


@pytest.fixture(params=["postgres", "mariadb"])
def served(request: pytest.FixtureRequest) -> Planted:
    """A planted company in a server."""
    found: Planted = request.getfixturevalue(f"planted_{request.param}")
    return found


@contextlib.contextmanager
def looking(app: Planted) -> Iterator[RepairSession]:
    with contextlib.closing(open_reading_session(app.app.config, app.app.checks)) as session:
        yield session


def looked_at(app: Planted, session: RepairSession, issue_id: str) -> Explanation:
    return timeline(issue_id, config=app.app.config, catalogue=app.app.checks, now=app.app.now, session=session)


def kind_of(app: Planted) -> str:
    return app.app.config.database_url.partition(":")[0]


def sessions(app: Planted) -> dict[object, bool]:
    """The sessions of readers that the server has, and whether each is outside any transaction."""
    return {number: bool(is_idle) for number, is_idle in app.app.rows(SESSIONS[kind_of(app)])}


def credits_of(explanation: Explanation) -> Decimal:
    assert explanation.finding is not None
    return Decimal(str(explanation.finding.evidence["credits"]))


def wait_until_gone(app: Planted, numbers: set[object]) -> None:
    until = time.monotonic() + 10
    while numbers & sessions(app).keys():
        assert time.monotonic() < until, "The server still has these sessions."
        time.sleep(0.02)


@pytest.mark.slow
def test_many_callers_at_once_open_no_more_small_books_and_connections_than_there_are_processors(
    served: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    connect = duckdb.connect

    def counted(*args: Any, **named: Any) -> duckdb.DuckDBPyConnection:
        opened.append(args)
        return connect(*args, **named)

    monkeypatch.setattr(duckdb, "connect", counted)
    issues = [issue_id for left in served.left.values() for issue_id in left]
    together = threading.Barrier(CALLERS)

    with looking(served) as session, ThreadPoolExecutor(CALLERS) as callers:

        def call(lane: int) -> list[str]:
            together.wait()
            found = [looked_at(served, session, issue_id).finding for issue_id in issues[lane::CALLERS]]
            return [finding.id for finding in found if finding is not None]

        answered = [issue_id for each in callers.map(call, range(CALLERS)) for issue_id in each]
        kept_open = sessions(served)
        assert sorted(answered) == sorted(issues)
        assert len(opened) <= PLACES
        assert 1 <= len(kept_open) <= PLACES
        assert all(kept_open.values()), "A connection that nobody reads from is in a transaction."
    wait_until_gone(served, set(kept_open))


def test_a_connection_that_the_server_ended_is_replaced_and_every_answer_is_of_now(served: Planted) -> None:
    issue_id = served.left["credit-balance"][0]
    account = subject_of(issue_id)
    with looking(served) as session:
        before = looked_at(served, session, issue_id)
        first = sessions(served)
        served.app.execute(f"UPDATE users SET credits = credits + 1 WHERE id = '{account}'")
        try:
            changed = looked_at(served, session, issue_id)
            assert sessions(served).keys() == first.keys()
            for number in first:
                served.app.execute(END[kind_of(served)].format(number))
            wait_until_gone(served, set(first))
            replaced = looked_at(served, session, issue_id)
        finally:
            served.app.execute(f"UPDATE users SET credits = credits - 1 WHERE id = '{account}'")
        assert sessions(served).keys().isdisjoint(first)
    assert [credits_of(changed), credits_of(replaced)] == [credits_of(before) + 1] * 2
    assert replaced.timeline == before.timeline


def test_a_connection_is_kept_for_a_short_time(served: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT_SECONDS", 0)
    with looking(served) as session:
        looked_at(served, session, served.untouched)
        first = sessions(served)
        looked_at(served, session, served.untouched)
        assert sessions(served).keys().isdisjoint(first)


@pytest.mark.slow
def test_a_finding_looked_at_by_itself_has_the_timeline_of_the_whole_books(app: Planted) -> None:
    with looking(app) as session:
        for left in app.left.values():
            by_itself = looked_at(app, session, left[0])
            whole = explain(
                left[0], config=app.app.config, catalogue=app.app.checks, now=app.app.now, progress=Silent()
            )
            assert by_itself.timeline.lines, left[0]
            assert by_itself.timeline.lines == whole.timeline.lines
            assert by_itself.timeline.earlier_app == whole.timeline.earlier_app
            assert by_itself.entries == whole.entries
