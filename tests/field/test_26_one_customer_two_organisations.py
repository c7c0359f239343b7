"""better-auth/better-auth issue #3772 (2025-08-04): one customer, and a subscription for each of two organisations."""

from __future__ import annotations

from pathlib import Path

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.subscribers import subscribe


def test_each_subscription_pays_for_the_organisation_that_it_names(tmp_path: Path) -> None:
    """org_3 hangs on the same customer, and no subscription names it."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_team", 9900)
    company.stripe.customer("cus_1", "bob@example.com")
    for number, price, amount in ((1, "price_team", 9900), (2, "price_pro", 2900)):
        subscribe(company, number, price, amount, customer="cus_1", metadata={"user_id": f"org_{number}"})
    company.users(
        org_1={"plan": "team", "stripe_customer_id": "cus_1"},
        org_2={"plan": "pro", "stripe_customer_id": "cus_1"},
        org_3={"plan": "pro", "stripe_customer_id": "cus_1"},
    )
    company.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"unpaid-but-active:org_3"},
        may={"shared-customer:cus_1", "missing-grant:*", "stale-paid-plan:*"},
        looked={"unpaid-but-active", "paid-but-blocked", "plan-mismatch", "shared-customer"},
    )
