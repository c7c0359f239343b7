"""Invoices, with their lines and payments."""

from __future__ import annotations

from typing import Any

from trueup.stripe.shapes.fields import JSON, AccountFilter, Row, Rows, first, id_of, parts, within

_BY_STRIPE = ("payment_intent", "charge")


def invoice_rows(invoice: JSON, account_filter: AccountFilter) -> Rows:
    """An invoice. Since 2025-03-31 its subscription is under ``parent``, and its payments are a list."""
    details = within(invoice, "parent", "subscription_details")
    payments = _payments(invoice, account_filter)
    row = {
        "invoice_id": invoice.get("id"),
        "customer_id": id_of(invoice.get("customer")),
        "subscription_id": id_of(first(within(details, "subscription"), invoice.get("subscription"))),
        "account_id": account_filter.account_of(
            within(details, "metadata"), within(invoice, "subscription_details", "metadata"), invoice.get("metadata")
        ),
        "status": invoice.get("status"),
        "billing_reason": invoice.get("billing_reason"),
        "collection_method": invoice.get("collection_method"),
        "currency": invoice.get("currency"),
        "subtotal": invoice.get("subtotal"),
        "total": invoice.get("total"),
        "amount_due": invoice.get("amount_due"),
        "amount_paid": invoice.get("amount_paid"),
        "credited": invoice.get("post_payment_credit_notes_amount"),
        "paid_out_of_band": _is_out_of_band(invoice, payments),
        "created_at": invoice.get("created"),
        "paid_at": within(invoice, "status_transitions", "paid_at"),
        "due_at": invoice.get("due_date"),
        "livemode": account_filter.mode_of(invoice),
    }
    return {
        "stripe_invoice": [row],
        "stripe_invoice_line": [_line_row(line, invoice, account_filter) for line in parts(invoice, "lines")],
        "stripe_invoice_payment": payments,
    }


def _is_out_of_band(invoice: JSON, payments: list[Row]) -> Any:
    """Whether something was due, it is paid, and no payment of Stripe's paid it."""
    is_out_of_band = invoice.get("paid_out_of_band")
    if is_out_of_band is not None:
        return is_out_of_band
    due = invoice.get("amount_due")
    if invoice.get("status") != "paid" or not isinstance(due, int) or due <= 0:
        return False
    return not any(payment["status"] == "paid" and payment["kind"] in _BY_STRIPE for payment in payments)


def _payments(invoice: JSON, account_filter: AccountFilter) -> list[Row]:
    if invoice.get("payments") is None:
        return _old_payment(invoice, account_filter)
    return [
        {
            "invoice_payment_id": part.get("id"),
            "invoice_id": invoice.get("id"),
            "payment_intent_id": id_of(within(part, "payment", "payment_intent")),
            "status": part.get("status"),
            "amount_paid": part.get("amount_paid"),
            "currency": part.get("currency"),
            "kind": within(part, "payment", "type"),
            "livemode": account_filter.mode_of(part),
        }
        for part in parts(invoice, "payments")
    ]


def _old_payment(invoice: JSON, account_filter: AccountFilter) -> list[Row]:
    """The one payment that an invoice of an older version names; it has no id of its own."""
    intent = id_of(invoice.get("payment_intent"))
    if intent is None:
        return []
    is_paid = invoice.get("status") == "paid"
    payment = {
        "invoice_payment_id": f"{invoice.get('id')}/{intent}",
        "invoice_id": invoice.get("id"),
        "payment_intent_id": intent,
        "status": "paid" if is_paid else "canceled" if invoice.get("status") == "void" else "open",
        "amount_paid": invoice.get("amount_paid") if is_paid else None,
        "currency": invoice.get("currency"),
        "kind": "payment_intent",
        "livemode": account_filter.mode_of(invoice),
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
