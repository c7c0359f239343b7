"""Events and exports of other kinds of companies: other endpoints, other products, lists that were cut, later lines.

What a billing engineer expects of each was written before its first run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import Json, ago, line
from tests.support.field.subscribers import subscribe
from trueup.model.outcome import Checked

pytestmark = pytest.mark.slow  # each kind has its first company in a test of its own, which every commit passes


EVENTS = {"hollow-event", "undelivered-event", "endpoint-health"}
OWED = {"missing-grant", "wrong-grant-amount"}


def buy(company: FieldCompany, number: int, credited: int | None, **payment: object) -> Json:
    """A purchase of a pack by a payment, and its event."""
    company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
    paid = company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(20 - number), metadata={"sku": "credits"})
    paid |= payment
    if credited is not None:
        company.ledger.add(
            f"u{number}", "purchase", credited, ago(20 - number) + 9, payment=f"pi_{number}", event=f"evt_{number}"
        )
    return company.stripe.event(f"evt_{number}", "payment_intent.succeeded", paid, ago(20 - number) + 3)


def users(company: FieldCompany, *numbers: int, **more: object) -> FieldCompany:
    company.ledger.add("u0", "promotional_grant", 1, ago(90))
    company.users(u0={}, **{f"u{n}": {"stripe_customer_id": f"cus_{n}", **more} for n in numbers})
    return company


@pytest.mark.parametrize("prices", ["", "[prices.credits]\ncredits = 500\n"])
def test_a_payments_event_that_was_processed_and_gave_nothing(tmp_path: Path, prices: str) -> None:
    """The app handles payments' events. evt_3 gave nothing; pi_4 is for a poster, which its metadata say."""
    company = FieldCompany()
    events = [buy(company, n, None if n == 3 else 500) for n in (1, 2, 3)]
    events.append(buy(company, 4, None, metadata={"sku": "poster"}, amount=1500, amount_received=1500))
    company.stripe.endpoint(["payment_intent.succeeded"])
    company.webhooks(*events)
    users(company, 1, 2, 3, 4).expect(
        tmp_path,
        MAPPING + PLANS + prices,
        must={"hollow-event:evt_3", "missing-grant:pi_3"},
        looked={*EVENTS, "missing-grant"},
    )


def test_a_charges_event_that_was_processed_and_gave_nothing(tmp_path: Path) -> None:
    """The same by ``charge.succeeded``, as older apps do."""
    company = FieldCompany()
    events = []
    for number in (1, 2, 3):
        buy(company, number, None if number == 3 else 500)
        event = company.stripe.objects["events"].pop()
        charge = {"id": f"ch_pi_{number}", "object": "charge", "payment_intent": f"pi_{number}", "paid": True,
                  "captured": True, "amount": 1000, "amount_captured": 1000, "currency": "usd", "status": "succeeded",
                  "customer": f"cus_{number}", "invoice": None}  # fmt: skip
        events.append(company.stripe.put("events", {**event, "type": "charge.succeeded", "data": {"object": charge}}))
    company.stripe.endpoint(["charge.succeeded"])
    company.webhooks(*events)
    users(company, 1, 2, 3).expect(
        tmp_path, MAPPING + PLANS, must={"hollow-event:evt_3", "missing-grant:pi_3"}, looked={*EVENTS, "missing-grant"}
    )


def test_a_voucher_that_is_paid_days_after_its_checkout(tmp_path: Path) -> None:
    """The first event says unpaid and gives nothing, the second gives. u3's came, was processed, and gave nothing.

    u4's voucher was never paid.
    """
    company = FieldCompany()
    events = []
    for number in (1, 2, 3, 4):
        paid = number != 4
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(
            f"pi_{number}", f"cus_{number}", 1000, ago(20), payment_method_types=["boleto"],
            metadata={"sku": "credits"},
            status="succeeded" if paid else "canceled",
        )  # fmt: skip
        about = company.stripe.session(
            f"cs_{number}", f"cus_{number}", 1000, ago(20), payment_intent=f"pi_{number}",
            client_reference_id=f"u{number}", metadata={"sku": "credits"}, payment_status="paid" if paid else "unpaid",
        )  # fmt: skip
        at_first = {**about, "payment_status": "unpaid"}
        events.append(company.stripe.event(f"evt_{number}", "checkout.session.completed", at_first, ago(20)))
        kind = "succeeded" if paid else "failed"
        events.append(
            company.stripe.event(f"evt_late_{number}", f"checkout.session.async_payment_{kind}", about, ago(17))
        )
        if number < 3:
            company.ledger.add(
                f"u{number}", "purchase", 500, ago(17) + 5, session=f"cs_{number}", event=f"evt_late_{number}"
            )
    company.stripe.endpoint(["checkout.session.completed", "checkout.session.async_payment_succeeded"])
    company.webhooks(*events)
    users(company, 1, 2, 3, 4).expect(
        tmp_path,
        MAPPING + PLANS + "[prices.credits]\ncredits = 500\n",
        must={"hollow-event:evt_late_3", "missing-grant:pi_3"},
        looked={*EVENTS, *OWED, "grant-before-money"},
    )


def test_an_endpoint_of_another_system_and_events_that_only_it_asks_for(tmp_path: Path) -> None:
    """Marketing has an endpoint of its own, disabled since long. evt_3 never reached the app's, whose pack was lost."""
    company = FieldCompany()
    events = [buy(company, n, None if n == 3 else 500) for n in (1, 2, 3)]
    gone: Json = {"id": "cus_1", "object": "customer"}
    company.stripe.event("evt_mail", "customer.updated", gone, ago(9))
    company.stripe.event("evt_quote", "quote.accepted", {"id": "qt_1", "object": "quote"}, ago(9))
    company.stripe.endpoint(["payment_intent.succeeded"])
    company.stripe.endpoint(
        ["customer.updated", "quote.accepted", "invoice.paid"],
        id="we_mail",
        url="https://mail.example",
        status="disabled",
    )
    company.webhooks(*events[:2])
    users(company, 1, 2, 3).expect(
        tmp_path,
        MAPPING + PLANS,
        must={"undelivered-event:evt_3", "missing-grant:pi_3"},
        looked={*EVENTS, "missing-grant"},
    )


def test_events_of_things_that_owe_nothing(tmp_path: Path) -> None:
    """Bills of a known service, of nothing by a coupon, and of another app came by, or never did. All is quiet."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_help", 900, product="prod_help")
    events = []
    for number in (1, 2, 3):
        bill = subscribe(company, number, "price_pro", 2900)
        events.append(company.stripe.event(f"evt_{number}", "invoice.paid", bill, ago(14) + 4))
        company.ledger.add(
            f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}", event=f"evt_{number}"
        )
    help_bill = subscribe(company, 11, "price_help", 900, customer="cus_1")
    events.append(company.stripe.event("evt_help", "invoice.paid", help_bill, ago(14) + 4))
    free = subscribe(company, 12, "price_help", 900, customer="cus_2", bill={"total": 0, "subtotal": 900})
    events.append(company.stripe.event("evt_free", "invoice.paid", free, ago(14) + 4))
    company.stripe.event("evt_never", "invoice.paid", help_bill, ago(13))
    company.stripe.endpoint(["invoice.paid"])
    company.webhooks(*events)
    users(company, 1, 2, 3, plan="pro").expect(
        tmp_path,
        MAPPING + PLANS + '[prices.price_help]\nsells = "nothing"\n',
        looked={*EVENTS, *OWED, "duplicate-subscription", "unmapped-price"},
    )


def subscribed(count: int = 3) -> FieldCompany:
    """Subscribers of PRO, of whom the last one's bill was not credited."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in range(1, count + 1):
        subscribe(company, number, "price_pro", 2900)
        if number < count:
            company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
    return users(company, *range(1, count + 1), plan="pro")


def send_lists_as_pages(company: FieldCompany) -> None:
    """Invoices of the API's lists show no payments."""
    for bill in company.stripe.objects["invoices"]:
        bill.pop("payments")


def expand_everything(company: FieldCompany) -> None:
    """Someone's export expands customers, subscriptions' bills, and payments."""
    whole = {str(row["id"]): row for rows in company.stripe.objects.values() for row in rows}
    for bill in company.stripe.objects["invoices"]:
        bill["customer"] = whole[str(bill["customer"])]
    for held in company.stripe.objects["subscriptions"]:
        held["customer"] = whole[str(held["customer"])]
        held["latest_invoice"] = whole[str(held["latest_invoice"])]
    for paid in company.stripe.objects["payment_intents"]:
        paid["latest_charge"] = {"id": paid["latest_charge"], "object": "charge", "paid": True}


def keep_older_lines(company: FieldCompany) -> None:
    """The export was appended to: subscriptions stand there as they began, and then as they are."""
    held = company.stripe.objects["subscriptions"]
    company.stripe.objects["subscriptions"] = [{**row, "status": "incomplete"} for row in held] + held
    bills = company.stripe.objects["invoices"]
    company.stripe.objects["invoices"] = [{**row, "status": "draft", "amount_paid": 0} for row in bills] + bills


def lose_one_bills_lines(company: FieldCompany) -> None:
    """One bill of long ago came without its lines."""
    company.stripe.payment("pi_old", "cus_1", 2900, ago(70))
    company.stripe.invoice("in_old", "cus_1", [], ago(70), payment="pi_old", total=2900)["lines"] = None


def lose_one_schedule(company: FieldCompany) -> None:
    """A subscription names a schedule that was released between the two files, beside one that is there."""
    for number in (1, 2):
        company.stripe.objects["subscriptions"][number - 1]["schedule"] = f"sub_sched_{number}"
    now = {"start_date": ago(14), "end_date": ago(-16)}
    company.stripe.put("subscription_schedules", {
        "id": "sub_sched_1", "object": "subscription_schedule", "status": "active", "customer": "cus_1",
        "livemode": True,
        "subscription": "sub_1", "created": ago(14), "current_phase": now, "end_behavior": "release",
        "phases": [{**now, "items": [{"price": "price_pro", "quantity": 1}]}],
    })  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [send_lists_as_pages, expand_everything, keep_older_lines, lose_one_bills_lines, lose_one_schedule],
)
def test_one_company_in_exports_of_many_forms(tmp_path: Path, change: Callable[[FieldCompany], None]) -> None:
    company = subscribed()
    change(company)
    company.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"missing-grant:in_3"},
        looked={*OWED, "unpaid-but-active", "paid-but-blocked", "ending-plan", "duplicate-charge"},
    )


def test_a_bill_that_was_tried_twice_and_one_that_was_paid_in_two_parts(tmp_path: Path) -> None:
    """u1's first try failed. u2 paid by two payments of one bill. u3 was charged twice for one thing."""
    company = subscribed(2)
    company.tables.clear()
    bills = company.stripe.objects["invoices"]
    company.stripe.payment("pi_tried", "cus_1", 2900, ago(14) - 30, status="requires_payment_method")
    tried: Json = {"id": "inpay_tried", "object": "invoice_payment", "invoice": "in_1", "amount_paid": None,
                   "amount_requested": 2900, "currency": "usd", "livemode": True, "is_default": False,
                   "status": "canceled", "created": ago(14) - 30,
                   "payment": {"type": "payment_intent", "payment_intent": "pi_tried"}}  # fmt: skip
    part = {**tried, "id": "inpay_part", "invoice": "in_2", "amount_paid": 1450, "status": "paid", "created": ago(14),
            "payment": {"type": "payment_intent", "payment_intent": "pi_part"}}  # fmt: skip
    company.stripe.payment("pi_part", "cus_2", 1450, ago(14))
    company.stripe.objects["payment_intents"][1] |= {"amount": 1450, "amount_received": 1450}
    company.stripe.objects["invoice_payments"][1]["amount_paid"] = 1450
    for row, bill in ((tried, bills[0]), (part, bills[1])):
        bill["payments"]["data"].append(row)  # type: ignore[index]
        company.stripe.put("invoice_payments", row)
    company.ledger.add("u2", "subscription_grant", 1000, ago(14) + 9, invoice="in_2")
    company.stripe.customer("cus_3")
    for number in (1, 2):
        company.stripe.payment(f"pi_twice_{number}", "cus_3", 1000, ago(9) + 60 * number, description="pack of 500")
    company.ledger.add("u3", "purchase", 500, ago(9) + 90, payment="pi_twice_1")
    company.users(
        u0={}, u1={"plan": "pro", "stripe_customer_id": "cus_1"}, u2={"plan": "pro", "stripe_customer_id": "cus_2"},
        u3={"stripe_customer_id": "cus_3"},
    )  # fmt: skip
    company.expect(
        tmp_path,
        MAPPING + PLANS,
        one_of={"duplicate-charge:pi_twice_2", "duplicate-charge:pi_twice_1"},
        may={"missing-grant:pi_twice_2"},
        looked={*OWED, "duplicate-charge", "unpaid-but-active"},
    )


def test_entries_whose_ids_stripe_has_none_of(tmp_path: Path) -> None:
    """The app writes its own order numbers where Stripe's ids were mapped: nothing was compared, and that is said."""
    company = FieldCompany()
    for number in range(1, 26):
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(20), metadata={"sku": "credits"})
        company.ledger.add(f"u{number}", "purchase", 500, ago(20) + 9, payment=f"order-{number}")
    report = users(company, *range(1, 26)).audit(tmp_path, MAPPING + PLANS)
    outcome = report.outcome("missing-grant")
    assert outcome is not None
    assert not isinstance(outcome.outcome, Checked), outcome.outcome
    assert "missing-grant" not in {finding.check for finding in report.findings()}


def test_lines_that_name_a_product_alone(tmp_path: Path) -> None:
    """A price was made for one customer and is in no list: its product says what it sells. u2 got nothing."""
    company = FieldCompany()
    for number, credited in ((1, 2000), (2, None)):
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 4321, ago(9))
        row = line(f"in_{number}", "price_x", 4321)
        details = {"price": f"price_made_for_{number}", "product": "prod_bundle"}
        row["pricing"] = {"type": "price_details", "price_details": details}
        company.stripe.invoice(f"in_{number}", f"cus_{number}", [row], ago(9), payment=f"pi_{number}")
        if credited:
            company.ledger.add(f"u{number}", "purchase", credited, ago(9) + 9, invoice=f"in_{number}")
    users(company, 1, 2).expect(
        tmp_path,
        MAPPING + PLANS + "[prices.prod_bundle]\ncredits = 2000\n",
        must={"missing-grant:in_2"},
        looked=OWED,
    )
