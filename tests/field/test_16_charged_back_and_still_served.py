"""antiwork/gumroad PR #6568 (2026-07-29), sourcegraph/cody issue #1605 (2023-11-02): charged back, and served still.

The bank took the payment of the running period back and the dispute was lost. The subscription goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import ago
from tests.support.field.subscribers import subscribe

LOOKED = {"paid-but-blocked", "unpaid-but-active"}
MAY = {"missing-grant:*", "stale-paid-plan:*"}
"""No credits are kept here."""


def lose(company: FieldCompany) -> None:
    """The dispute was lost."""
    company.stripe.dispute("dp_1", "pi_1", 2900, ago(8))


def win(company: FieldCompany) -> None:
    """The dispute was won."""
    company.stripe.dispute("dp_1", "pi_1", 2900, ago(8), status="won")


def refund(company: FieldCompany) -> None:
    """All of it was refunded."""
    company.stripe.refund("re_1", "pi_1", 2900, ago(8))


def refund_part(company: FieldCompany) -> None:
    """A part of it was refunded."""
    company.stripe.refund("re_1", "pi_1", 1000, ago(8))


def company() -> FieldCompany:
    """Two subscribers of PRO, both served."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in (1, 2):
        subscribe(company, number, "price_pro", 2900)
    company.users(u1={"plan": "pro", "stripe_customer_id": "cus_1"}, u2={"plan": "pro", "stripe_customer_id": "cus_2"})
    return company


@pytest.mark.parametrize("happens", [lose, refund])
def test_who_got_the_running_month_back_is_served_for_nothing(
    tmp_path: Path, happens: Callable[[FieldCompany], None]
) -> None:
    served = company()
    happens(served)
    served.expect(tmp_path, MAPPING + PLANS, must={"unpaid-but-active:u1"}, may=MAY, looked=LOOKED)


@pytest.mark.slow
@pytest.mark.parametrize("happens", [win, refund_part])
def test_who_paid_at_least_a_part_is_served_rightly(tmp_path: Path, happens: Callable[[FieldCompany], None]) -> None:
    served = company()
    happens(served)
    served.expect(tmp_path, MAPPING + PLANS, may=MAY, looked=LOOKED)


@pytest.mark.slow
def test_the_last_three_bills_were_given_up_and_the_subscription_is_active(tmp_path: Path) -> None:
    served = FieldCompany()
    served.stripe.price("price_pro", 2900)
    subscribe(served, 1, "price_pro", 2900, bill={"status": "uncollectible"})
    subscribe(served, 2, "price_pro", 2900)
    served.stripe.objects["payment_intents"][0] |= {"status": "requires_payment_method", "amount_received": 0}
    served.users(u1={"plan": "pro", "stripe_customer_id": "cus_1"}, u2={"plan": "pro", "stripe_customer_id": "cus_2"})
    served.expect(tmp_path, MAPPING + PLANS, must={"unpaid-but-active:u1"}, may=MAY, looked=LOOKED)
