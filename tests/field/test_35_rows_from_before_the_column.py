"""vm0-ai/vm0 issue #11501 (2026-04-29): values of rows from before a column are NULL.

Just as usual: ``balance_after`` was added to a ledger that already had rows.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import ago

OLD = ((800, "purchase", 500), (790, "usage", -100), (780, "usage", -50))
SINCE = ((40, "purchase", 300), (30, "usage", -20))
LOOKED = {"credit-balance", "ledger-break", "unreadable-row", "negative-balance"}


def company(*, accounts: int = 2, cached_too_high: int = 50, **more: dict[str, object]) -> FieldCompany:
    """The last account's cached balance is too high; each has three rows from before the column."""
    company = FieldCompany()
    names = [f"u{number}" for number in range(1, accounts + 1)]
    for user in names:
        for days, kind, amount in (*OLD, *SINCE):
            payment = f"pi_{user}_{days}" if kind == "purchase" else None
            row = company.ledger.add(user, kind, amount, ago(days), payment=payment)
            if days > 700:
                row["balance_after"] = None
        company.stripe.customer(f"cus_{user}", f"{user}@example.com")
        company.stripe.payment(f"pi_{user}_40", f"cus_{user}", 600, ago(40) - 30)
    users: dict[str, dict[str, object]] = {user: {"stripe_customer_id": f"cus_{user}"} for user in names}
    users[names[-1]]["credits"] = company.ledger.balances[names[-1]] + cached_too_high
    company.users(**users, **more)
    return company


@pytest.mark.slow
def test_old_rows_are_one_finding_and_the_later_chain_is_judged(tmp_path: Path) -> None:
    company().expect(
        tmp_path,
        MAPPING + PLANS,
        must={"credit-balance:u2", "unreadable-row:ledger_entry:balance_after is missing"},
        looked=LOOKED,
    )


def test_the_old_rows_of_one_account_are_not_three_findings(tmp_path: Path) -> None:
    company(accounts=1).expect(
        tmp_path,
        MAPPING + PLANS,
        must={"credit-balance:u1", "unreadable-row:ledger_entry:balance_after is missing"},
        looked=LOOKED,
    )


@pytest.mark.slow
def test_the_later_chain_is_looked_at_entry_by_entry(tmp_path: Path) -> None:
    """The balance of u1's last entry was computed from a stale one, and its cache is by the sum."""
    broken = company(accounts=1, cached_too_high=-10)
    last = broken.ledger.add("u1", "usage", -10, ago(20))
    last["balance_after"] = "640"
    report = broken.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"credit-balance:u1", "ledger-break:6"},
        may={"unreadable-row:*"},
        looked=LOOKED,
    )
    (drift,) = [finding for finding in report.findings() if finding.check == "credit-balance"]
    assert drift.evidence["diagnosis"] == "lost-update"


@pytest.mark.slow
def test_a_missing_balance_behind_the_first_one_leaves_the_account_unknown(tmp_path: Path) -> None:
    doubtful = company()
    doubtful.ledger.rows[-1]["balance_after"] = None
    doubtful.expect(
        tmp_path, MAPPING + PLANS, must={"unreadable-row:ledger_entry:balance_after is missing"}, looked=LOOKED
    )


@pytest.mark.slow
def test_an_account_that_has_only_old_rows_is_unknown(tmp_path: Path) -> None:
    old = company(cached_too_high=0, u3={"credits": "350"})
    for days, kind, amount in OLD:
        old.ledger.add("u3", kind, amount, ago(days), payment=f"pi_u3_{days}" if amount > 0 else None)
        old.ledger.rows[-1]["balance_after"] = None
    old.expect(tmp_path, MAPPING + PLANS, must={"unreadable-row:ledger_entry:balance_after is missing"}, looked=LOOKED)


@pytest.mark.slow
def test_an_old_row_that_lacks_its_amount_too_leaves_the_account_unknown(tmp_path: Path) -> None:
    doubtful = company()
    doubtful.ledger.rows[5]["amount"] = None
    doubtful.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"unreadable-row:ledger_entry:balance_after is missing", "unreadable-row:ledger_entry:6"},
        looked=LOOKED,
    )


@pytest.mark.slow
def test_a_day_in_the_config_says_that_earlier_rows_need_no_balance(tmp_path: Path) -> None:
    """Not a word about the old rows then; of an account that has no others nothing is known."""
    old = company(u3={"credits": "350"})
    for days, kind, amount in OLD:
        old.ledger.add("u3", kind, amount, ago(days), payment=f"pi_u3_{days}" if amount > 0 else None)
        old.ledger.rows[-1]["balance_after"] = None
    since = MAPPING.replace("dense_sequence = false\n", "dense_sequence = false\nbalances_since = 2025-01-01\n")
    old.expect(tmp_path, since + PLANS, must={"credit-balance:u2"}, looked=LOOKED)


@pytest.mark.slow
def test_a_missing_balance_after_that_day_is_unreadable_all_the_same(tmp_path: Path) -> None:
    since = MAPPING.replace("dense_sequence = false\n", "dense_sequence = false\nbalances_since = 2025-01-01\n")
    doubtful = company()
    doubtful.ledger.rows[-1]["balance_after"] = None
    doubtful.expect(tmp_path, since + PLANS, must={"unreadable-row:ledger_entry:10"}, looked=LOOKED)
