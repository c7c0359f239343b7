"""A ledger that keeps no running balance: what can be judged by sums is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, PLANS, WEBHOOK_EVENT, FieldCompany
from tests.support.field.stripe_side import ago
from trueup.model.change import Refusal
from trueup.model.outcome import Skipped
from trueup.model.severity import Severity

SUMS = LEDGER_ENTRY.replace('balance_after = "balance_after"\n', "")
LOOKED = {"credit-balance", "negative-balance", "ledger-orphan", "ledger-time-travel"}


def company() -> FieldCompany:
    """Of u2 the cached balance is too high, u3 is overdrawn, and somebody who is gone still has an entry."""
    company = FieldCompany()
    for user, spent in (("u1", 100), ("u2", 100), ("u3", 700), ("gone", 100)):
        company.ledger.add(user, "promotional_grant", 500, ago(60))
        company.ledger.add(user, "usage", -spent, ago(30))
    company.ledger.add("u1", "usage", -1, ago(-9))
    for row in company.ledger.rows:
        row["balance_after"] = None
    company.users(u1={}, u2={"credits": "450"}, u3={})
    return company


def test_the_cached_balance_is_held_against_the_sum(tmp_path: Path) -> None:
    config = ACCOUNT + SUMS.replace("dense_sequence = false\n", "ledger_starts_at = 0\n") + WEBHOOK_EVENT + PLANS
    report = company().expect(
        tmp_path,
        config,
        must={"credit-balance:u2", "negative-balance:u3", "ledger-orphan:gone", "ledger-time-travel:9"},
        looked=LOOKED,
    )
    drift = next(finding for finding in report.findings() if finding.check == "credit-balance")
    assert drift.severity is Severity.CRITICAL
    assert drift.evidence["diagnosis"] == "no-running-balance"
    assert isinstance(drift.repair, Refusal)
    broken = report.outcome("ledger-break")
    assert broken is not None
    assert isinstance(broken.outcome, Skipped)


@pytest.mark.slow
def test_it_is_a_warning_where_nothing_says_at_what_balance_ledgers_begin(tmp_path: Path) -> None:
    config = ACCOUNT + SUMS + WEBHOOK_EVENT + PLANS
    report = company().expect(
        tmp_path,
        config,
        must={"credit-balance:u2", "negative-balance:u3", "ledger-orphan:gone", "ledger-time-travel:9"},
        looked=LOOKED,
    )
    drift = next(finding for finding in report.findings() if finding.check == "credit-balance")
    assert drift.severity is Severity.WARNING
