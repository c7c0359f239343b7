"""Bills that nothing is paid for by themselves: of a full coupon, and of usage alone.

What a billing engineer expects of each account was written before the first run. It is one company, and one audit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import ago, line
from tests.support.field.subscribers import subscribe

pytestmark = pytest.mark.slow

FREE_BY_COUPON = {"total": 0, "subtotal": 2900, "billing_reason": "subscription_create"}
OTHER_PLANS = """
[plans.YEARLY]
rank = 1
prices = [{ id = "price_year", interval = "year" }]
credits_per_period = 700
[prices.price_pack]
credits = 300
"""


def coupons(company: FieldCompany) -> set[str]:
    """A first month by a full coupon gave 1, 2 and 3 all, nothing, and a part. 4 was billed for a trial, and 5 got
    the price back by a line of the same bill. 6 and 7 have a pack by a code of 100 %, of which 7 got nothing."""
    for number, granted in ((1, 1000), (2, 0), (3, 300)):
        subscribe(company, number, "price_pro", 2900, start=ago(14), bill=FREE_BY_COUPON)
        if granted:
            company.ledger.add(f"u{number}", "subscription_grant", granted, ago(14) + 9, invoice=f"in_{number}")
    trial: dict[str, Any] = {"status": "trialing", "trial_start": ago(4), "trial_end": ago(-10), "start": ago(4)}
    bill = subscribe(company, 4, "price_pro", 2900, began=4, days=14, bill={"total": 0}, **trial)
    bill["lines"]["data"][0]["amount"] = 0  # type: ignore[index]
    bill = subscribe(company, 5, "price_pro", 2900, start=ago(14), bill={"total": 0})
    bill["lines"]["data"].append(line("in_5", None, -2900, number=1))  # type: ignore[index]
    for number in (6, 7):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        fields = {"payment_status": "no_payment_required", "client_reference_id": f"u{number}"}
        session = company.stripe.session(f"cs_{number}", f"cus_{number}", 0, ago(9), amount_subtotal=900, **fields)
        listed = {"price": company.stripe.objects["prices"][2], "quantity": 1, "amount_subtotal": 900, "id": "li_1"}
        session["line_items"] = {"object": "list", "data": [listed], "has_more": False}
    company.ledger.add("u6", "purchase", 300, ago(9) + 9, session="cs_6")
    return {"missing-grant:in_2", "wrong-grant-amount:in_3", "missing-grant:cs_7"}


def usage(company: FieldCompany) -> set[str]:
    """A bill of usage alone, mid-month: 8's gave the whole month again, 9's what it was of, 10's nothing.

    11 pays a year at once and gets a month with each bill of usage.
    """
    for number, granted in ((8, 1000), (9, 137), (10, 0)):
        subscribe(company, number, "price_pro", 2900)
        company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
        _bill_usage(company, number, 4, granted)
    subscribe(company, 11, "price_year", 29000, began=45, days=365, start=ago(45))
    company.ledger.add("u11", "subscription_grant", 700, ago(45) + 9, invoice="in_11")
    _bill_usage(company, 11, 15, 700)
    return {"wrong-grant-amount:in_8_4"}


def _bill_usage(company: FieldCompany, number: int, days: int, granted: int) -> None:
    name, customer, subscription = f"{number}_{days}", f"cus_{number}", f"sub_{number}"
    company.stripe.payment(f"pi_{name}", customer, 800, ago(days))
    lines = [line(f"in_{name}", "price_calls", 800, quantity=400, period=(ago(30), ago(4)), subscription=subscription)]
    company.stripe.invoice(f"in_{name}", customer, lines, ago(days), subscription=subscription, payment=f"pi_{name}")
    if granted:
        company.ledger.add(f"u{number}", "subscription_grant", granted, ago(days) + 9, invoice=f"in_{name}")


def test_bills_of_a_full_coupon_and_of_usage_alone(tmp_path: Path) -> None:
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_year", 29000, interval="year")
    company.stripe.price("price_pack", 900, interval=None, product="prod_pack")
    meter = {"interval": "month", "interval_count": 1, "usage_type": "metered", "meter": "mtr_1"}
    company.stripe.price("price_calls", 2, product="prod_calls", recurring=meter)
    company.ledger.add("u0", "promotional_grant", 1, ago(390))
    must = coupons(company) | usage(company)
    plans = dict.fromkeys((1, 2, 3, 4, 5, 8, 9, 10), "pro") | {11: "yearly"}
    users = {f"u{n}": {"stripe_customer_id": f"cus_{n}", "plan": plans.get(n, "free")} for n in range(1, 12)}
    company.users(u0={}, **users)
    company.expect(
        tmp_path,
        MAPPING.replace('TEAM = ["team"]', 'TEAM = ["team"]\nYEARLY = ["yearly"]') + PLANS + OTHER_PLANS,
        must=must,
        looked={"missing-grant", "wrong-grant-amount", "unpaid-but-active", "paid-but-blocked"},
    )
