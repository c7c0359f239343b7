"""enupal/stripe issue #392 (2024-04-10), stripe-samples issue #525 (2022-08-09): a coupon of 100 %, and no activation.

The session has no payment and the first invoice is of 0; the plugin looked for a payment and failed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import Json, ago
from tests.support.field.subscribers import subscribe


def test_who_owes_nothing_by_a_coupon_is_owed_the_plan(tmp_path: Path) -> None:
    """u1 was not activated, and only the checkout names it; u2 was; u3 has the coupon for ever, and is served."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    free: Json = {"total": 0, "subtotal": 2900}
    for number in (1, 2, 3):
        began = 5 if number < 3 else 20
        start = ago(began) if number < 3 else ago(200)
        subscribe(company, number, "price_pro", 2900, began=began, start=start, bill=free)
        checkout: dict[str, Any] = {
            "mode": "subscription",
            "client_reference_id": f"u{number}",
            "subscription": f"sub_{number}",
        }
        company.stripe.session(f"cs_{number}", f"cus_{number}", 0, start, invoice=f"in_{number}", **checkout)
    company.users(
        u1={},
        u2={"plan": "pro", "stripe_customer_id": "cus_2"},
        u3={"plan": "pro", "stripe_customer_id": "cus_3"},
    )
    company.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"paid-but-blocked:u1"},
        may={"missing-grant:*", "stale-paid-plan:*"},
        looked={"paid-but-blocked", "unpaid-but-active", "plan-mismatch"},
    )
