"""A subscriber left: the subscription is over since five days, the plan is free, and no history of plans is kept.

The last renewal was paid and credited. The credits were granted for what was paid for then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import ago
from tests.support.field.subscribers import subscribe

LOOKED = {"free-with-subscription-grant"}
LEFT: dict[str, Any] = {"status": "canceled", "cancel_at_period_end": True, "canceled_at": ago(20), "ended_at": ago(5)}


def company(*, granted: float, invoice: str | None) -> FieldCompany:
    """A subscriber whose last month was from 35 days ago to 5, and was credited so many days ago."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    subscribe(company, 1, "price_pro", 2900, began=35, **LEFT)
    company.ledger.add("u1", "subscription_grant", 1000, ago(35) + 5, invoice=invoice)
    if granted != 35:
        company.ledger.add("u1", "subscription_grant", 1000, ago(granted))
    company.users(u1={"stripe_customer_id": "cus_1"})
    return company


@pytest.mark.slow
@pytest.mark.parametrize("invoice", ["in_1", None], ids=["the grant names its invoice", "the grant names nothing"])
def test_what_was_granted_while_it_was_paid_for_is_no_finding(tmp_path: Path, invoice: str | None) -> None:
    churned = company(granted=35, invoice=invoice)
    churned.expect(tmp_path, MAPPING + PLANS, may={"grant-without-invoice:*", "missing-grant:*"}, looked=LOOKED)


def test_what_was_granted_after_the_end_is_one(tmp_path: Path) -> None:
    churned = company(granted=2, invoice="in_1")
    churned.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"free-with-subscription-grant:u1"},
        may={"grant-without-invoice:*"},
        looked=LOOKED,
    )
