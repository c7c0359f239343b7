"""A look right after COMMIT: what the application changed at once is said, and its own new entries are no change."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.support.repairable import REASON, App
from tests.support.tiny_app import ACCOUNT, WRONG, tiny_app
from trueup.actions.repair import RepairSession, open_repair_session, repair
from trueup.cli.repaired import as_document, as_text, exit_code
from trueup.model.repair import Applied, ChangedSince, RepairResult

BACK = f"UPDATE users SET credits = 145 WHERE id = '{ACCOUNT}'"
SPENT = f"UPDATE users SET credits = 90 WHERE id = '{ACCOUNT}'"
ENTRY = (
    "INSERT INTO credit_transactions (id, user_id, sequence, type, amount, balance_after, posted, created_at) "
    f"VALUES (2000, '{ACCOUNT}', 4, 'usage', -5, 90, {{true}}, '2026-03-02 00:00:00')"
)
GONE = "DELETE FROM credit_transactions WHERE sequence = 3"


@pytest.fixture(params=["sqlite_url", "postgres_url", "mariadb_url"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> App:
    return tiny_app(str(request.getfixturevalue(request.param)), tmp_path)


def repaired_while(
    app: App, monkeypatch: pytest.MonkeyPatch, *statements: str, key: str | None = None
) -> tuple[RepairSession, RepairResult]:
    """A repair after whose COMMIT, and before the next look, the application writes this."""
    session = open_repair_session(app.config, app.checks)
    look = session.target.look_again

    @contextlib.contextmanager
    def look_again(connection: Connection) -> Iterator[Connection]:
        for statement in statements:
            app.execute(statement)
        with look(connection) as fresh:
            yield fresh

    monkeypatch.setattr(session.target, "look_again", look_again)
    return session, ask(app, session, key=key)


def ask(app: App, session: RepairSession, *, key: str | None) -> RepairResult:
    return repair(
        WRONG,
        reason=REASON,
        actor="test",
        config=app.config,
        catalogue=app.checks,
        now=app.now,
        idempotency_key=key,
        session=session,
    )


@pytest.mark.slow
def test_a_balance_that_goes_back_right_after_is_said_now_and_to_a_repeated_call(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, result = repaired_while(app, monkeypatch, BACK, key="key-1")
    assert isinstance(result, ChangedSince), result
    assert result.differences == ("users.credits of user_1 was written as 95 and is 145",)
    assert exit_code(result) == 1
    assert "applied, and changed by the application since:\n    users.credits of user_1" in as_text(result)
    document = as_document(result)
    assert (document["result"], document["changedSince"]) == ("changed_since", list(result.differences))
    again = ask(app, session, key="key-1")
    assert isinstance(again, ChangedSince), again
    assert again.applied.replayed
    assert again.differences == result.differences
    assert app.journal_is_sound() == 1


def test_an_audit_row_that_goes_right_after_is_said(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    _, result = repaired_while(app, monkeypatch, GONE)
    assert isinstance(result, ChangedSince), result
    assert result.differences == ("the row added to credit_transactions is not there",)


@pytest.mark.slow
def test_credits_that_are_spent_right_after_are_the_application_s_own(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = "TRUE" if app.config.database_url.startswith("postgres") else "1"
    _, result = repaired_while(app, monkeypatch, ENTRY.format(true=true), SPENT)
    assert isinstance(result, Applied), result
    assert app.rows(f"SELECT credits FROM users WHERE id = '{ACCOUNT}'") == [(90,)]
