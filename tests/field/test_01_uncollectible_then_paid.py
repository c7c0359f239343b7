"""andrei-tatar/node-red-contrib-smartnora issue #337 (2025-12-13): an invoice was paid after the subscription's end.

A renewal could not be collected, Stripe gave it up and ended the subscription; ten hours later the customer paid the
invoice on its page. Money was taken for a month that nothing serves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import Json, ago
from tests.support.field.subscribers import subscribe

LOOKED = {"paid-but-blocked", "unpaid-but-active"}
ENDED: dict[str, Any] = {"status": "canceled", "ended_at": ago(3), "canceled_at": ago(3)}


def paid(days: float) -> Json:
    """The bill's moments, where it was paid so many days ago."""
    return {"status_transitions": {"paid_at": ago(days), "finalized_at": ago(14)}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("price", "amount", "interval", "count", "days"),
    [
        pytest.param("price_pro", 900, "month", 1, 30, id="monthly"),
        pytest.param("price_pro", 2400, "month", 3, 91, id="quarterly"),
        pytest.param("price_pro", 9000, "year", 1, 365, id="yearly"),
    ],
)
def test_what_was_paid_after_the_subscription_ended_is_owed(
    tmp_path: Path, price: str, amount: int, interval: str, count: int, days: float
) -> None:
    """u1 paid ten hours after the end; u2 is a usual subscriber; u3 paid in time, and ended it at once."""
    company = FieldCompany()
    company.stripe.price(price, amount, interval=interval, count=count)
    subscribe(company, 1, price, amount, days=days, bill=paid(2.6), **ENDED)
    subscribe(company, 2, price, amount, days=days)
    subscribe(company, 3, price, amount, days=days, bill=paid(13.9), **ENDED)
    company.users(
        u1={"stripe_customer_id": "cus_1"},
        u2={"plan": "pro", "stripe_customer_id": "cus_2"},
        u3={"stripe_customer_id": "cus_3"},
    )
    may = {"missing-grant:*", "stale-paid-plan:*"}  # no credits are kept here
    company.expect(tmp_path, MAPPING + PLANS, must={"paid-but-blocked:u1"}, may=may, looked=LOOKED)


def test_a_week_that_is_over_is_owed_no_more(tmp_path: Path) -> None:
    company = FieldCompany()
    company.stripe.price("price_pro", 300, interval="week")
    subscribe(company, 1, "price_pro", 300, days=7, began=14, bill=paid(2.6), **ENDED)
    subscribe(company, 2, "price_pro", 300, days=7, began=3)
    company.users(u1={"stripe_customer_id": "cus_1"}, u2={"plan": "pro", "stripe_customer_id": "cus_2"})
    may = {"missing-grant:*", "stale-paid-plan:*"}
    company.expect(tmp_path, MAPPING + PLANS, may=may, looked=LOOKED)
