"""Allowances that were raised, and plans that are paid for good, are proposed where the sales show them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.doctor.test_observed import observed
from tests.field.test_what_is_sold import subscribers
from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, MAPPING, PLANS, WEBHOOK_EVENT, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, ago, line, written

ALUMNI = (
    ACCOUNT.replace('PRO = ["pro"]\nTEAM = ["team"]', 'ALUMNI = ["alumni"]')
    + LEDGER_ENTRY
    + WEBHOOK_EVENT
    + """
[plans.FREE]
rank = 0
[plans.ALUMNI]
rank = 1
prices = [{ id = "price_third" }, { id = "price_pass" }]
"""
)


@pytest.mark.slow
def test_a_number_that_all_sales_changed_to_is_proposed_with_its_day(tmp_path: Path) -> None:
    """TEAM was raised fifteen days ago. PRO was credited wrongly once, and first: nothing tells that from a raise."""
    company = subscribers(
        *(("price_team", days, 4000) for days in (29, 27, 22)),
        *(("price_team", days, 5000) for days in (14, 9, 3)),
        ("price_pro", 28, 500),
        *(("price_pro", days, 1000) for days in (20, 12)),
        prices={"price_pro": 2900, "price_team": 9900},
    )
    company.write(tmp_path, MAPPING + PLANS)
    (says,) = observed(tmp_path, "prices")
    day = written(ago(14))[:10]
    assert says == (
        "the 3 paid units of price_team before "
        f"{day} were followed by 4000 credits each, and the 3 since by 5000: "
        f"say [prices.price_team] credits = 4000, history = [{{ since = {day}, credits = 5000 }}]"
    )


@pytest.mark.slow
def test_what_the_config_says_of_a_raise_is_not_proposed_again(tmp_path: Path) -> None:
    """The proposed line is taken, and the audit has nothing to say."""
    bought = [(days, 4000) for days in (29, 27)] + [(days, 5000) for days in (14, 9)]
    company = subscribers(*(("price_team", *sale) for sale in bought), prices={"price_team": 9900})
    for row in company.tables[0][1]:
        assert isinstance(row, dict)
        row["plan"] = "team" if row["plan"] == "pro" else row["plan"]
    history = f"history = [{{ since = {written(ago(14))[:10]}, credits = 5000 }}]"
    config = f"{MAPPING}{PLANS}[prices.price_team]\ncredits = 4000\n{history}\n"
    company.expect(tmp_path, config, looked={"wrong-grant-amount"})
    assert observed(tmp_path, "prices") == []


def school(*, planned: bool, old_buyers: str) -> FieldCompany:
    """u1 and u2 paid three thirds, u3 two of them; u4 and u5 bought a pass 200 days ago, u6 last week.

    ``planned``: the subscriptions were to end on their day from their start, and were not left by the customer.
    """
    company = FieldCompany()
    company.stripe.price("price_third", 9000)
    company.stripe.price("price_pass", 25000, interval=None)
    month = 30 * DAY_SECONDS
    for number, payments in ((1, 3), (2, 3), (3, 2)):
        began = ago(190 + number)
        ended = began + payments * month
        ends = {"cancel_at": ended, "cancel_at_period_end": not planned} if payments == 3 else {}
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.subscription(
            f"sub_{number}",
            f"cus_{number}",
            [("price_third", 1)],
            period=(ended - month, ended),
            start=began,
            status="canceled",
            canceled_at=ended,
            ended_at=ended,
            **ends,
        )
        for count in range(payments):
            bill, start = f"in_{number}_{count}", began + count * month
            company.stripe.payment(f"pi_{bill}", f"cus_{number}", 9000, start)
            lines = [line(bill, "price_third", 9000, period=(start, start + month), subscription=f"sub_{number}")]
            company.stripe.invoice(
                bill, f"cus_{number}", lines, start, subscription=f"sub_{number}", payment=f"pi_{bill}"
            )
    for number, days in ((4, 200), (5, 180), (6, 7)):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 25000, ago(days))
    plans = {1: "alumni", 2: "alumni", 3: "free", 4: old_buyers, 5: old_buyers, 6: "alumni"}
    company.users(**{f"u{n}": {"stripe_customer_id": f"cus_{n}", "plan": plan} for n, plan in plans.items()})
    return company


@pytest.mark.slow
def test_a_plan_that_goes_on_after_its_last_payment_is_proposed_as_one_for_good(tmp_path: Path) -> None:
    school(planned=True, old_buyers="alumni").write(tmp_path, ALUMNI)
    assert observed(tmp_path, "prices") == [
        (
            "price_pass is sold once, and 2 of 2 accounts that bought it more than 62 days ago are on ALUMNI without a "
            "subscription: if it pays for good, say [prices.price_pass] lifetime = true"
        ),
        (
            "2 subscriptions to price_third ended on the day that was set for them, after 3 payments each, and 2 of 2 "
            "accounts are still on ALUMNI: if that pays for good, say [prices.price_third] lifetime_after = 3"
        ),
    ]


@pytest.mark.slow
def test_a_plan_that_ends_with_what_was_paid_is_not(tmp_path: Path) -> None:
    """A pass for a month: its old buyers are on the free plan. And customers who left are served by mistake."""
    school(planned=False, old_buyers="free").write(tmp_path, ALUMNI)
    assert observed(tmp_path, "prices") == []


@pytest.mark.slow
def test_the_proposed_lines_leave_no_finding(tmp_path: Path) -> None:
    company = school(planned=True, old_buyers="alumni")
    said = "[prices.price_pass]\nlifetime = true\n[prices.price_third]\nlifetime_after = 3\n"
    company.expect(tmp_path, ALUMNI + said, looked={"unpaid-but-active"})
    assert observed(tmp_path, "prices") == []
