"""Purchases of yet other kinds: two names of one payment, gifts, typed amounts, debits, refunds in parts.

What a billing engineer expects of each was written before its first run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, ago, line
from tests.support.field.subscribers import settle, subscribe

pytestmark = pytest.mark.slow  # each kind has its first company in a test of its own, which every commit passes

OWED = {"missing-grant", "wrong-grant-amount"}
TIME = {"unpaid-but-active", "paid-but-blocked", "plan-mismatch"}
BOOKED = ACCOUNT + LEDGER_ENTRY
MONTH = 30 * DAY_SECONDS


@pytest.mark.parametrize("where", ["session", "inline", "payment"])
def test_checkout_that_makes_an_invoice_and_states_credits(tmp_path: Path, where: str) -> None:
    """Checkout with invoice_creation: metadata state the credits. u2 got too much, u3 nothing."""
    company = FieldCompany()
    company.stripe.price("price_custom", None, interval=None, product="prod_topup")
    for number, amount, stated, given in (
        (1, 1000, 120, 120),
        (2, 2000, 260, 2600),
        (3, 1500, 170, None),
        (4, 700, 80, 80),
    ):
        cus, when = f"cus_{number}", ago(20 - number)
        company.stripe.customer(cus)
        meta = {"credits": str(stated), "user_id": f"u{number}"}
        company.stripe.payment(f"pi_{number}", cus, amount, when, metadata=meta if where == "payment" else {})
        company.stripe.invoice(
            f"in_{number}",
            cus,
            [line(f"in_{number}", f"price_one_{number}" if where == "inline" else "price_custom", amount)],
            when,
            payment=f"pi_{number}",
            metadata={},
        )
        company.stripe.session(
            f"cs_{number}",
            cus,
            amount,
            when - 50,
            payment_intent=f"pi_{number}",
            invoice=f"in_{number}",
            client_reference_id=f"u{number}",
            metadata=meta if where != "payment" else {},
        )
        if given:
            company.ledger.add(f"u{number}", "purchase", given, when + 9, session=f"cs_{number}")
    settle(company, 4).expect(
        tmp_path,
        BOOKED + PLANS + '[prices.price_custom]\ncredits_from = "metadata.credits"\n',
        must={"missing-grant:in_3", "wrong-grant-amount:in_2"},
        looked=OWED,
    )


def test_automatic_top_ups(tmp_path: Path) -> None:
    """Off-session payments; some failed first; u3's was lost. Nothing is configured about it."""
    company = FieldCompany()
    for number in (1, 2, 3, 4):
        cus = f"cus_{number}"
        company.stripe.customer(cus)
        for k, day in enumerate((30, 20, 10)):
            meta = {"type": "auto_recharge", "user_id": f"u{number}", "amount_cents": "2000"}
            company.stripe.payment(
                f"pi_{number}_{k}f", cus, 2000, ago(day) - 600, status="requires_payment_method", metadata=meta
            )
            company.stripe.payment(f"pi_{number}_{k}", cus, 2000, ago(day), metadata=meta, description="Auto recharge")
            if (number, k) != (3, 2):
                company.ledger.add(f"u{number}", "purchase", 2000, ago(day) + 9, payment=f"pi_{number}_{k}")
    settle(company, 4).expect(tmp_path, BOOKED + PLANS, must={"missing-grant:pi_3_2"}, looked={"missing-grant"})


def test_gift_for_a_friend(tmp_path: Path) -> None:
    """u1 pays, u2 is named in the metadata and credited; u3 paid for itself and u4 got it."""
    company = FieldCompany()
    for number in (1, 2, 3, 4, 5):
        company.stripe.customer(f"cus_{number}")
    for number in (1, 3, 5):
        to = {1: "u2", 3: "u4", 5: "u5"}[number]
        meta = {"user_id": "u2" if number == 1 else f"u{number}", "kind": "credits"}
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(9), metadata=meta)
        company.stripe.session(
            f"cs_{number}",
            f"cus_{number}",
            1000,
            ago(9) - 60,
            payment_intent=f"pi_{number}",
            client_reference_id=f"u{number}",
            metadata=meta,
        )
        company.ledger.add(to, "purchase", 500, ago(9) + 9, payment=f"pi_{number}")
    settle(company, 5).expect(
        tmp_path, BOOKED + PLANS, must={"wrong-account-credited:pi_3"}, looked={"wrong-account-credited"}
    )


def test_partial_refunds_one_after_another(tmp_path: Path) -> None:
    """u1's two refunds were taken back in part each; u2's cumulatively; u3's second was not; u4's are not enough."""
    company = FieldCompany()
    for number, backs in ((1, (-150, -100)), (2, (-150, -250)), (3, (-150,)), (4, (-150, -100)), (5, ())):
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(30), metadata={"kind": "credits"})
        company.ledger.add(f"u{number}", "purchase", 500, ago(30) + 9, payment=f"pi_{number}")
        if number < 5:
            company.stripe.refund(f"re_{number}_a", f"pi_{number}", 300, ago(20))
            company.stripe.refund(f"re_{number}_b", f"pi_{number}", 200, ago(10))
        if number == 4:
            company.stripe.objects["refunds"][-1]["status"] = "failed"
        for k, back in enumerate(backs):
            company.ledger.add(f"u{number}", "clawback", back, ago((20, 10)[k]) + 60, payment=f"pi_{number}")
    settle(company, 5).expect(
        tmp_path,
        BOOKED + PLANS,
        must={"over-clawed-back:pi_2", "refund-not-clawed-back:pi_3", "over-clawed-back:pi_4"},
        looked={"over-clawed-back", "refund-not-clawed-back"},
    )


def test_bank_debits(tmp_path: Path) -> None:
    """u1's debit is under way and not credited; u2's was credited before and failed; u3's succeeded, credited then;
    u4's succeeded ten days ago and was never credited; u5's was credited while it is under way."""
    company = FieldCompany()
    kinds = {"payment_method_types": ["sepa_debit"]}
    for number, status, credit in (
        (1, "processing", None),
        (2, "requires_payment_method", 3),
        (3, "succeeded", 1),
        (4, "succeeded", None),
        (5, "processing", 3),
        (6, "succeeded", 1),
    ):
        day = 3 if status == "processing" else 15
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(
            f"pi_{number}", f"cus_{number}", 1000, ago(day), status=status, metadata={"kind": "credits"}, **kinds
        )
        paid = "paid" if status == "succeeded" else "unpaid"
        company.stripe.session(
            f"cs_{number}",
            f"cus_{number}",
            1000,
            ago(day) - 60,
            payment_intent=f"pi_{number}",
            client_reference_id=f"u{number}",
            payment_status=paid,
        )
        if credit:
            company.ledger.add(
                f"u{number}",
                "purchase",
                500,
                ago(day) + 9 if status != "succeeded" else ago(10),
                payment=f"pi_{number}",
            )
    settle(company, 6).expect(
        tmp_path,
        BOOKED + PLANS,
        must={"grant-before-money:pi_2", "missing-grant:pi_4"},
        may={"grant-before-money:pi_5", "grant-without-money:pi_2", "grant-without-money:pi_5"},
        looked={"missing-grant", "grant-before-money"},
    )


def test_two_handlers_each_with_an_id_of_its_own(tmp_path: Path) -> None:
    """One payment credited by the checkout's handler (cs_) and the payment's (pi_); one renewal by in_ and pi_."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in (1, 2, 3):
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(9), metadata={"sku": "credits"})
        company.stripe.session(
            f"cs_{number}",
            f"cus_{number}",
            1000,
            ago(9) - 60,
            payment_intent=f"pi_{number}",
            client_reference_id=f"u{number}",
        )
        company.ledger.add(f"u{number}", "purchase", 500, ago(9) + 4, session=f"cs_{number}")
    company.ledger.add("u2", "purchase", 500, ago(9) + 9, payment="pi_2")
    for number in (4, 5):
        subscribe(company, number, "price_pro", 2900)
        company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
    company.ledger.add("u5", "subscription_grant", 1000, ago(14) + 12, payment="pi_5")
    company.ledger.add("u0", "promotional_grant", 1, ago(390))
    company.users(
        u0={}, **{f"u{n}": {"stripe_customer_id": f"cus_{n}", "plan": "pro" if n > 3 else "free"} for n in range(1, 6)}
    )
    company.expect(
        tmp_path,
        BOOKED + PLANS + "[prices.credits]\ncredits = 500\n",
        must={"duplicate-invoice-grant:in_5"},
        one_of={"duplicate-payment-grant:pi_2", "wrong-grant-amount:pi_2"},
        may={"duplicate-invoice-grant:in_5", "wrong-grant-amount:in_5", "duplicate-payment-grant:pi_5"},
        looked=OWED | {"duplicate-payment-grant", "duplicate-invoice-grant"},
    )


def test_double_by_checkout_alone_and_by_event_and_payment(tmp_path: Path) -> None:
    """u1: two entries name the same checkout. u2: one names the event, one the payment. u3: a pack and its bonus.
    u4: half by the checkout, half by the payment, as designed. u5: taken back."""
    company = FieldCompany()
    events = []
    for number in (1, 2, 3, 4, 5):
        company.stripe.customer(f"cus_{number}")
        paid = company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(9), metadata={"sku": "credits"})
        company.stripe.session(
            f"cs_{number}",
            f"cus_{number}",
            1000,
            ago(9) - 60,
            payment_intent=f"pi_{number}",
            client_reference_id=f"u{number}",
        )
        events.append(company.stripe.event(f"evt_{number}", "payment_intent.succeeded", paid, ago(9) + 1))
    company.ledger.add("u1", "purchase", 500, ago(9) + 4, session="cs_1")
    company.ledger.add("u1", "purchase", 500, ago(9) + 400, session="cs_1")
    company.ledger.add("u2", "purchase", 500, ago(9) + 4, event="evt_2")
    company.ledger.add("u2", "purchase", 500, ago(9) + 6, payment="pi_2")
    company.ledger.add("u3", "purchase", 500, ago(9) + 4, session="cs_3")
    company.ledger.add("u3", "promotional_grant", 500, ago(9) + 4, payment="pi_3")
    company.ledger.add("u4", "purchase", 300, ago(9) + 4, session="cs_4")
    company.ledger.add("u4", "purchase", 200, ago(9) + 4, payment="pi_4")
    company.ledger.add("u5", "purchase", 500, ago(9) + 4, session="cs_5")
    company.ledger.add("u5", "purchase", 500, ago(9) + 6, payment="pi_5")
    company.ledger.add("u5", "adjustment", -500, ago(8) + 6, payment="pi_5")
    company.stripe.endpoint(["payment_intent.succeeded"])
    company.webhooks(*events)
    settle(company, 5).expect(
        tmp_path,
        MAPPING + PLANS,
        must={"duplicate-payment-grant:pi_1", "duplicate-payment-grant:pi_2"},
        looked={"duplicate-payment-grant"},
    )


def test_a_rate_with_a_fee_on_top(tmp_path: Path) -> None:
    """The payment includes a fee of 2.9 % + 30; lines say the amount. u2 was credited for the fee too; u3 less."""
    company = FieldCompany()
    company.stripe.price("price_wallet", 100, interval=None, product="prod_wallet")
    company.stripe.price("price_fee", 1, interval=None, product="prod_fee")
    for number, credited in ((1, 2000), (2, 2088), (3, 1900)):
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 2088, ago(5))
        company.stripe.invoice(
            f"in_{number}",
            f"cus_{number}",
            [
                line(f"in_{number}", "price_wallet", 2000, quantity=20),
                line(f"in_{number}", "price_fee", 88, quantity=88, number=1),
            ],
            ago(5),
            payment=f"pi_{number}",
        )
        company.ledger.add(f"u{number}", "purchase", credited, ago(5) + 9, invoice=f"in_{number}")
    settle(company, 3).expect(
        tmp_path,
        BOOKED
        + PLANS
        + '[prices.price_wallet]\ncredits_per = { usd = "100" }\n[prices.price_fee]\nsells = "nothing"\n',
        must={"wrong-grant-amount:in_2", "wrong-grant-amount:in_3"},
        looked={"wrong-grant-amount"},
    )


def test_lost_dispute_of_a_pack_and_of_a_renewal(tmp_path: Path) -> None:
    """u1's pack was charged back, kept; u2's under review; u3's won; u4's lost and taken back."""
    company = FieldCompany()
    for number, status in ((1, "lost"), (2, "under_review"), (3, "won"), (4, "lost"), (5, None)):
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(30), metadata={"sku": "credits"})
        company.ledger.add(f"u{number}", "purchase", 500, ago(30) + 9, payment=f"pi_{number}")
        if status:
            company.stripe.dispute(f"dp_{number}", f"pi_{number}", 1000, ago(12), status=status)
    company.ledger.add("u4", "clawback", -500, ago(12) + 90, payment="pi_4")
    settle(company, 5).expect(
        tmp_path,
        BOOKED + PLANS,
        must={"refund-not-clawed-back:pi_1"},
        looked={"refund-not-clawed-back", "over-clawed-back"},
    )


def test_a_balance_that_was_spent_before_the_refund(tmp_path: Path) -> None:
    """u1 spent 400 of 500 before the refund; the app takes back only what is left, 100. u2 takes it below zero."""
    company = FieldCompany()
    for number in (1, 2):
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(30), metadata={"sku": "credits"})
        company.ledger.add(f"u{number}", "purchase", 500, ago(30) + 9, payment=f"pi_{number}")
        company.ledger.add(f"u{number}", "usage", -400, ago(20))
        company.stripe.refund(f"re_{number}", f"pi_{number}", 1000, ago(12))
    company.ledger.add("u1", "clawback", -100, ago(12) + 90, payment="pi_1")
    company.ledger.add("u2", "clawback", -500, ago(12) + 90, payment="pi_2")
    settle(company, 2).expect(
        tmp_path,
        BOOKED + PLANS,
        must={"negative-balance:u2"},
        may={"refund-not-clawed-back:pi_1"},
        looked={"refund-not-clawed-back", "negative-balance"},
    )
