"""Years that end early, subscriptions that name accounts which are gone, and customers known by an address alone.

What a billing engineer expects of each was written before its first run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.field.company import ACCOUNT, MAPPING, PLANS, WITHOUT_CREDITS, FieldCompany
from tests.support.field.stripe_side import ago
from tests.support.field.subscribers import subscribe

pytestmark = pytest.mark.slow  # each kind has its first company in a test of its own, which every commit passes

TIME = {"unpaid-but-active", "paid-but-blocked"}


def test_a_year_that_was_refunded_after_three_months_and_a_half(tmp_path: Path) -> None:
    """1,000 a month by a job. u1 runs; u2's year was refunded in full, ended then, and the job goes on for it.

    u3's was refunded for the rest of it (two thirds), ended, and the job stopped: it has had what it paid for.
    """
    company = FieldCompany()
    company.stripe.price("price_year", 29000, interval="year")
    for number, months, refund in ((1, 5, None), (2, 5, 29000), (3, 4, 19333)):
        ended = None if refund is None else ago(40)
        more: dict[str, Any] = {} if ended is None else {"status": "canceled", "canceled_at": ended, "ended_at": ended}
        subscribe(company, number, "price_year", 29000, began=145, days=365, start=ago(145), **more)
        for month in range(months):
            company.ledger.add(
                f"u{number}", "subscription_grant", 1000, ago(145 - 30 * month) + 60,
                invoice=f"in_{number}" if month == 0 else None,
            )  # fmt: skip
        if refund is not None:
            company.stripe.refund(f"re_{number}", f"pi_{number}", refund, ago(40))
    plans = {"u1": "pro", "u2": "pro", "u3": "free"}
    company.users(**{user: {"plan": plan, "stripe_customer_id": f"cus_{user[1]}"} for user, plan in plans.items()})
    report = company.audit(
        tmp_path,
        MAPPING
        + PLANS.replace("credits_per_period = 1000\n", "")
        + '[prices.price_year]\nplan = "PRO"\ncredits = 12000\n',
    )
    issues = {finding.id for finding in report.findings()}
    assert {"unpaid-but-active:u2"} <= issues, issues
    assert {"refund-not-clawed-back:pi_2", "refund-not-clawed-back:in_2"} & issues, issues
    about = {issue for issue in issues if "_1" in issue or "u1" in issue or "_3" in issue or "u3" in issue}
    assert not about, about


def test_subscriptions_that_name_an_account_that_is_gone(tmp_path: Path) -> None:
    """sub_2 names u9, which was deleted; sub_3's customer is nobody's."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number, metadata in ((1, {"user_id": "u1"}), (2, {"user_id": "u9"}), (3, {})):
        subscribe(company, number, "price_pro", 2900, began=8, metadata=metadata)
    company.users(u1={"plan": "pro", "stripe_customer_id": "cus_1"}, u5={})
    company.expect(
        tmp_path,
        ACCOUNT + WITHOUT_CREDITS,
        must={"orphan-subscription:sub_2", "orphan-subscription:sub_3"},
        looked=TIME | {"orphan-subscription"},
    )


def test_an_address_is_evidence_and_no_link(tmp_path: Path) -> None:
    """u2 subscribed with a new customer of its own address, which nothing links; u3 shares an address with none."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    subscribe(company, 1, "price_pro", 2900, began=8)
    subscribe(company, 2, "price_pro", 2900, began=8)
    company.users(u1={"plan": "pro", "stripe_customer_id": "cus_1"}, u2={"plan": "free"}, u3={"plan": "free"})
    company.expect(
        tmp_path,
        ACCOUNT + WITHOUT_CREDITS,
        one_of={"orphan-subscription:sub_2", "paid-but-blocked:u2"},
        looked={"paid-but-blocked", "orphan-subscription"},
    )


def test_a_month_paid_by_two_customers_of_one_account(tmp_path: Path) -> None:
    """u1 bought PRO again with a new customer: two live subscriptions, both paid; each gave its credits."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number, names in ((1, "u1"), (2, "u1"), (3, "u3")):
        subscribe(company, number, "price_pro", 2900, began=8 - number, metadata={"user_id": names})
        company.ledger.add(names, "subscription_grant", 1000, ago(8 - number) + 9, invoice=f"in_{number}")
    company.users(u1={"plan": "pro", "stripe_customer_id": "cus_2"}, u3={"plan": "pro", "stripe_customer_id": "cus_3"})
    company.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"duplicate-subscription:u1"},
        looked=TIME | {"duplicate-subscription", "wrong-account-credited", "missing-grant"},
    )
