"""Every repair that an audit offers holds, in every kind of database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.repairable import REASON, App, demo_app
from trueup.actions.repair import open_repair_session, preview, repair
from trueup.actions.repair.plan import value_text
from trueup.model.change import Change
from trueup.model.repair import Applied, PlannedRepair, Previewed, Refused, Stale

DATABASES = ["sqlite_url", "postgres_url", "mariadb_url"]
SUMS = "SELECT sum(amount), count(*) FROM credit_transactions WHERE amount <> 0"


@pytest.fixture(params=DATABASES)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> App:
    return demo_app(str(request.getfixturevalue(request.param)), tmp_path)


def applied(app: App, issue_id: str, *, key: str | None = None) -> Applied:
    result = repair(
        issue_id,
        reason=REASON,
        actor="test",
        config=app.config,
        catalogue=app.checks,
        now=app.now,
        idempotency_key=key,
    )
    assert isinstance(result, Applied), result
    return result


@pytest.mark.slow
def test_all_that_is_offered_is_applied_and_nothing_else_is_found_afterwards(app: App) -> None:
    before = app.report()
    offered = {finding.id for finding in before.findings() if finding.repairable}
    sums = app.rows(SUMS)
    session = open_repair_session(app.config, app.checks)
    for issue_id in sorted(offered):
        result = repair(
            issue_id, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now, session=session
        )
        assert isinstance(result, Applied), result
    after = {finding.id for finding in app.report().findings()}
    assert {finding.id for finding in before.findings()} - after == offered
    assert after <= {finding.id for finding in before.findings()}
    assert app.rows(SUMS) == sums
    assert app.journal_is_sound() == len(offered)
    kinds = {str(kind) for (kind,) in app.rows("SELECT action FROM trueup_journal")}
    assert kinds == {
        "sync-credit-balance",
        "downgrade-to-free",
        "switch-off-unlimited",
        "backfill-idempotency-record",
    }


@pytest.mark.slow
def test_a_preview_and_a_dry_run_write_nothing(app: App) -> None:
    finding = app.repairable("credit-balance")[0]
    plan = preview(finding.id, config=app.config, catalogue=app.checks, now=app.now)
    assert isinstance(plan, PlannedRepair)
    assert plan.change == finding.repair
    dry = repair(
        finding.id,
        reason=REASON,
        actor="test",
        config=app.config,
        catalogue=app.checks,
        now=app.now,
        plan_hash=plan.plan_hash,
        dry_run=True,
    )
    assert dry == Previewed(plan=plan)
    assert app.journal_is_sound() == 0
    assert app.rows("SELECT count(*) FROM trueup_repair") == [(0,)]
    assert app.is_found(finding.id)


@pytest.mark.slow
def test_the_second_of_two_calls_is_stale(app: App) -> None:
    finding = app.repairable("unlimited-credits")[0]
    applied(app, finding.id)
    again = repair(finding.id, reason=REASON, actor="other", config=app.config, catalogue=app.checks, now=app.now)
    assert isinstance(again, Stale)
    assert app.journal_is_sound() == 1
    assert sorted(str(status) for (status,) in app.rows("SELECT status FROM trueup_repair")) == ["applied", "stale"]


@pytest.mark.slow
def test_the_same_idempotency_key_gives_the_first_result_again(app: App) -> None:
    finding = app.repairable("missing-idempotency-record")[0]
    first = applied(app, finding.id, key="key-1")
    second = applied(app, finding.id, key="key-1")
    assert second.replayed
    assert (second.repair_id, second.journal_seq, second.applied_at) == (
        first.repair_id,
        first.journal_seq,
        first.applied_at,
    )
    other = repair(
        finding.id,
        reason="Quite another reason.",
        actor="test",
        config=app.config,
        catalogue=app.checks,
        now=app.now,
        idempotency_key="key-1",
    )
    assert isinstance(other, Refused)
    assert other.conflict
    assert app.journal_is_sound() == 1


def test_a_plan_that_is_no_longer_what_was_previewed_is_stale(app: App) -> None:
    finding = app.repairable("credit-balance")[0]
    plan = preview(finding.id, config=app.config, catalogue=app.checks, now=app.now)
    assert isinstance(plan, PlannedRepair)
    app.execute(f"UPDATE users SET credits = credits + 7 WHERE id = '{finding.subject}'")
    result = repair(
        finding.id,
        reason=REASON,
        actor="test",
        config=app.config,
        catalogue=app.checks,
        now=app.now,
        plan_hash=plan.plan_hash,
    )
    assert isinstance(result, Stale)
    assert "preview it again" in result.reason
    assert app.journal_is_sound() == 0


@pytest.mark.slow
def test_the_audit_row_of_a_balance_sync_carries_the_delta_and_moves_nothing(app: App) -> None:
    finding = app.repairable("credit-balance")[0]
    applied(app, finding.id)
    assert isinstance(finding.repair, Change)
    cell = finding.repair.replace
    assert cell is not None
    cached, ledger = value_text(cell.old), value_text(cell.new)
    rows = app.rows(
        f"SELECT type, amount, balance_after, reason FROM credit_transactions WHERE user_id = '{finding.subject}' "
        "AND type = 'balance_sync'"
    )
    assert rows == [("balance_sync", 0, int(ledger or ""), f"trueup: balance synced from {cached} to {ledger}")]
    assert app.rows(f"SELECT credits FROM users WHERE id = '{finding.subject}'") == [(int(ledger or ""),)]
