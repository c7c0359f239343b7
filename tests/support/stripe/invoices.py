"""Invoices and what is part of them, as Stripe's API 2026-10-28.endive writes them. ``objects`` has the rules."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.objects import EPOCH, JSON, MONTH, listing


def invoice_line(line_id: str, priced: JSON, *, invoice_id: str, item: JSON | None = None, **fields: Any) -> JSON:
    """A line: for a subscription's item where there is one."""
    quantity = fields.get("quantity", item["quantity"] if item else 1)
    amount = fields.get("amount", (priced["unit_amount"] or 0) * (quantity or 0))
    details: JSON = {"invoice_item": None, "proration": False, "proration_details": {"credited_items": None}}
    parent: JSON
    if item is None:
        parent = {
            "type": "invoice_item_details",
            "subscription_item_details": None,
            "invoice_item_details": details | {"invoice_item": f"ii_{line_id}", "subscription": None},
        }
    else:
        of_item = details | {"subscription": item["subscription"], "subscription_item": item["id"]}
        parent = {
            "type": "subscription_item_details",
            "subscription_item_details": of_item,
            "invoice_item_details": None,
        }
    return {
        "id": line_id,
        "object": "line_item",
        "amount": amount,
        "currency": priced["currency"],
        "description": f"{quantity} of {priced['id']}",
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": priced["livemode"],
        "metadata": {},
        "parent": parent,
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]}
        if item
        else {"start": EPOCH, "end": EPOCH},
        "pretax_credit_amounts": [],
        "pricing": {
            "type": "price_details",
            "price_details": {"price": priced["id"], "product": priced["product"]},
            "unit_amount_decimal": priced["unit_amount_decimal"],
        },
        "quantity": quantity,
        "subscription": item["subscription"] if item else None,
        "subtotal": amount,
        "taxes": [],
    } | fields


def invoice(
    invoice_id: str, customer_id: str, lines: list[JSON], *, subscription_id: str | None = None, **fields: Any
) -> JSON:
    """An invoice, paid unless its ``status`` says otherwise. Its payments are objects of their own."""
    created = fields.get("created", EPOCH)
    status = fields.get("status", "paid")
    total = fields.get("total", sum(line["amount"] for line in lines))
    paid = total if status == "paid" else 0
    of_subscription: JSON = {"metadata": {}, "subscription": subscription_id, "subscription_proration_date": None}
    parent = {"type": "subscription_details", "quote_details": None, "subscription_details": of_subscription}
    return (
        _unsaid()
        | {
            "id": invoice_id,
            "object": "invoice",
            "amount_due": total,
            "amount_paid": paid,
            "amount_remaining": total - paid,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None, "status": None},
            "billing_reason": "subscription_cycle" if subscription_id else "manual",
            "collection_method": "charge_automatically",
            "created": created,
            "currency": "usd",
            "customer": customer_id,
            "customer_email": f"{customer_id}@example.com",
            "effective_at": created,
            "hosted_invoice_url": f"https://invoice.example.com/{invoice_id}",
            "issuer": {"type": "self"},
            "lines": listing(lines, f"/v1/invoices/{invoice_id}/lines"),
            "livemode": True,
            "number": f"EX-{invoice_id[-6:]}",
            "parent": parent if subscription_id else None,
            "payment_settings": {"default_mandate": None, "payment_method_types": None},
            "period_end": created,
            "period_start": created - MONTH,
            "status": status,
            "status_transitions": {
                "finalized_at": None if status == "draft" else created,
                "marked_uncollectible_at": created if status == "uncollectible" else None,
                "paid_at": created if status == "paid" else None,
                "voided_at": created if status == "void" else None,
            },
            "subtotal": total,
            "subtotal_excluding_tax": total,
            "total": total,
            "total_excluding_tax": total,
            "webhooks_delivered_at": created,
        }
        | fields
    )


def _unsaid() -> JSON:
    """What an invoice says of what it does not have."""
    return {
        "account_country": "US",
        "account_name": "Example, Inc.",
        "amount_overpaid": 0,
        "amount_shipping": 0,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "customer_account": None,
        "customer_name": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "ending_balance": 0,
        "from_invoice": None,
        "last_finalization_error": None,
        "latest_revision": None,
        "metadata": {},
        "next_payment_attempt": None,
        "on_behalf_of": None,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "test_clock": None,
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }


def invoice_payment(payment_id: str, billed: JSON, intent_id: str, **fields: Any) -> JSON:
    """That a payment intent pays an invoice."""
    status = fields.get("status", "paid")
    created = fields.get("created", billed["created"])
    return {
        "id": payment_id,
        "object": "invoice_payment",
        "amount_paid": billed["total"] if status == "paid" else None,
        "amount_requested": billed["total"],
        "created": created,
        "currency": billed["currency"],
        "invoice": billed["id"],
        "is_default": True,
        "livemode": billed["livemode"],
        "payment": {"type": "payment_intent", "payment_intent": intent_id},
        "status": status,
        "status_transitions": {"canceled_at": None, "paid_at": created if status == "paid" else None},
    } | fields


def credit_note(note_id: str, billed: JSON, *, amount: int, **fields: Any) -> JSON:
    """A credit note on an invoice that was paid."""
    created = fields.get("created", EPOCH)
    return {
        "id": note_id,
        "object": "credit_note",
        "amount": amount,
        "amount_shipping": 0,
        "created": created,
        "currency": billed["currency"],
        "customer": billed["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": created,
        "invoice": billed["id"],
        "lines": listing([], f"/v1/credit_notes/{note_id}/lines"),
        "livemode": billed["livemode"],
        "memo": None,
        "metadata": {},
        "number": f"EX-{billed['id'][-6:]}-CN-01",
        "out_of_band_amount": None,
        "pdf": f"https://invoice.example.com/{note_id}",
        "post_payment_amount": amount,
        "pre_payment_amount": 0,
        "pretax_credit_amounts": [],
        "reason": None,
        "refunds": [],
        "status": "issued",
        "subtotal": amount,
        "subtotal_excluding_tax": amount,
        "total": amount,
        "total_excluding_tax": amount,
        "total_taxes": [],
        "type": "post_payment",
        "voided_at": None,
    } | fields
