"""Companies whose seats change, whose payments are captured late, or whose ids and customers are found by other ways.

What a billing engineer expects of each was written before its first run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, MAPPING, PLANS, WITHOUT_CREDITS, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, ago, line
from tests.support.field.subscribers import settle, subscribe

pytestmark = pytest.mark.slow  # each kind has its first company in a test of its own, which every commit passes

OWED = {"missing-grant", "wrong-grant-amount"}
TIME = {"unpaid-but-active", "paid-but-blocked", "plan-mismatch"}
BOOKED = ACCOUNT + LEDGER_ENTRY
MONTH = 30 * DAY_SECONDS


def test_seats_that_are_added_in_mid_period(tmp_path: Path) -> None:
    """100 credits a seat. 5 seats became 8 after half of the period: 150 more. u2 got 800 at once, u3 nothing more.

    u4 removed two seats: the bill is a credit, and nothing is owed or taken.
    """
    company = FieldCompany()
    company.stripe.price("price_seat", 1000)
    for number, after, given in ((1, 8, 150), (2, 8, 800), (3, 8, None), (4, 3, None)):
        first = subscribe(company, number, "price_seat", 5000, began=20)
        first["lines"]["data"][0]["quantity"] = 5  # type: ignore[index]
        company.stripe.objects["subscriptions"][-1]["items"]["data"][0]["quantity"] = after  # type: ignore[index]
        company.ledger.add(f"u{number}", "subscription_grant", 500, ago(20) + 9, invoice=f"in_{number}")
        span, cycle = (ago(5), ago(-10)), ago(20) + MONTH
        span = (ago(5), cycle)
        old = line(
            f"in_{number}b",
            "price_seat",
            -2500,
            number=0,
            period=span,
            subscription=f"sub_{number}",
            quantity=5,
            proration=True,
        )
        new = line(
            f"in_{number}b",
            "price_seat",
            500 * after,
            number=1,
            period=span,
            subscription=f"sub_{number}",
            quantity=after,
            proration=True,
        )
        is_more = after > 5
        if is_more:
            company.stripe.payment(f"pi_{number}b", f"cus_{number}", 500 * (after - 5), ago(5))
        company.stripe.invoice(
            f"in_{number}b", f"cus_{number}", [old, new], ago(5), subscription=f"sub_{number}",
            payment=f"pi_{number}b" if is_more else None, billing_reason="subscription_update",
        )  # fmt: skip
        if given:
            company.ledger.add(f"u{number}", "subscription_grant", given, ago(5) + 9, invoice=f"in_{number}b")
    settle(company, 4, plan="pro").expect(
        tmp_path,
        MAPPING
        + PLANS.replace("credits_per_period = 1000\n", "")
        + '[prices.price_seat]\nplan = "PRO"\ncredits = 100\n',
        must={"wrong-grant-amount:in_2b"},
        may={"missing-grant:in_3b"},
        looked=OWED,
    )


def test_a_card_that_is_authorized_and_captured_later(tmp_path: Path) -> None:
    """u1's hold was captured and credited; u2's is still a hold and was credited; u3's was given up, and credited.

    u4's was captured in part, and its credits are the pack's; u5's hold was given up and gave nothing.
    """
    company = FieldCompany()
    company.stripe.price("price_pack", 1000, interval=None, product="prod_pack")
    for number, status, received, credited in ((1, "succeeded", 1000, 400), (2, "requires_capture", 0, 400),
                                               (3, "canceled", 0, 400), (5, "canceled", 0, None),
                                               (6, "succeeded", 1000, 400), (4, "succeeded", 1000, 400)):  # fmt: skip
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(6), status=status, amount_received=received,
                               metadata={"pack": "price_pack"}, capture_method="manual")  # fmt: skip
        if credited:
            company.ledger.add(f"u{number}", "purchase", credited, ago(6) + 9, payment=f"pi_{number}")
    settle(company, 6).expect(
        tmp_path,
        BOOKED + PLANS + "[prices.price_pack]\ncredits = 400\n",
        must={"grant-without-money:pi_3"},
        one_of={"grant-before-money:pi_2", "grant-without-money:pi_2"},
        may={"grant-before-money:pi_3"},
        looked=OWED | {"grant-before-money", "grant-without-money"},
    )


def test_refunds_that_failed_or_wait(tmp_path: Path) -> None:
    """u1's refund failed and u2's waits: their credits stay rightly. u3's was made; u4's too, and was taken back."""
    company = FieldCompany()
    for number, status in ((1, "failed"), (2, "pending"), (3, "succeeded"), (4, "succeeded"), (5, None)):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(20))
        company.ledger.add(f"u{number}", "purchase", 500, ago(20) + 9, payment=f"pi_{number}")
        if status:
            company.stripe.refund(f"re_{number}", f"pi_{number}", 1000, ago(10), status=status)
    company.ledger.add("u4", "refund", -500, ago(10) + 9, payment="pi_4")
    settle(company, 5).expect(
        tmp_path,
        BOOKED + PLANS,
        must={"refund-not-clawed-back:pi_3"},
        looked={"refund-not-clawed-back", "over-clawed-back", "missing-grant"},
    )


def test_subscriptions_name_accounts_that_name_no_customer(tmp_path: Path) -> None:
    """u2 and u3 have no customer, and a subscription says each; u3 is on the free plan. Nothing pays for u4's PRO."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in (1, 2, 3):
        subscribe(company, number, "price_pro", 2900, began=8, metadata={"user_id": f"u{number}"})
    company.users(
        u1={"plan": "pro", "stripe_customer_id": "cus_1"}, u2={"plan": "pro"}, u3={}, u4={"plan": "pro"}, u5={}
    )
    company.expect(
        tmp_path,
        ACCOUNT + WITHOUT_CREDITS,
        must={"paid-but-blocked:u3"},
        one_of={"unpaid-but-active:u4", "paid-without-customer:u4"},
        may={"paid-without-customer:*", "unpaid-but-active:u4"},
        looked={"paid-but-blocked", "plan-mismatch"},
    )


def test_a_renewal_that_is_named_by_its_event_alone(tmp_path: Path) -> None:
    """Entries name the event of the paid bill. u3's last one never came, and u4's gave twice."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    events = []
    for number in (1, 2, 3, 4):
        for k, day in ((0, 42), (1, 12)):
            if k:
                bill = subscribe(company, number, "price_pro", 2900, began=day)
                name = f"in_{number}"
            else:
                t = ago(day)
                name = f"in_{number}_0"
                company.stripe.payment(f"pi_{number}_0", f"cus_{number}", 2900, t)
                sold = line(name, "price_pro", 2900, period=(t, t + MONTH), subscription=f"sub_{number}")
                bill = company.stripe.invoice(
                    name, f"cus_{number}", [sold], t, subscription=f"sub_{number}", payment=f"pi_{number}_0"
                )
            event = company.stripe.event(f"evt_{name}", "invoice.paid", bill, ago(day) + 4)
            if (number, k) == (3, 1):
                continue
            events.append(event)
            company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(day) + 9, event=f"evt_{name}")
    company.ledger.add("u4", "subscription_grant", 1000, ago(11), event="evt_in_4")
    company.stripe.endpoint(["invoice.paid"])
    company.webhooks(*events)
    settle(company, 4, plan="pro").expect(
        tmp_path,
        MAPPING + PLANS,
        must={"missing-grant:in_3", "undelivered-event:evt_in_3", "duplicate-event-grant:evt_in_4"},
        may={
            "duplicate-invoice-grant:in_4",
            "duplicate-payment-grant:pi_4",
            "wrong-grant-amount:in_4",
            "grant-without-invoice:*",
        },
        looked=OWED | {"undelivered-event", "duplicate-event-grant"},
    )


def test_a_packs_new_price_and_a_bonus_for_more(tmp_path: Path) -> None:
    """1000 credits cost 10, five packs 45 by a price of its own; ``history`` says 900 until 30 days ago.

    u1 bought before and got 900, u2 after and got 900 still, u3 bought five for 5500, u4 five for 5000.
    """
    company = FieldCompany()
    prices = {
        "price_one": company.stripe.price("price_one", 1000, interval=None, product="prod_pack", lookup_key="one"),
        "price_five": company.stripe.price("price_five", 4500, interval=None, product="prod_pack", lookup_key="five"),
    }
    bought = (
        (1, "price_one", 1000, 40, 900),
        (2, "price_one", 1000, 10, 900),
        (3, "price_five", 4500, 10, 5500),
        (4, "price_five", 4500, 9, 5000),
    )
    for number, price, amount, day, credited in bought:
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", amount, ago(day))
        item = {"id": f"li_{number}", "object": "item", "quantity": 1, "price": prices[price], "currency": "usd"}
        company.stripe.session(f"cs_{number}", f"cus_{number}", amount, ago(day) - 60, payment_intent=f"pi_{number}",
                               line_items={"object": "list", "data": [item], "has_more": False})  # fmt: skip
        company.ledger.add(f"u{number}", "purchase", credited, ago(day) + 9, session=f"cs_{number}")
    settle(company, 4).expect(
        tmp_path,
        BOOKED
        + PLANS
        + "[prices.one]\ncredits = 900\nhistory = [{ since = 2026-01-30, credits = 1000 }]\n"
        + "[prices.five]\ncredits = 5500\n",
        must={"wrong-grant-amount:pi_2", "wrong-grant-amount:pi_4"},
        looked=OWED,
    )


def test_a_pause_inside_what_was_paid_and_bills_that_never_were(tmp_path: Path) -> None:
    """u1's collection is paused as void since 10 days, inside what was paid. u2's bill was credited before it was due.

    u3's subscription is unpaid since 40 days and served. u4's is incomplete, and served.
    """
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    subscribe(company, 1, "price_pro", 2900, began=14, pause_collection={"behavior": "void", "resumes_at": None})
    subscribe(
        company,
        2,
        "price_pro",
        2900,
        began=14,
        bill={"total": 2900, "due": 0, "paid": 0, "pre_payment_credit_notes_amount": 2900},
    )
    subscribe(company, 3, "price_pro", 2900, began=40, status="unpaid", bill={"status": "open"})
    subscribe(
        company,
        4,
        "price_pro",
        2900,
        began=3,
        start=ago(3),
        status="incomplete",
        bill={"status": "open", "billing_reason": "subscription_create"},
    )
    for payment in company.stripe.objects["payment_intents"]:
        if payment["id"] in {"pi_3", "pi_4"}:
            payment |= {"status": "requires_payment_method", "amount_received": 0}
        if payment["id"] == "pi_2":
            payment |= {"status": "canceled", "amount_received": 0}
    subscribe(company, 5, "price_pro", 2900, began=14)
    company.users(**{f"u{n}": {"plan": "pro", "stripe_customer_id": f"cus_{n}"} for n in (1, 2, 3, 4, 5)})
    company.expect(
        tmp_path,
        ACCOUNT + WITHOUT_CREDITS,
        must={"unpaid-but-active:u2", "unpaid-but-active:u3", "unpaid-but-active:u4"},
        looked=TIME,
    )
