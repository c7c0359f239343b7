"""Stripe's side of a field case: objects as the API shows them in version 2025-03-31.basil, with what a case names."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 3, 1, 12)
API_VERSION = "2025-03-31.basil"
DAY_SECONDS = 86400

Json = dict[str, object]
Period = tuple[int | None, int | None]

KINDS = (
    *("customers", "subscriptions", "subscription_schedules", "invoices", "invoice_payments", "payment_intents"),
    *("refunds", "disputes", "checkout_sessions", "prices", "products", "events", "webhook_endpoints"),
)


def ago(days: float = 0.0, *, hours: float = 0.0, minutes: float = 0.0) -> int:
    """The moment so long before ``NOW``, in Stripe's seconds; negative days are in the future."""
    return int(NOW.replace(tzinfo=UTC).timestamp() - days * DAY_SECONDS - hours * 3600 - minutes * 60)


def written(moment: int) -> str:
    """The moment as the app's tables write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(slots=True)
class StripeSide:
    """All objects by their kind. Every method adds one and returns it."""

    objects: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))

    def put(self, kind: str, value: Mapping[str, object]) -> Json:
        """Add an object as it is."""
        whole = dict(value)
        self.objects[kind].append(whole)
        return whole

    def customer(self, id: str, email: str | None = None, **more: object) -> Json:  # noqa: A002 - Stripe's word
        """A customer."""
        fields = {"object": "customer", "email": email, "created": ago(200), "livemode": True, "balance": 0}
        return self.put("customers", {"id": id, **fields, "metadata": {}, **more})

    def price(
        self,
        id: str,  # noqa: A002 - Stripe's word
        amount: int | None,
        *,
        interval: str | None = "month",
        count: int = 1,
        product: str = "prod_app",
        **more: object,
    ) -> Json:
        """A price; without an ``interval`` it is paid once."""
        recurring = {"interval": interval, "interval_count": count, "usage_type": "licensed", "meter": None}
        fields = {
            "object": "price",
            "active": True,
            "currency": "usd",
            "unit_amount": amount,
            "lookup_key": None,
            "product": product,
            "recurring": recurring if interval else None,
            "livemode": True,
            "metadata": {},
            "type": "recurring" if interval else "one_time",
        }
        return self.put("prices", {"id": id, **fields, **more})

    def subscription(
        self,
        id: str,  # noqa: A002 - Stripe's word
        customer: str,
        items: Sequence[tuple[str, int | None]],
        *,
        period: Period,
        status: str = "active",
        start: int | None = None,
        **more: object,
    ) -> Json:
        """A subscription to these price ids and quantities; the prices must be there."""
        begun = period[0] if start is None else start
        rows = [self._item(id, number, price, quantity, period) for number, (price, quantity) in enumerate(items)]
        unset = ("cancel_at", "canceled_at", "ended_at", "trial_end", "trial_start", "pause_collection", "schedule")
        fields = {
            "object": "subscription",
            "customer": customer,
            "status": status,
            "created": begun,
            "start_date": begun,
            "collection_method": "charge_automatically",
            "cancel_at_period_end": False,
            "latest_invoice": None,
            "livemode": True,
            "metadata": {},
            "items": {"object": "list", "data": rows, "has_more": False},
        }
        return self.put("subscriptions", {"id": id, **fields, **dict.fromkeys(unset), **more})

    def _item(self, subscription: str, number: int, price: str, quantity: int | None, period: Period) -> Json:
        row: Json = {
            "id": f"si_{subscription}_{number}",
            "object": "subscription_item",
            "price": next(row for row in self.objects["prices"] if row["id"] == price),
            "current_period_start": period[0],
            "current_period_end": period[1],
            "metadata": {},
            "subscription": subscription,
        }
        return row if quantity is None else {**row, "quantity": quantity}

    def invoice(
        self,
        id: str,  # noqa: A002 - Stripe's word
        customer: str,
        lines: Sequence[Json],
        created: int,
        *,
        status: str = "paid",
        subscription: str | None = None,
        payment: str | None = None,
        total: int | None = None,
        due: int | None = None,
        paid: int | None = None,
        **more: object,
    ) -> Json:
        """An invoice of these lines; ``payment`` is the payment intent that pays it, which is added by itself."""
        total = sum(int(str(row["amount"])) for row in lines) if total is None else total
        due = max(0, total) if due is None else due
        paid = (due if status == "paid" else 0) if paid is None else paid
        details: Json = {"subscription": subscription, "metadata": {}}
        parent = {"type": "subscription_details", "quote_details": None, "subscription_details": details}
        moments = {"paid_at": created + 3 if status == "paid" else None, "finalized_at": created}
        fields = {
            "object": "invoice",
            "customer": customer,
            "status": status,
            "currency": "usd",
            "created": created,
            "collection_method": "charge_automatically",
            "billing_reason": "subscription_cycle" if subscription else "manual",
            "subtotal": total,
            "total": total,
            "amount_due": due,
            "amount_paid": paid,
            "amount_remaining": max(0, due - paid),
            **dict.fromkeys(("post_payment_credit_notes_amount", "pre_payment_credit_notes_amount"), 0),
            **dict.fromkeys(("starting_balance", "ending_balance"), 0),
            "due_date": None,
            "livemode": True,
            "metadata": {},
            "parent": parent if subscription else None,
            "status_transitions": {**moments, "voided_at": None, "marked_uncollectible_at": None},
            "lines": {"object": "list", "data": list(lines), "has_more": False},
        }
        payments = [] if payment is None else [self._invoice_payment(id, payment, status, due, paid, created)]
        listed = {"object": "list", "data": payments, "has_more": False}
        return self.put("invoices", {"id": id, **fields, "payments": listed, **more})

    def _invoice_payment(self, invoice: str, payment: str, status: str, due: int, paid: int, created: int) -> Json:
        is_paid = status == "paid"
        fields = {
            "object": "invoice_payment",
            "invoice": invoice,
            "amount_paid": paid if is_paid else None,
            "amount_requested": due,
            "currency": "usd",
            "livemode": True,
            "is_default": True,
            "created": created,
            "status": "paid" if is_paid else "open",
            "payment": {"type": "payment_intent", "payment_intent": payment},
        }
        return self.put("invoice_payments", {"id": f"inpay_{invoice}", **fields})

    def payment(
        self,
        id: str,  # noqa: A002 - Stripe's word
        customer: str | None,
        amount: int,
        created: int,
        *,
        status: str = "succeeded",
        **more: object,
    ) -> Json:
        """A payment intent. Its charge is ``ch_`` and its id."""
        fields: Json = {
            "object": "payment_intent",
            "customer": customer,
            "amount": amount,
            "amount_received": amount if status == "succeeded" else 0,
            "currency": "usd",
            "status": status,
            "created": created,
            "livemode": True,
            "metadata": {},
            "description": None,
            "payment_method_types": ["card"],
            "payment_method": None,
            "next_action": None,
            "latest_charge": f"ch_{id}",
        }
        return self.put("payment_intents", {"id": id, **fields, **more})

    def refund(self, id: str, payment: str, amount: int, created: int, **more: object) -> Json:  # noqa: A002 - Stripe's
        """A refund of a payment intent's charge."""
        return self.put(
            "refunds", {"id": id, "object": "refund", **_back(payment, amount, created, "succeeded"), **more}
        )

    def dispute(self, id: str, payment: str, amount: int, created: int, **more: object) -> Json:  # noqa: A002 - Stripe's
        """A lost dispute over a payment intent's charge."""
        fields = {**_back(payment, amount, created, "lost"), "livemode": True}
        return self.put("disputes", {"id": id, "object": "dispute", **fields, **more})

    def session(self, id: str, customer: str | None, amount: int, created: int, **more: object) -> Json:  # noqa: A002
        """A finished checkout in mode ``payment``; name what it bought and for whom in ``more``."""
        unset = ("payment_intent", "subscription", "invoice", "client_reference_id")
        fields: Json = {
            "object": "checkout.session",
            "customer": customer,
            "created": created,
            "mode": "payment",
            "amount_total": amount,
            "amount_subtotal": amount,
            "currency": "usd",
            "payment_status": "paid",
            "status": "complete",
            "livemode": True,
            "metadata": {},
        }
        return self.put("checkout_sessions", {"id": id, **fields, **dict.fromkeys(unset), **more})

    def event(self, id: str, type: str, about: Json, created: int, **more: object) -> Json:  # noqa: A002 - Stripe's
        """An event that carries this object, without its lines."""
        carried = {name: value for name, value in about.items() if name != "lines"}
        fields = {"object": "event", "type": type, "api_version": API_VERSION, "created": created, "livemode": True}
        return self.put("events", {"id": id, **fields, "pending_webhooks": 0, "data": {"object": carried}, **more})

    def endpoint(self, types: Sequence[str], **more: object) -> Json:
        """The webhook endpoint that the app listens at."""
        fields = {
            "id": "we_app",
            "object": "webhook_endpoint",
            "api_version": API_VERSION,
            "url": "https://app.example/hook",
            "status": "enabled",
            "enabled_events": list(types),
            "created": ago(400),
            "livemode": True,
            "metadata": {},
        }
        return self.put("webhook_endpoints", {**fields, **more})

    def export(self, folder: Path) -> None:
        """Write every kind as an exported file of this moment; a kind without objects is an empty file."""
        folder.mkdir()
        for kind in KINDS:
            path = folder / f"{kind}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in self.objects[kind]), encoding="utf-8")
            os.utime(path, (ago(), ago()))


def line(
    invoice: str,
    price: str | None,
    amount: int,
    *,
    number: int = 0,
    period: Period = (None, None),
    quantity: int = 1,
    proration: bool = False,
    subscription: str | None = None,
    **more: object,
) -> Json:
    """A line of an invoice; with a ``subscription`` it is that subscription's first item's."""
    item = {"subscription": subscription, "proration": proration, "subscription_item": f"si_{subscription}_0"}
    single = {"proration": proration, "subscription": None}
    parent = {
        "type": "subscription_item_details" if subscription else "invoice_item_details",
        "subscription_item_details": item if subscription else None,
        "invoice_item_details": None if subscription else single,
    }
    pricing = {"type": "price_details", "price_details": {"price": price, "product": "prod_app"}}
    fields = {
        "id": f"il_{invoice}_{number}",
        "object": "line_item",
        "amount": amount,
        "currency": "usd",
        "invoice": invoice,
        "livemode": True,
        "period": {"start": period[0], "end": period[1]},
        "quantity": quantity,
        "parent": parent,
        "pricing": pricing if price else None,
    }
    return {**fields, **more}


def _back(payment: str, amount: int, created: int, status: str) -> Json:
    fields: Json = {"payment_intent": payment, "charge": f"ch_{payment}", "amount": amount, "currency": "usd"}
    return {**fields, "status": status, "created": created, "metadata": {}}
