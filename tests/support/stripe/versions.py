"""Objects as versions of the API before 2025-03-31 write them, and those before 2019."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.objects import JSON
from tests.support.stripe.world import StripeWorld

MOVED = "2025-03-31"
"""The version (basil) that moved an invoice's subscription, its payments and a subscription's period."""


def is_old(version: str) -> bool:
    """Whether the version writes the old shapes."""
    return version < MOVED


def old_shape(world: StripeWorld, found: Any) -> Any:
    """The same in the old shape, with all that is in it."""
    if isinstance(found, list):
        return [old_shape(world, one) for one in found]
    if not isinstance(found, dict):
        return found
    inner = {name: old_shape(world, one) for name, one in found.items()}
    match found.get("object"):
        case "subscription" if "items" in found:
            return _subscription(inner, found)
        case "subscription_item":
            return {name: one for name, one in inner.items() if not name.startswith("current_period_")}
        case "invoice" if "customer" in found:
            return _invoice(world, inner)
        case "line_item" if "parent" in found:
            return _line(world, inner)
        case "payment_intent" | "charge" as kind:
            return inner | {"invoice": _invoice_of(world, found["id"] if kind == "payment_intent" else found)}
    return inner


def oldest_shape(world: StripeWorld, found: Any) -> Any:
    """The same as in 2018: invoices are billed, have a date, and their lines are of plans. Left out: sources, and what
    an object of that time does not say at all.
    """
    older = old_shape(world, found)
    match older.get("object"):
        case "invoice":
            return _invoice_of_2018(older)
        case "subscription":
            return _renamed(older, collection_method="billing")
    return older


def _invoice_of_2018(invoice: JSON) -> JSON:
    is_closed = invoice["status"] in ("paid", "void")
    lines = invoice["lines"] | {"data": [_line_of_2018(line) for line in invoice["lines"]["data"]]}
    state = {"closed": is_closed, "forgiven": invoice["status"] == "uncollectible", "lines": lines}
    return _renamed(invoice, created="date", collection_method="billing") | state


def _line_of_2018(line: JSON) -> JSON:
    price = line.get("price")
    rhythm = (price or {}).get("recurring")
    if price is None or rhythm is None:
        return line
    names = ("id", "product", "nickname", "currency")
    plan = {"object": "plan", "amount": price["unit_amount"], **{name: price.get(name) for name in names}}
    plan |= {name: rhythm.get(name) for name in ("interval", "interval_count", "usage_type")}
    return {name: value for name, value in line.items() if name != "price"} | {"plan": plan}


def _renamed(found: JSON, **names: str) -> JSON:
    return {names.get(name, name): value for name, value in found.items()}


def _subscription(inner: JSON, found: JSON) -> JSON:
    items = found["items"]["data"]
    period = {
        "current_period_start": max((item["current_period_start"] for item in items), default=found["created"]),
        "current_period_end": min((item["current_period_end"] for item in items), default=found["created"]),
    }
    return inner | period | {"discount": None}


def _invoice(world: StripeWorld, inner: JSON) -> JSON:
    details = (inner.pop("parent", None) or {}).get("subscription_details") or {}
    inner.pop("payments", None)
    paid_by = next((one for one in _payments(world, inner["id"]) if one["is_default"]), None)
    intent_id = paid_by["payment"].get("payment_intent") if paid_by else None
    intent = world.find(intent_id) if isinstance(intent_id, str) else None
    return inner | {
        "charge": intent.shown()["latest_charge"] if intent else None,
        "paid": inner["status"] == "paid",
        "paid_out_of_band": inner["status"] == "paid" and intent_id is None and inner["total"] > 0,
        "payment_intent": intent_id,
        "subscription": details.get("subscription"),
        "subscription_details": {"metadata": details.get("metadata")},
        "tax": None,
    }


def _line(world: StripeWorld, inner: JSON) -> JSON:
    parent = inner.pop("parent") or {}
    pricing = inner.pop("pricing", None) or {}
    details = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    priced = world.find((pricing.get("price_details") or {}).get("price", ""))
    return inner | {
        "price": priced.shown() if priced else None,
        "proration": details.get("proration", False),
        "subscription": details.get("subscription"),
        "subscription_item": details.get("subscription_item"),
        "type": "subscription" if parent.get("subscription_item_details") else "invoiceitem",
    }


def _payments(world: StripeWorld, invoice_id: str) -> list[JSON]:
    return [one.shown() for one in world.naming("invoice_payment", "invoice", invoice_id)]


def _invoice_of(world: StripeWorld, found: Any) -> str | None:
    """The invoice that a payment intent, or a charge's, pays."""
    intent_id = found["payment_intent"] if isinstance(found, dict) else found
    if not isinstance(intent_id, str):
        return None
    payments = world.naming("invoice_payment", "payment[payment_intent]", intent_id)
    return payments[0].shown()["invoice"] if payments else None
