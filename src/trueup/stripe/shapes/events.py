"""Events: what they are about, in whichever version of the API they were made."""

from __future__ import annotations

from typing import Any

from trueup.stripe.shapes.fields import JSON, AccountFilter, Rows, first, id_of, within

_PAID = {
    "invoice": "amount_paid",
    "payment_intent": "amount_received",
    "invoice_payment": "amount_paid",
}


def event_rows(event: JSON, account_filter: AccountFilter) -> Rows:
    """An event."""
    about = within(event, "data", "object")
    kind = within(about, "object")
    amount = _paid(about, kind)
    row = {
        "event_id": event.get("id"),
        "type": event.get("type"),
        "api_version": event.get("api_version"),
        "object_id": within(about, "id"),
        "customer_id": within(about, "id") if kind == "customer" else id_of(within(about, "customer")),
        "invoice_id": within(about, "id") if kind == "invoice" else id_of(within(about, "invoice")),
        "payment_intent_id": _intent_of(about, kind),
        "amount": amount,
        "currency": None if amount is None else within(about, "currency"),
        "pending_webhooks": event.get("pending_webhooks"),
        "created_at": event.get("created"),
        "livemode": account_filter.mode_of(event),
    }
    return {"stripe_event": [row]}


def _intent_of(about: object, kind: object) -> Any:
    if kind == "payment_intent":
        return within(about, "id")
    return id_of(first(within(about, "payment_intent"), within(about, "payment", "payment_intent")))


def _paid(about: object, kind: Any) -> Any:
    """What was paid by it."""
    if kind == "checkout.session":
        return within(about, "amount_total") if within(about, "payment_status") == "paid" else None
    if kind == "charge":
        return within(about, "amount_captured") if within(about, "paid") else None
    return within(about, _PAID[kind]) if kind in _PAID else None
