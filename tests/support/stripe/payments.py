"""Payments and what undoes them, as Stripe's API 2026-10-28.endive writes them. ``objects`` has the rules."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.objects import DAY, EPOCH, JSON


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
        "customer": charged["customer"],
        "customer_account": None,
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
