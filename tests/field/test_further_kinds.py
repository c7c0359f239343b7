"""Further companies of the field's kinds: bills that a balance pays, free subscriptions, mixed carts, outages, terms.

What a billing engineer expects of each was written before its first run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.actions.doctor.test_observed import observed
from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, MAPPING, PLANS, WITHOUT_CREDITS, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, ago, line
from tests.support.field.subscribers import settle, subscribe

pytestmark = pytest.mark.slow

BOOKED = ACCOUNT + LEDGER_ENTRY
PAID_TIME = {"paid-but-blocked", "unpaid-but-active"}
OWED = {"missing-grant", "wrong-grant-amount"}
MONTH = 30 * DAY_SECONDS


def without_payments(company: FieldCompany, *invoices: str) -> None:
    """These bills were settled without a payment at Stripe."""
    objects = company.stripe.objects
    gone = [row for row in objects["invoice_payments"] if row["invoice"] in invoices]
    for row in gone:
        objects["invoice_payments"].remove(row)
    paid = {name.replace("in_", "pi_") for name in invoices}
    objects["payment_intents"][:] = [row for row in objects["payment_intents"] if row["id"] not in paid]
    for row in objects["invoices"]:
        if row["id"] in invoices:
            row["payments"] = {"object": "list", "data": [], "has_more": False}


def test_renewals_that_a_balance_or_a_credit_note_paid(tmp_path: Path) -> None:
    """u1's and u2's bills were paid from what they had in credit, and u2's gave nothing; u3 is on the free plan though.

    u4's bill was credited wholly before it was paid: nothing was bought, and nothing is served or granted.
    """
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    from_balance: dict[str, Any] = {"due": 0, "paid": 0, "starting_balance": -9000, "ending_balance": -6100}
    for number in (1, 2, 3, 5):
        subscribe(company, number, "price_pro", 2900, bill=from_balance if number != 5 else {})
        if number != 2:
            company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 30, invoice=f"in_{number}")
    credited: dict[str, Any] = {"due": 0, "paid": 0, "pre_payment_credit_notes_amount": 2900}
    ended: dict[str, Any] = {"status": "canceled", "canceled_at": ago(13), "ended_at": ago(13)}
    subscribe(company, 4, "price_pro", 2900, bill=credited, **ended)
    without_payments(company, "in_1", "in_2", "in_3", "in_4")
    settle(company, 5, plan="pro")
    for row in company.tables[0][1]:
        assert isinstance(row, dict)
        if row["id"] in ("u3", "u4"):
            row["plan"] = "free"
    must = {"missing-grant:in_2", "paid-but-blocked:u3"}
    company.expect(tmp_path, BOOKED + PLANS, must=must, looked={*PAID_TIME, "missing-grant"})


def test_a_free_subscription_beside_and_after_a_paid_one(tmp_path: Path) -> None:
    """u1 has the free one alone, u2 both; u3's paid one is over and is served all the same; u4 pays for two."""
    company = FieldCompany()
    company.stripe.price("price_free", 0)
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_team", 9900)
    over: dict[str, Any] = {"status": "canceled", "canceled_at": ago(60), "ended_at": ago(60)}
    bought = {1: "free", 2: "pro", 3: "pro", 4: "team"}
    for number, plan in bought.items():
        subscribe(company, number, "price_free", 0)
        if plan == "free":
            continue
        more: dict[str, Any] = {"began": 90.0, **over} if number == 3 else {}
        subscribe(
            company, 10 + number, f"price_{plan}", 2900 if plan == "pro" else 9900, customer=f"cus_{number}", **more
        )
    subscribe(company, 24, "price_pro", 2900, customer="cus_4")
    company.users(**{f"u{n}": {"plan": plan, "stripe_customer_id": f"cus_{n}"} for n, plan in bought.items()})
    plans = WITHOUT_CREDITS.replace("rank = 0\n", 'rank = 0\nprices = [{ id = "price_free" }]\n')
    company.expect(
        tmp_path,
        MAPPING + plans,
        must={"unpaid-but-active:u3", "duplicate-subscription:u4"},
        looked={*PAID_TIME, "duplicate-subscription"},
    )


def test_one_bill_for_a_thing_and_for_credits(tmp_path: Path) -> None:
    """u2 got one pack of two, u4 none; u3 bought a shirt alone; u5's shipping and tax are no packs."""
    company = FieldCompany()
    company.stripe.price("price_pack", 1500, interval=None, product="prod_pack")
    company.stripe.price("price_shirt", 2500, interval=None, product="prod_shirt")
    cart = {1: (1, 1), 2: (1, 2), 3: (2, 0), 4: (1, 1), 5: (1, 3)}
    given = {1: 500, 2: 500, 5: 1500}
    for number, (shirts, packs) in cart.items():
        name, when = f"in_{number}", ago(20 - number)
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        lines = [line(name, "price_shirt", 2500 * shirts, quantity=shirts)]
        if packs:
            lines.append(line(name, "price_pack", 1500 * packs, number=1, quantity=packs))
        extra = 790 if number == 5 else 0
        total = 2500 * shirts + 1500 * packs
        company.stripe.payment(f"pi_{number}", f"cus_{number}", total + extra, when)
        company.stripe.invoice(
            name, f"cus_{number}", lines, when, payment=f"pi_{number}", total=total + extra, subtotal=total
        )
        if number in given:
            company.ledger.add(f"u{number}", "purchase", given[number], when + 9, payment=f"pi_{number}")
    settle(company, 5)
    prices = '[prices.price_pack]\ncredits = 500\n[prices.price_shirt]\nsells = "nothing"\n'
    company.expect(
        tmp_path,
        BOOKED + WITHOUT_CREDITS + prices,
        must={"wrong-grant-amount:in_2", "missing-grant:in_4"},
        looked=OWED,
    )


def test_one_plan_stops_to_be_granted_while_another_goes_on(tmp_path: Path) -> None:
    """The plans do not say what they give, the proposed prices do. TEAM's renewals of this week gave nothing."""
    for folder in ("silent", "said"):
        (tmp_path / folder).mkdir()
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_team", 9900)
    for number in range(1, 7):
        plan, amount, number_owed = ("pro", 2900, 1000) if number > 3 else ("team", 9900, 5000)
        made = subscribe(company, number, f"price_{plan}", amount, began=4)
        start = ago(34)
        earlier, payer = f"in_{number}_0", f"cus_{number}"
        company.stripe.payment(f"pi_{number}_0", payer, amount, start)
        lines = [line(earlier, f"price_{plan}", amount, period=(start, start + MONTH), subscription=f"sub_{number}")]
        company.stripe.invoice(earlier, payer, lines, start, subscription=f"sub_{number}", payment=f"pi_{number}_0")
        company.ledger.add(f"u{number}", "subscription_grant", number_owed, start + 9, invoice=earlier)
        if number > 3:
            company.ledger.add(f"u{number}", "subscription_grant", number_owed, ago(4) + 9, invoice=str(made["id"]))
    users = {f"u{n}": {"stripe_customer_id": f"cus_{n}", "plan": "pro" if n > 3 else "team"} for n in range(1, 7)}
    company.users(**users)
    company.write(tmp_path / "silent", BOOKED + WITHOUT_CREDITS)
    assert [says.split(": say ")[0] for says in observed(tmp_path / "silent", "prices")] == [
        "6 of 6 paid units of price_pro were followed by 1000 credits",
        "3 of 6 paid units of price_team were followed by 5000 credits; 3 were not",
    ]
    prices = "[prices.price_pro]\ncredits = 1000\n[prices.price_team]\ncredits = 5000\n"
    must = {f"missing-grant:in_{number}" for number in (1, 2, 3)}
    company.expect(tmp_path / "said", BOOKED + WITHOUT_CREDITS + prices, must=must, looked={"missing-grant"})


def test_the_credits_of_the_plan_before_a_change_were_right_then(tmp_path: Path) -> None:
    """u1 and u2 went from TEAM to PRO at the end of a period; u2 was granted TEAM's number once more, u3 stayed."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_team", 9900)
    for number in (1, 2, 3):
        plan, amount, number_owed = ("team", 9900, 5000) if number == 3 else ("pro", 2900, 1000)
        made = subscribe(company, number, f"price_{plan}", amount, began=6)
        start, earlier = ago(36), f"in_{number}_0"
        company.stripe.payment(f"pi_{number}_0", f"cus_{number}", 9900, start)
        lines = [line(earlier, "price_team", 9900, period=(start, start + MONTH), subscription=f"sub_{number}")]
        company.stripe.invoice(
            earlier, f"cus_{number}", lines, start, subscription=f"sub_{number}", payment=f"pi_{number}_0"
        )
        company.ledger.add(f"u{number}", "subscription_grant", 5000, start + 9, invoice=earlier)
        granted = 5000 if number == 2 else number_owed
        company.ledger.add(f"u{number}", "subscription_grant", granted, ago(6) + 9, invoice=str(made["id"]))
    company.users(
        **{f"u{n}": {"stripe_customer_id": f"cus_{n}", "plan": "team" if n == 3 else "pro"} for n in (1, 2, 3)}
    )
    company.expect(tmp_path, BOOKED + PLANS, must={"wrong-grant-amount:in_2"}, looked={*OWED, *PAID_TIME})


def test_bills_that_were_paid_late_by_hand(tmp_path: Path) -> None:
    """Two subscriptions were ended for a bill that nobody paid. u1 paid the year's by transfer since, u2 never did.

    u3's was given up, paid by transfer then, and is served; u4's was voided and is served for nothing.
    """
    company = FieldCompany()
    company.stripe.price("price_pro", 29000, interval="year")
    ended: dict[str, Any] = {"status": "canceled", "canceled_at": ago(20), "ended_at": ago(20)}
    since: dict[str, Any] = {
        "status_transitions": {"paid_at": ago(3), "finalized_at": ago(40)},
        "paid_out_of_band": True,
    }
    given_up: dict[str, Any] = {
        "status_transitions": {"marked_uncollectible_at": ago(20), "paid_at": ago(3), "finalized_at": ago(40)}
    }
    year: dict[str, Any] = {"days": 365, "began": 40}
    subscribe(company, 1, "price_pro", 29000, bill=since, **year, **ended)
    subscribe(company, 2, "price_pro", 29000, bill={"status": "uncollectible"}, **year, **ended)
    subscribe(company, 3, "price_pro", 29000, bill={**given_up, "paid_out_of_band": True}, **year)
    subscribe(company, 4, "price_pro", 29000, bill={"status": "void"}, **year, **ended)
    without_payments(company, "in_1", "in_2", "in_3", "in_4")
    company.users(
        **{f"u{n}": {"stripe_customer_id": f"cus_{n}", "plan": "pro" if n > 2 else "free"} for n in (1, 2, 3, 4)}
    )
    must = {"paid-but-blocked:u1", "unpaid-but-active:u4"}
    company.expect(tmp_path, MAPPING + WITHOUT_CREDITS, must=must, looked=PAID_TIME)
