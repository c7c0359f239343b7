"""Invoices, payments and what undoes them, as Stripe's API 2026-10-28.endive writes them. ``objects`` has the rules."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.objects import DAY, EPOCH, JSON, MONTH, listing


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
    return {
        "id": invoice_id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Example, Inc.",
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": paid,
        "amount_remaining": total - paid,
        "amount_shipping": 0,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None, "status": None},
        "billing_reason": "subscription_cycle" if subscription_id else "manual",
        "collection_method": "charge_automatically",
        "created": created,
        "currency": "usd",
        "customer": customer_id,
        "customer_account": None,
        "customer_email": f"{customer_id}@example.com",
        "customer_name": None,
        "default_payment_method": None,
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": created,
        "ending_balance": 0,
        "from_invoice": None,
        "hosted_invoice_url": f"https://invoice.example.com/{invoice_id}",
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": listing(lines, f"/v1/invoices/{invoice_id}/lines"),
        "livemode": True,
        "metadata": {},
        "next_payment_attempt": None,
        "number": f"EX-{invoice_id[-6:]}",
        "on_behalf_of": None,
        "parent": parent if subscription_id else None,
        "period_end": created,
        "period_start": created - MONTH,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": status,
        "status_transitions": {
            "finalized_at": None if status == "draft" else created,
            "marked_uncollectible_at": created if status == "uncollectible" else None,
            "paid_at": created if status == "paid" else None,
            "voided_at": created if status == "void" else None,
        },
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "test_clock": None,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": total,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": created,
    } | fields


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


def payment_intent(intent_id: str, *, amount: int, customer_id: str | None = None, **fields: Any) -> JSON:
    """A payment by card, succeeded unless its ``status`` says otherwise."""
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": amount if fields.get("status", "succeeded") == "succeeded" else 0,
        "application": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": None,
        "confirmation_method": "automatic",
        "created": EPOCH,
        "currency": "usd",
        "customer": customer_id,
        "customer_account": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": True,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    } | fields


def charge(charge_id: str, intent: JSON, **fields: Any) -> JSON:
    """What a payment intent took."""
    return {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "balance_transaction": f"txn_{charge_id}",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": True,
        "created": intent["created"],
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": None,
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": intent["livemode"],
        "metadata": {},
        "on_behalf_of": None,
        "outcome": {"network_status": "approved_by_network", "risk_level": "normal", "type": "authorized"},
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": None,
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
        "receipt_email": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "statement_descriptor": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    } | fields


def refund(refund_id: str, charged: JSON, **fields: Any) -> JSON:
    """A refund of the whole charge. It has no ``livemode``."""
    return {
        "id": refund_id,
        "object": "refund",
        "amount": charged["amount"],
        "balance_transaction": f"txn_{refund_id}",
        "charge": charged["id"],
        "created": EPOCH,
        "currency": charged["currency"],
        "destination_details": {"type": "card", "card": {"type": "refund"}},
        "metadata": {},
        "payment_intent": charged["payment_intent"],
        "reason": "requested_by_customer",
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    } | fields


def dispute(dispute_id: str, charged: JSON, **fields: Any) -> JSON:
    """A dispute of the whole charge that waits for an answer."""
    created = fields.get("created", EPOCH)
    return {
        "id": dispute_id,
        "object": "dispute",
        "amount": charged["amount"],
        "balance_transactions": [],
        "charge": charged["id"],
        "created": created,
        "currency": charged["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": created + 7 * DAY,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": charged["livemode"],
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charged["payment_intent"],
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "case_type": "chargeback"}},
        "reason": "fraudulent",
        "status": "needs_response",
    } | fields


def checkout_session(session_id: str, *, mode: str = "payment", **fields: Any) -> JSON:
    """A session that was completed and paid; its ``line_items`` are shown only when asked for."""
    created = fields.get("created", EPOCH)
    status = fields.get("status", "complete")
    return {
        "id": session_id,
        "object": "checkout.session",
        "amount_subtotal": 2900,
        "amount_total": 2900,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": "https://app.example.com/cancelled",
        "client_reference_id": None,
        "created": created,
        "currency": "usd",
        "custom_fields": [],
        "customer": None,
        "customer_account": None,
        "customer_details": None,
        "customer_email": None,
        "expires_at": created + DAY,
        "invoice": None,
        "livemode": True,
        "metadata": {},
        "mode": mode,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_types": ["card"],
        "payment_status": "paid" if status == "complete" else "unpaid",
        "recovered_from": None,
        "shipping_options": [],
        "status": status,
        "subscription": None,
        "success_url": "https://app.example.com/thanks",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
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
