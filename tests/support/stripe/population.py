"""A company of any size: customers, each with a subscription and its paid invoices, in little room.

All customers are alike but for ids and times. Objects are made from one template a kind when they are asked for; one
that is changed is kept as any other. Customers, subscriptions, invoices, invoice payments, payment intents and charges,
a product and a price; no events before ``change``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from tests.support.stripe import invoices, objects, payments, products, stories
from tests.support.stripe.objects import DAY, EPOCH, JSON, MONTH
from tests.support.stripe.resources import BY_OBJECT
from tests.support.stripe.storage import Form, Record, value
from tests.support.stripe.world import StripeWorld

SPREAD_SECONDS = 20 * DAY
"""From the first customer to the last: less than a month, so that every last period still runs."""
_NUMBER = "770077"
"""Stands in a template where an object's number belongs."""
_BILL = "880088"
"""Stands where the invoice's number among the customer's invoices belongs."""
_MOMENT = 1_234_567_890
"""Stands where the time of creation belongs; times that count from it lie near."""


def populated(customers: int, *, invoices_each: int = 1) -> StripeWorld:
    """A world of this many customers. Its clock stands a day after the last of them."""
    first = EPOCH - SPREAD_SECONDS - (invoices_each - 1) * MONTH
    world = StripeWorld(now=EPOCH + DAY)
    sample = _sample(invoices_each)
    world.add(sample["product"])
    world.add(sample["price"])
    for kind in ("customer", "subscription"):
        numbers = ((number, 0, first + number * SPREAD_SECONDS // customers) for number in range(customers))
        world.collections[kind].put_many(_records(kind, sample[kind], numbers))
    for kind in ("invoice", "invoice_payment", "payment_intent", "charge"):
        places = (
            (number, bill, first + number * SPREAD_SECONDS // customers + bill * MONTH)
            for bill in range(invoices_each)
            for number in range(customers)
        )
        world.collections[kind].put_many(_records(kind, sample[kind], places))
    return world


def _sample(invoices_each: int) -> dict[str, JSON]:
    """One of each kind, with marks in the place of its numbers."""
    made, bill = {"created": _MOMENT}, f"{_NUMBER}_{_BILL}"
    product = products.product("prod_population")
    price = products.price("price_population", product["id"])
    customer = objects.customer(f"cus_{_NUMBER}", email=f"{_NUMBER}@example.com", invoice_prefix=_NUMBER, **made)
    subscription_id = f"sub_{_NUMBER}"
    item = objects.subscription_item(f"si_{_NUMBER}", subscription_id, price, **made)
    now = _MOMENT + (invoices_each - 1) * MONTH
    current = item | {"current_period_start": now, "current_period_end": now + MONTH}
    latest = f"in_{_NUMBER}_{invoices_each - 1:06d}" if invoices_each else None
    subscription = objects.subscription(subscription_id, customer["id"], [current], latest_invoice=latest, **made)
    invoice_id = f"in_{bill}"
    line = invoices.invoice_line(f"il_{bill}", price, invoice_id=invoice_id, item=item)
    billed = invoices.invoice(invoice_id, customer["id"], [line], subscription_id=subscription_id, number=bill, **made)
    intent = payments.payment_intent(
        f"pi_{bill}", amount=billed["total"], customer_id=customer["id"], latest_charge=f"ch_{bill}", **made
    )
    return {
        "product": product,
        "price": price,
        "customer": customer,
        "subscription": subscription,
        "invoice": billed,
        "invoice_payment": invoices.invoice_payment(f"inpay_{bill}", billed, intent["id"]),
        "payment_intent": intent,
        "charge": payments.charge(f"ch_{bill}", intent),
    }


def _records(kind: str, sample: JSON, places: Iterable[tuple[int, int, int]]) -> Iterator[Record]:
    """A record for each customer's number, bill's number and time."""
    form, marks = _form(json.dumps(sample, separators=(",", ":")))
    ids = _pattern(sample["id"])
    values = [value(sample, name) for name in BY_OBJECT[kind].filters]
    for number, bill, created in places:
        found = {_NUMBER: number, _BILL: bill}
        numbers = (found[mark] if mark in found else created + int(mark) - _MOMENT for mark in marks)
        yield Record(
            id=ids % ((number, bill) if _BILL in sample["id"] else (number,)),
            created=created,
            livemode=True,
            body=Form(form, tuple(numbers)),
            values=tuple(_numbered(one, number, bill) if isinstance(one, str) else one for one in values),
        )


def _form(sample: str) -> tuple[bytes, list[str]]:
    """The sample with a place for a number at each mark, and the marks in the order in which they stand."""
    moments = r"12[0-9]{8}(?=[,}])"
    mark = re.compile(rf"{_NUMBER}|{_BILL}|{moments}")
    template = mark.sub(lambda found: "%06d" if found[0] in {_NUMBER, _BILL} else "%d", sample.replace("%", "%%"))
    return template.encode(), mark.findall(sample)


def _pattern(named: str) -> str:
    return named.replace(_NUMBER, "%06d").replace(_BILL, "%06d")


def _numbered(sample: str, number: int, bill: int) -> str:
    if _NUMBER not in sample:
        return sample
    return sample.replace(_NUMBER, f"{number:06d}").replace(_BILL, f"{bill:06d}")


def change(world: StripeWorld, count: int) -> list[str]:
    """Change ``count`` customers, spread evenly, with an event each, at the world's time; their ids."""
    customers = [named for _, named in world.collections["customer"].order()]
    step = max(1, len(customers) // count)
    changed = customers[::step][:count]
    for named in changed:
        customer = world.change(named, name="Changed")
        stories.emit(world, "customer.updated", customer, created=world.time())
        number = named.removeprefix("cus_")
        subscription = world.change(f"sub_{number}", cancel_at_period_end=True)
        stories.emit(world, "customer.subscription.updated", subscription, created=world.time())
    return changed
