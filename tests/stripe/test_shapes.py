"""One object, both shapes of the API, the same row."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe import objects, products
from tests.support.stripe.objects import DAY, EPOCH, JSON, MONTH
from tests.support.stripe.shaped import OURS, shape_one
from tests.support.stripe.stories import bill, bill_once, buy, emit, new_customer, new_price, pay, plan_ahead, subscribe
from tests.support.stripe.versions import old_shape
from tests.support.stripe.world import StripeWorld
from trueup.model.stripe_objects import EVENT_TYPES
from trueup.stripe.shapes.fields import AccountFilter


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The one row."""
    (row,) = rows
    return dict(row)


def with_payments(world: StripeWorld, billed: JSON) -> JSON:
    """An invoice as it is listed with its payments asked for."""
    record = world.find(billed["id"])
    assert record is not None
    return world.get(billed["id"]) | {"payments": objects.listing(world.parts(record, "payments"), "")}


def test_an_invoice_is_the_same_in_both_shapes() -> None:
    """Its subscription, lines, and payment, apart from the id that an old payment has not."""
    world = StripeWorld()
    price = new_price(world, lookup_key="pro_monthly")
    subscription = subscribe(world, new_customer(world), price, metadata={"user_id": "user_1"})
    billed = bill(world, subscription)
    new = shape_one("invoices", with_payments(world, billed), OURS)
    old = shape_one("invoices", old_shape(world, world.get(billed["id"])), OURS)
    assert only(old["stripe_invoice"]) == only(new["stripe_invoice"])
    assert only(new["stripe_invoice"])["subscription_id"] == subscription["id"]
    old_line, new_line = only(old["stripe_invoice_line"]), only(new["stripe_invoice_line"])
    assert old_line | {"lookup_key": None, "metered": None} == new_line
    assert old_line["lookup_key"] == "pro_monthly"
    old_payment, new_payment = only(old["stripe_invoice_payment"]), only(new["stripe_invoice_payment"])
    assert old_payment.pop("invoice_payment_id") != new_payment.pop("invoice_payment_id")
    assert (str(old_payment.pop("charge_id"))[:3], new_payment.pop("charge_id")) == ("ch_", None)
    assert old_payment == new_payment


@pytest.mark.parametrize("quantity", [1, 7])
def test_a_subscription_is_the_same_in_both_shapes(quantity: int) -> None:
    """Its period stood on it, and stands on its items."""
    world = StripeWorld()
    subscription = subscribe(world, new_customer(world), new_price(world), quantity=quantity)
    assert shape_one("subscriptions", old_shape(world, subscription), OURS) == shape_one(
        "subscriptions", subscription, OURS
    )


def test_the_period_is_the_widest_of_the_items() -> None:
    """A monthly item beside a yearly one."""
    world = StripeWorld()
    subscription = subscribe(world, new_customer(world), new_price(world), new_price(world, interval="year"))
    subscription["items"]["data"][0] |= {"current_period_start": EPOCH - 5, "current_period_end": EPOCH + DAY}
    row = only(shape_one("subscriptions", subscription, OURS)["stripe_subscription"])
    assert (row["current_period_start"], row["current_period_end"]) == (EPOCH - 5, EPOCH + MONTH)


def test_a_schedule_says_what_comes_next_and_when() -> None:
    """The phase after the current one."""
    world = StripeWorld()
    subscription = subscribe(world, new_customer(world), new_price(world))
    phases = [
        objects.phase([{"price": "price_now", "quantity": 1}], start_date=EPOCH, end_date=EPOCH + 10),
        objects.phase([{"price": "price_next", "quantity": 1}], start_date=EPOCH + 10, end_date=EPOCH + 20),
    ]
    current = {"start_date": EPOCH, "end_date": EPOCH + 10}
    schedule = plan_ahead(world, subscription, *phases, current_phase=current, status="active")
    row = only(shape_one("subscriptions", subscription | {"schedule": schedule}, OURS)["stripe_subscription"])
    assert (row["next_price_id"], row["next_phase_at"]) == ("price_next", EPOCH + 10)
    last = schedule | {"current_phase": {"start_date": EPOCH + 10, "end_date": EPOCH + 20}, "end_behavior": "cancel"}
    row = only(shape_one("subscriptions", subscription | {"schedule": last}, OURS)["stripe_subscription"])
    assert (row["next_price_id"], row["next_phase_at"]) == (None, EPOCH + 20)
    released = last | {"end_behavior": "release"}
    row = only(shape_one("subscriptions", subscription | {"schedule": released}, OURS)["stripe_subscription"])
    assert (row["next_price_id"], row["next_phase_at"]) == (None, None)


@pytest.mark.parametrize(
    ("account_filter", "is_other"),
    [
        (OURS, False),
        (AccountFilter(livemode=True, products=frozenset({"prod_theirs"})), False),
        (AccountFilter(livemode=True, metadata={"app": "ours"}), False),
        (AccountFilter(livemode=True, metadata={"app": "theirs"}), True),
        (AccountFilter(livemode=True, metadata={"other": "ours"}), True),
    ],
)
def test_a_subscription_of_another_application_is_marked(account_filter: AccountFilter, is_other: bool) -> None:
    """By its metadata; what its products mean is for the checks to say, which know the plans' prices."""
    world = StripeWorld()
    price = products.price("price_1", "prod_ours")
    subscription = subscribe(world, new_customer(world), price, metadata={"app": "ours"})
    assert (
        only(shape_one("subscriptions", subscription, account_filter)["stripe_subscription"])["other_application"]
        is is_other
    )


def test_an_invoice_paid_out_of_band_is_told_from_one_that_cost_nothing() -> None:
    """Paid, with something due, and no payment of Stripe's."""
    world = StripeWorld()
    customer, price = new_customer(world), new_price(world)
    by_transfer = bill_once(world, customer, price, status="open")
    paid = by_transfer | {"status": "paid", "amount_paid": 2900, "payments": objects.listing([], "")}
    assert only(shape_one("invoices", paid, OURS)["stripe_invoice"])["paid_out_of_band"] is True
    free = paid | {"amount_due": 0, "amount_paid": 0}
    assert only(shape_one("invoices", free, OURS)["stripe_invoice"])["paid_out_of_band"] is False
    record = {"id": "inpay_1", "status": "paid", "payment": {"type": "payment_record", "payment_record": "pr_1"}}
    recorded = paid | {"payments": objects.listing([record], "")}
    assert only(shape_one("invoices", recorded, OURS)["stripe_invoice"])["paid_out_of_band"] is True


@pytest.mark.parametrize(
    ("fields", "is_delayed"),
    [
        ({"status": "succeeded", "payment_method_types": ["card"]}, False),
        ({"status": "processing", "payment_method_types": ["card"]}, True),
        ({"status": "requires_action", "payment_method_types": ["card", "sepa_debit"]}, False),
        ({"status": "requires_action", "payment_method_types": ["sepa_debit"]}, True),
        ({"status": "requires_action", "next_action": {"type": "oxxo_display_details"}}, True),
        ({"status": "processing", "payment_method": {"id": "pm_1", "type": "card"}}, False),
    ],
)
def test_money_that_takes_days_is_delayed(fields: JSON, is_delayed: bool) -> None:
    """A card answers at once."""
    world = StripeWorld()
    like = {"created": EPOCH, "currency": "usd", "livemode": True}
    intent = pay(world, amount=1, customer_id=None, like=like, **fields)
    assert only(shape_one("payment_intents", intent, OURS)["stripe_payment_intent"])["delayed"] is is_delayed


def test_a_checkout_names_its_account_by_reference_before_metadata() -> None:
    """``client_reference_id`` is made for it."""
    world = StripeWorld()
    session = buy(world, new_customer(world), new_price(world), metadata={"user_id": "user_1"})
    assert only(shape_one("checkout_sessions", session, OURS)["stripe_checkout_session"])["account_id"] == "user_1"
    named = session | {"client_reference_id": "user_2"}
    assert only(shape_one("checkout_sessions", named, OURS)["stripe_checkout_session"])["account_id"] == "user_2"


@pytest.mark.parametrize("version", ["2024-06-20", objects.VERSION])
def test_an_event_says_what_it_is_about_in_any_version(version: str) -> None:
    """An invoice that was paid."""
    world = StripeWorld()
    billed = bill(world, subscribe(world, new_customer(world), new_price(world)))
    row = only(shape_one("events", emit(world, "invoice.paid", billed, api_version=version), OURS)["stripe_event"])
    assert (row["object_id"], row["invoice_id"], row["customer_id"]) == (billed["id"], billed["id"], billed["customer"])
    assert (row["amount"], row["currency"], row["api_version"]) == (2900, "usd", version)


def test_as_many_types_are_asked_for_as_stripe_takes() -> None:
    """Twenty at most, and sorted."""
    assert list(EVENT_TYPES) == sorted(EVENT_TYPES)
    assert len(EVENT_TYPES) <= 20


def test_an_endpoint_for_everything_is_a_star() -> None:
    """And one for some types lists them between commas."""
    all_types = objects.webhook_endpoint("we_1")
    assert only(shape_one("webhook_endpoints", all_types, OURS)["stripe_webhook_endpoint"])["enabled_events"] == "*"
    some = objects.webhook_endpoint("we_1", enabled_events=["a.b", "c.d"])
    assert only(shape_one("webhook_endpoints", some, OURS)["stripe_webhook_endpoint"])["enabled_events"] == ",a.b,c.d,"
