"""Companies that sell time in other ways: by invoice and on terms, from a day in the past, on trial, with pauses.

Each account is served what it is on; the innocents are quiet, and beside each of them is one that is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, Json, ago, line
from tests.support.field.subscribers import subscribe

LOOKED = {"unpaid-but-active", "paid-but-blocked", "plan-mismatch"}
MAY = {"missing-grant:*", "stale-paid-plan:*"}
"""No credits are kept here."""


def company(**plans: str) -> FieldCompany:
    """A company with its prices, and an account on each of these plans whose customer has its number."""
    company = FieldCompany()
    for price, amount, interval, count in (
        ("price_pro", 2900, "month", 1),
        ("price_team", 9900, "month", 1),
        ("price_quarter", 7900, "month", 3),
        ("price_week", 900, "week", 1),
        ("price_gift", 0, "month", 1),
    ):
        company.stripe.price(price, amount, interval=interval, count=count)
    company.stripe.price("price_year_once", 29000, interval=None)
    rows: dict[str, dict[str, object]] = {
        user: {"plan": plan, "stripe_customer_id": f"cus_{user.removeprefix('u')}"} for user, plan in plans.items()
    }
    company.users(**rows)
    return company


CONFIG = MAPPING + PLANS
for _price in ("price_quarter", "price_week", "price_gift", "price_year_once"):
    CONFIG += f'[prices.{_price}]\nplan = "PRO"\n'


def bill_once(
    company: FieldCompany, number: int, amount: int, *, price: str | None, since: float, days: float, **invoice: Any
) -> None:
    """An invoice without a subscription, for so many days."""
    name, start = f"in_{number}", ago(since)
    company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
    period = (start, start + int(days * DAY_SECONDS))
    company.stripe.invoice(
        name,
        f"cus_{number}",
        [line(name, price, amount, period=period)],
        start,
        **invoice,
    )


@pytest.mark.slow
def test_quarters_weeks_and_prices_of_zero_are_ordinary(tmp_path: Path) -> None:
    """u4's quarter is over, and was not renewed."""
    served = company(u1="pro", u2="pro", u3="pro", u4="pro")
    subscribe(served, 1, "price_quarter", 7900, began=80, days=91)
    subscribe(served, 2, "price_week", 900, began=3, days=7)
    subscribe(served, 3, "price_gift", 0)
    over: dict[str, Any] = {"status": "canceled", "ended_at": ago(9), "canceled_at": ago(9)}
    subscribe(served, 4, "price_quarter", 7900, began=100, days=91, **over)
    served.expect(tmp_path, CONFIG, must={"unpaid-but-active:u4"}, may=MAY, looked=LOOKED)


def test_a_year_by_an_invoice_of_its_own_is_paid_until_its_end(tmp_path: Path) -> None:
    """u2's year is over, u3 is on terms, u4's terms are over since long, and u5 is served nothing of its year."""
    served = company(u1="pro", u2="pro", u3="pro", u4="pro", u5="free")
    bill_once(served, 1, 29000, price="price_year_once", since=200, days=365, paid_out_of_band=True)
    bill_once(served, 2, 29000, price="price_year_once", since=380, days=365)
    for number, due in ((3, ago(-20)), (4, ago(30))):
        terms: dict[str, Any] = {"status": "open", "collection_method": "send_invoice", "due_date": due}
        bill_once(served, number, 29000, price="price_year_once", since=60, days=365, **terms)
    bill_once(served, 5, 29000, price="price_year_once", since=60, days=365)
    must = {"unpaid-but-active:u2", "unpaid-but-active:u4", "paid-but-blocked:u5"}
    served.expect(tmp_path, CONFIG, must=must, may=MAY, looked=LOOKED)


@pytest.mark.slow
def test_a_start_in_the_past_and_a_coupon_for_ever_are_ordinary(tmp_path: Path) -> None:
    """u3's bill of the backdated month was given up."""
    served = company(u1="pro", u2="pro", u3="pro")
    subscribe(served, 1, "price_pro", 2900, began=25, start=ago(3), billed=3)
    subscribe(served, 2, "price_pro", 2900, bill={"total": 0, "subtotal": 2900})
    subscribe(served, 3, "price_pro", 2900, began=25, start=ago(3), billed=3, bill={"status": "void"})
    served.stripe.objects["payment_intents"][-1] |= {"status": "canceled", "amount_received": 0}
    served.expect(tmp_path, CONFIG, must={"unpaid-but-active:u3"}, may=MAY, looked=LOOKED)


@pytest.mark.slow
def test_a_trial_that_ended_without_a_payment_pays_for_nothing(tmp_path: Path) -> None:
    """u1's trial runs, u2's ended and was paid, u3's ended and paused the subscription, u4's bill was given up."""
    served = company(u1="pro", u2="pro", u3="pro", u4="pro")
    free: Json = {"total": 0, "subtotal": 0}
    subscribe(
        served, 1, "price_pro", 0, began=5, days=14, status="trialing", trial_end=ago(-9), start=ago(5), bill=free
    )
    trial: dict[str, Any] = {"start": ago(28), "trial_start": ago(28), "trial_end": ago(14)}
    subscribe(served, 2, "price_pro", 2900, **trial)
    subscribe(served, 3, "price_pro", 0, began=28, days=14, status="paused", bill=free, **trial)
    subscribe(served, 4, "price_pro", 2900, bill={"status": "uncollectible"}, **trial)
    served.stripe.objects["payment_intents"][-1] |= {"status": "requires_payment_method", "amount_received": 0}
    must = {"unpaid-but-active:u3", "unpaid-but-active:u4"}
    served.expect(tmp_path, CONFIG, must=must, may=MAY, looked=LOOKED)


@pytest.mark.slow
def test_a_pause_excuses_the_bills_of_its_time(tmp_path: Path) -> None:
    """u2's bill is void, too, and nothing is paused."""
    served = company(u1="pro", u2="pro")
    pause: Json = {"behavior": "void", "resumes_at": None}
    for number, paused in ((1, pause), (2, None)):
        subscribe(served, number, "price_pro", 2900, pause_collection=paused, bill={"status": "void"})
        served.stripe.objects["payment_intents"][-1] |= {"status": "canceled", "amount_received": 0}
    served.expect(tmp_path, CONFIG, must={"unpaid-but-active:u2"}, may=MAY, looked={"unpaid-but-active"})


@pytest.mark.slow
def test_a_downgrade_in_mid_period_is_served_until_the_paid_end_or_from_the_credit_on(tmp_path: Path) -> None:
    """u1 keeps TEAM until the end of what was paid; u2 was given the rest of it back, and keeps TEAM."""
    served = company(u1="team", u2="team")
    for number in (1, 2):
        subscribe(served, number, "price_team", 9900)
        item = served.stripe.objects["subscriptions"][-1]["items"]["data"][0]  # type: ignore[index]
        item["price"] = next(price for price in served.stripe.objects["prices"] if price["id"] == "price_pro")
    rest = (ago(4), ago(-16))
    lines = [
        line("in_9", "price_team", -5280, number=1, period=rest, proration=True, subscription="sub_2"),
        line("in_9", "price_pro", 1547, number=2, period=rest, proration=True, subscription="sub_2"),
    ]
    served.stripe.invoice("in_9", "cus_2", lines, ago(4), subscription="sub_2", total=-3733)
    served.expect(tmp_path, CONFIG, must={"plan-mismatch:u2"}, may={*MAY, "wrong-grant-amount:*"}, looked=LOOKED)


@pytest.mark.slow
def test_a_credit_note_before_the_payment_leaves_nothing_that_was_paid(tmp_path: Path) -> None:
    """u2 was credited in part; u3 paid from its balance."""
    served = company(u1="pro", u2="pro", u3="pro")
    for number, credit, paid in ((1, 2900, 0), (2, 900, 2000), (3, 0, 0)):
        bill: Json = {"pre_payment_credit_notes_amount": credit, "due": paid, "paid": paid}
        subscribe(served, number, "price_pro", 2900, bill=bill)
    served.expect(tmp_path, CONFIG, must={"unpaid-but-active:u1"}, may=MAY, looked=LOOKED)
