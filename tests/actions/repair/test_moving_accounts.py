"""The application moves credits of an account in the very moment that something of it is repaired."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.application import Writer, application
from tests.support.attempts import Attempts, attempts
from tests.support.planted import planted, subject_of
from tests.support.wire import Deed, Link, Moment
from tests.support.wired import Wired
from trueup.model.repair import Applied, Failed


def test_an_event_is_recorded_while_its_account_moves(wired: Wired, through: Attempts) -> None:
    """The account is read after its ledger, and must not have moved in between: that would look like a new finding."""
    issue_id = wired.planted.take("missing-idempotency-record")
    app = wired.planted.app
    query = f"SELECT user_id FROM credit_transactions WHERE stripe_event_id = '{subject_of(issue_id)}'"
    account_id = str(app.rows(query)[0][0])
    with application(app.config.database_url) as engine, ThreadPoolExecutor() as threads:
        writer = Writer(engine=engine, url=app.config.database_url, now=app.now)
        moves: list[Future[int]] = []

        def move(_: Link) -> bool:
            moves.append(threads.submit(writer.move, account_id, 3, entry_first=False))
            time.sleep(0.2)
            return True

        def move_before_the_account_is_read(_: Link) -> bool:
            pattern = rb"(?s)SELECT .id. AS .account_id.*FROM .users"
            wired.wire.plan(Deed(moment=Moment.BEFORE, act=move, pattern=pattern))
            return True

        written = rb"INSERT INTO .stripe_webhook_events"
        wired.wire.plan(Deed(moment=Moment.ANSWERED, act=move_before_the_account_is_read, pattern=written))
        result = through.repair(issue_id, key=issue_id)
        assert moves[0].result() == 3
    assert isinstance(result, Applied), result
    assert wired.planted.is_repaired(issue_id)


@pytest.mark.slow
def test_an_entry_that_was_written_since_the_call_keeps_its_place_in_time(sqlite_url: str, tmp_path: Path) -> None:
    """Without a sequence the ledger's order is its entries' time, and the call may have waited for the account."""
    app = planted(sqlite_url, tmp_path, each=2)
    app.app.execute("ALTER TABLE credit_transactions DROP COLUMN sequence")
    issue_id = app.take("credit-balance")
    later = app.app.now + timedelta(seconds=1)
    app.app.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, posted, created_at) "
        f"SELECT user_id, 'usage', -1, balance_after - 1, TRUE, '{later}' FROM credit_transactions "
        f"WHERE user_id = '{subject_of(issue_id)}' ORDER BY id DESC LIMIT 1"
    )
    app.app.execute(f"UPDATE users SET credits = credits - 1 WHERE id = '{subject_of(issue_id)}'")
    with attempts(app) as here:
        result = here.repair(issue_id)
    assert isinstance(result, Applied), result
    app.assert_nothing_but_what_is_left()


@pytest.mark.slow
def test_a_reader_of_an_old_style_file_makes_the_commit_busy_and_nothing_is_changed(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Without a write-ahead log whoever reads keeps the others from committing."""
    app = planted(sqlite_url, tmp_path, each=2)
    issue_id = app.take("credit-balance")
    before = app.state(issue_id)
    path = sqlite_url.removeprefix("sqlite:///")
    with attempts(app) as here, contextlib.closing(sqlite3.connect(path)) as reader:
        assert reader.execute("PRAGMA journal_mode = delete").fetchone() == ("delete",)
        rows = reader.execute("SELECT id FROM users")
        rows.fetchone()
        result = here.repair(issue_id, key=issue_id)
        assert isinstance(result, Failed)
        assert result.busy
        assert not result.unknown
        rows.close()
        assert app.state(issue_id) == before
        assert isinstance(here.repair(issue_id, key=issue_id), Applied)
    app.assert_nothing_but_what_is_left()
