"""The first row of a ledger: deleted, edited or invented, and followed by rows that agree with each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, PLANS, WEBHOOK_EVENT, FieldCompany
from tests.support.field.stripe_side import ago

FROM_ZERO = LEDGER_ENTRY.replace("dense_sequence = false\n", "dense_sequence = false\nledger_starts_at = 0\n")
LOOKED = {"ledger-break", "credit-balance"}


def company() -> FieldCompany:
    """Of u1 the first row was deleted, of u2 its amount was edited; u3 is as it was written."""
    company = FieldCompany()
    for user in ("u1", "u2", "u3"):
        company.ledger.add(user, "promotional_grant", 500, ago(60))
        company.ledger.add(user, "usage", -100, ago(30))
        company.ledger.add(user, "usage", -20, ago(10))
    del company.ledger.rows[0]
    company.ledger.rows[2]["amount"] = "50"
    company.users(u1={}, u2={}, u3={})
    return company


def test_a_first_row_that_was_tampered_with_is_found_where_ledgers_begin_at_zero(tmp_path: Path) -> None:
    config = ACCOUNT + FROM_ZERO + WEBHOOK_EVENT + PLANS
    company().expect(tmp_path, config, must={"ledger-break:2", "ledger-break:4"}, looked=LOOKED)


@pytest.mark.slow
def test_it_may_follow_from_any_balance_where_the_config_says_nothing(tmp_path: Path) -> None:
    company().expect(tmp_path, ACCOUNT + LEDGER_ENTRY + WEBHOOK_EVENT + PLANS, looked=LOOKED)
