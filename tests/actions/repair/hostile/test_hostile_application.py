"""Whatever an application does to a repair, it is applied exactly as planned, or refused with nothing changed.

Each row says beforehand which of the two. What is not said in a row is the plainest company there is.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.actions.repair.hostile import (
    columns,
    constraints,
    declared_triggers,
    keys,
    later_triggers,
    locks,
    our_tables,
    triggers,
)
from tests.actions.repair.hostile.database import Database, Dump
from tests.actions.repair.hostile.row import Expect, Play, Row
from tests.support.databases import PostgresServer
from tests.support.repairable import REASON, App, app_of
from tests.support.small_companies import CONFIG, NOW
from tests.support.wire import Deed, Link, Moment, mysql_wire, postgres_wire
from tests.support.wired import COMMIT
from trueup.actions.repair import repair
from trueup.config import Config
from trueup.model.errors import TrueupError
from trueup.model.repair import Applied, ChangedSince, Failed, Refused, RepairResult, Stale

THEMES = (triggers, later_triggers, declared_triggers, our_tables, constraints, columns, keys, locks)
ROWS = [row for theme in THEMES for row in theme.ROWS]
PLACES = [
    pytest.param(row, place, id=f"{row.name}-{place}", marks=[] if place == "sqlite" else [pytest.mark.slow])
    for row in ROWS
    for place in row.on
]
"""On a server a row takes a database of its own and up to a second; there are hundreds, so those are slow tests."""
JOURNALED = rb"INSERT INTO trueup_journal\b"
"""The request after which the next COMMIT is the repair's own."""
NEW_ROWS = {"credit-balance": "credit_transactions", "unlimited-credits": "credit_transactions"} | {
    "paid-without-customer": "plan_changes",
    "missing-idempotency-record": "stripe_webhook_events",
}
"""The table that a repair of each check adds one row to."""


@pytest.mark.sampled(40)
@pytest.mark.parametrize(("row", "place"), PLACES)
def test_a_hostile_application(row: Row, place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    database = Database(kind=place, url=str(request.getfixturevalue(f"{place}_url")))
    database.execute(row.company.statements(place))
    app = app_of(database.url, config_of(row), tmp_path, now=NOW)
    database.execute(row.statements(place))
    for statement in row.admin:
        administer(request.getfixturevalue("postgres_server"), database, statement)
    before = database.dump()
    result = repaired(app, database, row)
    after = database.dump()
    match row.expect:
        case Expect.APPLIED:
            assert_applied(row, app, result, before=before, after=after)
        case Expect.REFUSED:
            assert_refused(row, app, result, before=before, after=after)
        case Expect.CHANGED_SINCE:
            assert_changed_since(app, result)


def test_there_are_as_many_rows_as_were_asked_for_and_each_is_one() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 120


def administer(server: PostgresServer, database: Database, statement: str) -> None:
    """Do this as the server's superuser."""
    name = urlsplit(database.url).path.removeprefix("/")
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute(statement.format(database=f'"{name}"').encode())


def config_of(row: Row) -> str:
    """The plainest config, and what the row has to say."""
    return CONFIG.replace("[repairs]\n", f"[repairs]\n{row.repairs}", 1) + row.config


def repaired(app: App, database: Database, row: Row) -> RepairResult:
    """What one attempt led to, whatever the application was doing meanwhile."""
    with played(database, row.play), seen(app.config, database, row.since) as config:
        try:
            return repair(row.issue, reason=REASON, actor="test", config=config, catalogue=app.checks, now=app.now)
        except TrueupError as error:  # a sentence at every door, and nothing changed
            return Failed(issue_id=row.issue, reason=str(error))


@contextlib.contextmanager
def seen(config: Config, database: Database, since: Sequence[str]) -> Iterator[Config]:
    """A config whose repairs go through a wire, where the application is to be between a COMMIT and its answer."""
    if not since:
        yield config
        return

    def act(_: Link) -> bool:
        database.execute(since)
        return True

    def await_commit(_: Link) -> bool:
        wire.plan(Deed(moment=Moment.WITHHELD, act=act, pattern=COMMIT))
        return True

    with (postgres_wire if database.kind == "postgres" else mysql_wire)(database.url) as wire:
        wire.plan(Deed(moment=Moment.ANSWERED, act=await_commit, pattern=JOURNALED))
        yield dataclasses.replace(config, repair_url=wire.url)
        assert wire.is_done


@contextlib.contextmanager
def played(database: Database, play: Play | None) -> Iterator[None]:
    """The other session of the application, in the middle of its transaction."""
    if play is None:
        yield
        return
    with database.session() as session:
        session.execute("BEGIN IMMEDIATE" if database.kind == "sqlite" else "BEGIN")
        for statement in play.before:
            session.execute(statement)

        def end() -> None:
            time.sleep(play.seconds or 0)
            for statement in (*play.then, play.end):
                session.execute(statement)

        if play.seconds is None:
            yield
            end()
            return
        ending = threading.Thread(target=end)
        ending.start()
        yield
        ending.join()


def assert_applied(row: Row, app: App, result: RepairResult, *, before: Dump, after: Dump) -> None:
    """The balance, one new row, the journal; nothing else has changed, and an audit finds nothing of it."""
    assert isinstance(result, Applied), result
    assert app.journal_is_sound() == 1
    assert app.rows("SELECT target, seq FROM trueup_journal") == [(row.issue, result.journal_seq)]
    assert app.rows("SELECT status FROM trueup_repair") == [("applied",)]
    assert not app.is_found(row.issue)
    if row.since:
        return
    if row.play is None:
        assert_nothing_but_the_plan(row, before, after)
    else:
        assert_played(row.play, before, after, ours=1)


def assert_nothing_but_the_plan(row: Row, before: Dump, after: Dump) -> None:
    """Row by row: one cell, one more row, and what was declared."""
    assert before.keys() == after.keys()
    table = NEW_ROWS[row.check]
    grows = {row.ledger_table if table == "credit_transactions" else table: 1, **row.grows}
    for name, rows in after.items():
        gone, come = apart(before[name], rows)
        if name == row.balance_table and row.check != "missing-idempotency-record":
            (old,), changed = gone, [each for each in come if differs_in(each, gone[0], row) is not None]
            assert len(changed) == 1, (name, gone, come)
            come.remove(changed[0])
            column = differs_in(changed[0], old, row)
            if row.check == "credit-balance":
                assert column == row.balance_column
                assert changed[0][column] == row.balance, changed
            gone = []
        assert gone == [], (name, gone, come)
        assert len(come) == grows.get(name, 0), (name, come)


def differs_in(new: dict[str, str], old: dict[str, str], row: Row) -> str | None:
    """The one column in which two rows differ, besides those that move by themselves; None where it is not one."""
    moving = row.moves.get(row.balance_table, ())
    others = [name for name in old if old[name] != new[name] and name not in moving]
    return others[0] if len(others) == 1 else None


def apart(
    before: list[dict[str, str]], after: list[dict[str, str]]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The rows that only one of two dumps has."""
    come = copy.copy(after)
    gone = [each for each in before if each not in come or come.remove(each)]  # type: ignore[func-returns-value]
    return gone, come


def assert_refused(row: Row, app: App, result: RepairResult, *, before: Dump, after: Dump) -> None:
    """Nothing has changed, and the journal says nothing."""
    assert isinstance(result, (Refused, Stale, Failed)), result
    assert not (isinstance(result, Failed) and result.unknown), result
    assert row.because in result.reason, result
    assert app.journal_is_sound() == 0
    assert app.rows("SELECT repair_id FROM trueup_repair WHERE status = 'applied'") == []
    if row.play is None:
        assert after == before
    else:
        assert_played(row.play, before, after, ours=0)


def assert_played(play: Play, before: Dump, after: Dump, *, ours: int) -> None:
    """The application has all that it wrote, and the balance is what both together make of it."""
    balances = {each["id"]: each["credits"] for each in after["users"]}
    assert balances.get("'a-1'", "") == play.credits
    entries = [each for each in after["credit_transactions"] if each["user_id"] == "'a-1'"]
    earlier = [each for each in before["credit_transactions"] if each["user_id"] == "'a-1'"]
    assert len(entries) == len(earlier) + play.entries + ours, entries
    if ours:
        last = max(entries, key=lambda each: int(each["sequence"]))
        assert (last["actor"], last["balance_after"]) == ("'trueup'", play.credits), entries


def assert_changed_since(app: App, result: RepairResult) -> None:
    """It is on record, and whoever asked is not left to believe that it holds."""
    assert isinstance(result, ChangedSince), result
    assert result.differences
    assert app.journal_is_sound() == 1
