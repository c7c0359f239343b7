"""Invoices, with their lines and payments."""

from __future__ import annotations

from typing import Any

from trueup.stripe.shapes.fields import JSON, AccountFilter, Row, Rows, first, id_of, parts, within

_BY_STRIPE = ("payment_intent", "charge")


def invoice_rows(found: JSON, account_filter: AccountFilter) -> Rows:
    """An invoice. Since 2025-03-31 its subscription stands under ``parent``, and its payments are a list."""
    details = within(found, "parent", "subscription_details")
    payments = _payments(found, account_filter)
    row = {
        "invoice_id": found.get("id"),
        "customer_id": id_of(found.get("customer")),
        "subscription_id": id_of(first(within(details, "subscription"), found.get("subscription"))),
        "account_id": account_filter.account_of(
            within(details, "metadata"), within(found, "subscription_details", "metadata"), found.get("metadata")
        ),
        "status": found.get("status"),
        "billing_reason": found.get("billing_reason"),
        "collection_method": found.get("collection_method"),
        "currency": found.get("currency"),
        "subtotal": found.get("subtotal"),
        "total": found.get("total"),
        "amount_due": found.get("amount_due"),
        "amount_paid": found.get("amount_paid"),
        "credited": found.get("post_payment_credit_notes_amount"),
        "paid_out_of_band": _is_out_of_band(found, payments),
        "created_at": found.get("created"),
        "paid_at": within(found, "status_transitions", "paid_at"),
        "due_at": found.get("due_date"),
        "livemode": account_filter.mode_of(found),
    }
    return {
        "stripe_invoice": [row],
        "stripe_invoice_line": [_line_row(line, found, account_filter) for line in parts(found, "lines")],
        "stripe_invoice_payment": payments,
    }


def _is_out_of_band(found: JSON, payments: list[Row]) -> Any:
    """Whether something was due, it is paid, and no payment of Stripe's paid it."""
    said = found.get("paid_out_of_band")
    if said is not None:
        return said
    due = found.get("amount_due")
    if found.get("status") != "paid" or not isinstance(due, int) or due <= 0:
        return False
    return not any(payment["status"] == "paid" and payment["kind"] in _BY_STRIPE for payment in payments)


def _payments(found: JSON, account_filter: AccountFilter) -> list[Row]:
    if found.get("payments") is None:
        return _old_payment(found, account_filter)
    return [
        {
            "invoice_payment_id": part.get("id"),
            "invoice_id": found.get("id"),
            "payment_intent_id": id_of(within(part, "payment", "payment_intent")),
            "status": part.get("status"),
            "amount_paid": part.get("amount_paid"),
            "currency": part.get("currency"),
            "kind": within(part, "payment", "type"),
            "livemode": account_filter.mode_of(part),
        }
        for part in parts(found, "payments")
    ]


def _old_payment(found: JSON, account_filter: AccountFilter) -> list[Row]:
    """The one payment that an invoice of an older version names; it has no id of its own."""
    intent = id_of(found.get("payment_intent"))
    if intent is None:
        return []
    is_paid = found.get("status") == "paid"
    payment = {
        "invoice_payment_id": f"{found.get('id')}/{intent}",
        "invoice_id": found.get("id"),
        "payment_intent_id": intent,
        "status": "paid" if is_paid else "canceled" if found.get("status") == "void" else "open",
        "amount_paid": found.get("amount_paid") if is_paid else None,
        "currency": found.get("currency"),
        "kind": "payment_intent",
        "livemode": account_filter.mode_of(found),
    }
    return [payment]


def _line_row(line: JSON, invoice: JSON, account_filter: AccountFilter) -> Row:
    """A line. What its price is called and whether it is metered is known from the price itself, where it is not here.

    Before 2025-03-31 a line held its price whole.
    """
    parent = line.get("parent")
    details = first(within(parent, "subscription_item_details"), within(parent, "invoice_item_details"))
    price = first(line.get("price"), line.get("plan"))
    priced = within(line, "pricing", "price_details")
    metered = within(price, "recurring", "usage_type")
    return {
        "line_id": line.get("id"),
        "invoice_id": invoice.get("id"),
        "subscription_id": id_of(first(within(details, "subscription"), line.get("subscription"))),
        "price_id": id_of(first(within(priced, "price"), price)),
        "lookup_key": first(within(priced, "price", "lookup_key"), within(price, "lookup_key")),
        "product_id": id_of(first(within(priced, "product"), within(price, "product"))),
        "quantity": line.get("quantity"),
        "amount": line.get("amount"),
        "currency": line.get("currency"),
        "proration": first(within(details, "proration"), line.get("proration")),
        "metered": None if metered is None else metered == "metered",
        "period_start": within(line, "period", "start"),
        "period_end": within(line, "period", "end"),
        "livemode": account_filter.mode_of(line),
    }
