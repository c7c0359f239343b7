"""cardstack/boxel PR #1807 (2024-11-18), amplication issue #5411 (2023-03-13): the free plan is a subscription, too.

It costs 0. An upgrade is a subscription of its own, and the free one stays.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.subscribers import subscribe

LOOKED = {"duplicate-subscription", "unpaid-but-active", "paid-but-blocked", "plan-mismatch", "unmapped-price"}
MAY = {"missing-grant:*", "stale-paid-plan:*"}
"""No credits are kept here."""
CONFIG = MAPPING + PLANS.replace(
    "[plans.FREE]\nrank = 0\n", '[plans.FREE]\nrank = 0\nprices = [{ id = "price_free" }]\n'
)
CONFIG += '[prices.price_pro_two]\nplan = "PRO"\n'


def company(*, second_amount: int = 0) -> FieldCompany:
    """u1 is free by a subscription; u2 pays for PRO beside it; u3 has a second price of PRO beside the first."""
    company = FieldCompany()
    company.stripe.price("price_free", 0, product="prod_free")
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_pro_two", second_amount)
    subscribe(company, 1, "price_free", 0)
    subscribe(company, 2, "price_free", 0)
    subscribe(company, 22, "price_pro", 2900, customer="cus_2", began=9, start=None)
    subscribe(company, 3, "price_pro", 2900)
    subscribe(company, 33, "price_pro_two", second_amount, customer="cus_3", began=9, start=None)
    company.users(
        u1={"stripe_customer_id": "cus_1"},
        u2={"plan": "pro", "stripe_customer_id": "cus_2"},
        u3={"plan": "pro", "stripe_customer_id": "cus_3"},
    )
    return company


def test_what_costs_nothing_is_no_second_charge(tmp_path: Path) -> None:
    company().expect(tmp_path, CONFIG, may=MAY, looked=LOOKED)


@pytest.mark.slow
def test_a_second_price_of_the_plan_that_costs_is_one(tmp_path: Path) -> None:
    charged = company(second_amount=1900)
    charged.expect(tmp_path, CONFIG, must={"duplicate-subscription:u3"}, may=MAY, looked=LOOKED)
