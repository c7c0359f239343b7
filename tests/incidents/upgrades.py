"""A change of plan in the middle of a month: half of the old plan is given back, half of the new one charged."""

from __future__ import annotations

from decimal import Decimal

from tests.support.incidents.offer import CENTS, CREDITS
from tests.support.incidents.people import Bill, Person, subscriber
from tests.support.incidents.scenario import QUIET, Findings, found
from tests.support.incidents.stage import Stage, seconds
from tests.support.stripe import invoices, stories
from tests.support.stripe.objects import JSON


def _upgraded(stage: Stage) -> tuple[Person, Bill]:
    """From PRO to MAX, five days ago, in the middle of the month; not credited yet."""
    user, subscription = subscriber(stage, "price_pro", renewed=(50, 20), days=50, period_days=20)
    at = stage.ago(5)
    item = subscription["items"]["data"][0]
    upgraded = item | {"price": stage.price("price_max")}
    items = subscription["items"] | {"data": [upgraded]}
    stage.world.change(subscription["id"], items=items)
    user.moves("PRO", "MAX", at)
    named = stage.id("in")
    lines = [
        _proration(stage, item, "price_pro", -CENTS["price_pro"] // 2, named),
        _proration(stage, upgraded, "price_max", CENTS["price_max"] // 2, named),
    ]
    assert user.customer is not None
    made = stage.world.add(
        invoices.invoice(
            named,
            user.customer["id"],
            lines,
            subscription_id=subscription["id"],
            created=seconds(at),
            billing_reason="subscription_update",
        )
    )
    stories.settle(stage.world, made)
    stage.world.change(subscription["id"], latest_invoice=named)
    return user, Bill(id=named, event=stage.told("invoice.paid", made, at), invoice=made, at=at)


def _proration(stage: Stage, item: JSON, price: str, cents: int, invoice_id: str) -> JSON:
    line = invoices.invoice_line(
        stage.id("il"),
        stage.price(price),
        invoice_id=invoice_id,
        item=item,
        amount=cents,
        period={"start": seconds(stage.ago(5)), "end": item["current_period_end"]},
    )
    details = line["parent"]["subscription_item_details"] | {"proration": True}
    return line | {"parent": line["parent"] | {"subscription_item_details": details}}


def granted_twice_in_one_month(stage: Stage) -> Findings:
    """The whole new allowance, beside the old one."""
    user, bill = _upgraded(stage)
    user.granted(bill, CREDITS["MAX"])
    difference = CREDITS["MAX"] - CREDITS["PRO"]
    return (
        found(
            "wrong-grant-amount",
            bill.id,
            account_id=str(user),
            credits_granted=Decimal(CREDITS["MAX"]),
            credits_owed=Decimal(difference),
        ),
    )


def granted_the_difference(stage: Stage) -> Findings:
    """What the new plan has more than the old one; or nothing yet, until it renews."""
    user, bill = _upgraded(stage)
    if stage.whole or stage.random.random() < 0.5:
        user.granted(bill, CREDITS["MAX"] - CREDITS["PRO"])
    return QUIET
