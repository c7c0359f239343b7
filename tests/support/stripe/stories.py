"""What happens on a Stripe account, in a line each, with ids that fit together.

Each function adds the objects that Stripe would have made and returns the one that was asked for. None makes an event:
``emit`` does. Any keyword replaces a field of the returned object.
"""

from __future__ import annotations

from typing import Any

from tests.support.stripe import invoices, objects, payments, products
from tests.support.stripe.objects import EPOCH, JSON
from tests.support.stripe.versions import is_old, old_shape
from tests.support.stripe.world import StripeWorld


def new_customer(world: StripeWorld, **fields: Any) -> JSON:
    """A customer."""
    return world.add(objects.customer(fields.pop("id", world.new_id("cus")), **fields))


def new_price(
    world: StripeWorld, *, product: JSON | None = None, features: tuple[str, ...] = (), **fields: Any
) -> JSON:
    """A price; of a product of its own, with these features, unless one is given."""
    livemode = fields.get("livemode", True)
    if product is None:
        product = world.add(products.product(world.new_id("prod"), livemode=livemode))
        for lookup_key in features:
            carried = world.add(products.feature(world.new_id("feat"), lookup_key, livemode=livemode))
            link = products.product_feature(world.new_id("prodft"), carried, livemode=livemode)
            world.add_part(product["id"], "features", link)
    return world.add(products.price(fields.pop("id", world.new_id("price")), product["id"], **fields))


def subscribe(world: StripeWorld, customer: JSON, *prices: JSON, quantity: int = 1, **fields: Any) -> JSON:
    """A subscription with an item a price. It has no invoice before ``bill``."""
    named = fields.pop("id", None) or world.new_id("sub")
    period = {name: fields.pop(name) for name in ("current_period_start", "current_period_end") if name in fields}
    shared = {"created": fields.get("created", EPOCH), "quantity": quantity} | period
    items = [objects.subscription_item(world.new_id("si"), named, priced, **shared) for priced in prices]
    plain = {"livemode": customer.get("livemode", True), "currency": prices[0]["currency"] if prices else "usd"}
    return world.add(objects.subscription(named, customer["id"], items, **(plain | fields)))


def bill(world: StripeWorld, subscription: JSON, **fields: Any) -> JSON:
    """An invoice for a subscription's items; where it is paid and not zero, with intent, charge and invoice payment."""
    named = fields.pop("id", None) or world.new_id("in")
    lines = [
        invoices.invoice_line(world.new_id("il"), item["price"], invoice_id=named, item=item)
        for item in subscription["items"]["data"]
    ]
    plain = {"livemode": subscription["livemode"], "currency": subscription["currency"]}
    billed = world.add(
        invoices.invoice(named, subscription["customer"], lines, subscription_id=subscription["id"], **(plain | fields))
    )
    if billed["status"] == "paid" and billed["amount_paid"] > 0:
        settle(world, billed)
    world.change(subscription["id"], latest_invoice=named)
    return billed


def bill_once(world: StripeWorld, customer: JSON, price: JSON, **fields: Any) -> JSON:
    """An invoice without a subscription."""
    named = fields.pop("id", None) or world.new_id("in")
    created = fields.get("created", EPOCH)
    period = {"start": created, "end": created}
    lines = [invoices.invoice_line(world.new_id("il"), price, invoice_id=named, period=period)]
    plain = {"livemode": customer.get("livemode", True), "currency": price["currency"]}
    billed = world.add(invoices.invoice(named, customer["id"], lines, **(plain | fields)))
    if billed["status"] == "paid" and billed["amount_paid"] > 0:
        settle(world, billed)
    return billed


def settle(world: StripeWorld, billed: JSON, **fields: Any) -> JSON:
    """The invoice payment of an invoice, with its payment intent and charge."""
    intent = pay(world, amount=billed["total"], customer_id=billed["customer"], like=billed)
    return world.add(invoices.invoice_payment(world.new_id("inpay"), billed, intent["id"], **fields))


def pay(world: StripeWorld, *, amount: int, customer_id: str | None, like: JSON, **fields: Any) -> JSON:
    """A payment intent, with its charge where it succeeded; time, currency and mode as in ``like``."""
    named = fields.pop("id", None) or world.new_id("pi")
    plain = {name: like[name] for name in ("created", "currency", "livemode")}
    intent = payments.payment_intent(named, amount=amount, customer_id=customer_id, **(plain | fields))
    if intent["status"] == "succeeded":
        charged = world.add(payments.charge(world.new_id("ch"), intent))
        intent = intent | {"latest_charge": charged["id"]}
    return world.add(intent)


def buy(world: StripeWorld, customer: JSON, price: JSON, *, quantity: int = 1, **fields: Any) -> JSON:
    """A checkout session that sold something once; paid, with its intent and charge, unless it was not completed."""
    named = fields.pop("id", None) or world.new_id("cs_live")
    total = fields.get("amount_total", (price["unit_amount"] or 0) * quantity)
    plain: JSON = {
        "amount_subtotal": total,
        "amount_total": total,
        "currency": price["currency"],
        "customer": customer["id"],
        "livemode": customer.get("livemode", True),
    }
    session = payments.checkout_session(named, **(plain | fields))
    if session["payment_status"] == "paid" and total > 0 and session["payment_intent"] is None:
        session["payment_intent"] = pay(world, amount=total, customer_id=customer["id"], like=session)["id"]
    plain = {"amount_discount": 0, "amount_subtotal": total, "amount_tax": 0, "amount_total": total}
    line = plain | {"id": world.new_id("li"), "object": "item", "currency": session["currency"]}
    line |= {"description": price["id"], "price": price, "quantity": quantity}
    return world.add(session | {"line_items": objects.listing([line], "")})


def give_back(world: StripeWorld, payment: JSON, *, amount: int | None = None, **fields: Any) -> JSON:
    """A refund of a payment intent: the whole of what is left, or an amount of it."""
    charged = world.get(world.get(payment["id"])["latest_charge"])
    amount = charged["amount"] - charged["amount_refunded"] if amount is None else amount
    refunded = charged["amount_refunded"] + amount
    world.change(charged["id"], amount_refunded=refunded, refunded=refunded == charged["amount"])
    made = payments.refund(fields.pop("id", None) or world.new_id("re"), charged, amount=amount, **fields)
    return world.add(made, livemode=charged["livemode"])


def contest(world: StripeWorld, payment: JSON, **fields: Any) -> JSON:
    """A dispute of a payment intent's charge."""
    charged = world.change(world.get(payment["id"])["latest_charge"], disputed=True)
    return world.add(payments.dispute(fields.pop("id", None) or world.new_id("dp"), charged, **fields))


def credit(world: StripeWorld, billed: JSON, *, amount: int, **fields: Any) -> JSON:
    """A credit note after payment."""
    credited = billed["post_payment_credit_notes_amount"] + amount
    world.change(billed["id"], post_payment_credit_notes_amount=credited)
    return world.add(
        invoices.credit_note(fields.pop("id", None) or world.new_id("cn"), billed, amount=amount, **fields)
    )


def cancel(world: StripeWorld, subscription: JSON, *, at: int, **fields: Any) -> JSON:
    """End a subscription at once."""
    ended = {"status": "canceled", "canceled_at": at, "ended_at": at}
    return world.change(subscription["id"], **(ended | fields))


def plan_ahead(world: StripeWorld, subscription: JSON, *phases: JSON, **fields: Any) -> JSON:
    """A schedule for a subscription."""
    named = fields.pop("id", None) or world.new_id("sub_sched")
    plain = {"subscription": subscription["id"], "livemode": subscription["livemode"]}
    made = objects.subscription_schedule(named, subscription["customer"], list(phases), **(plain | fields))
    world.change(subscription["id"], schedule=named)
    return world.add(made)


def listen(world: StripeWorld, **fields: Any) -> JSON:
    """A webhook endpoint."""
    return world.add(objects.webhook_endpoint(fields.pop("id", None) or world.new_id("we"), **fields))


def emit(world: StripeWorld, kind: str, about: JSON, **fields: Any) -> JSON:
    """An event about an object as it is now, written in the shape of the event's ``api_version``."""
    plain = {"created": about.get("created", EPOCH), "livemode": about.get("livemode", True)}
    made = objects.event(fields.pop("id", None) or world.new_id("evt"), kind, about, **(plain | fields))
    if is_old(made["api_version"]):
        made["data"] = made["data"] | {"object": old_shape(world, made["data"]["object"])}
    return world.add(made)


def every_kind(world: StripeWorld) -> dict[str, str]:
    """Add one object of each kind; their ids by kind."""
    customer = new_customer(world)
    price = new_price(world, features=("export",))
    subscription = subscribe(world, customer, price)
    billed = bill(world, subscription)
    session = buy(world, customer, price)
    intent = world.get(session["payment_intent"])
    phase = objects.phase([{"price": price["id"], "quantity": 1}], start_date=1, end_date=2)
    give_back(world, intent, amount=100)
    contest(world, intent)
    plan_ahead(world, subscription, phase)
    credit(world, billed, amount=100)
    listen(world)
    emit(world, "customer.created", customer, created=world.time())
    return {kind: next(iter(held.records)) for kind, held in world.collections.items()}
