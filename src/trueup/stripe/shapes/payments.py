"""Payment intents, refunds, disputes and checkout sessions."""

from __future__ import annotations

import json

from trueup.stripe.shapes.fields import JSON, AccountFilter, Rows, first, id_of, within

DELAYED_METHODS = frozenset(
    {
        *("acss_debit", "au_becs_debit", "bacs_debit", "sepa_debit", "us_bank_account", "nz_bank_account"),
        *("customer_balance", "boleto", "konbini", "oxxo", "multibanco", "sofort"),
    }
)
"""Payment methods that confirm days later: https://docs.stripe.com/payments/payment-methods (delayed notification)."""

_WAITING_FOR = ("boleto", "konbini", "oxxo", "multibanco", "bank_transfer", "microdeposits")


def payment_intent_rows(intent: JSON, account_filter: AccountFilter) -> Rows:
    """A payment intent."""
    metadata = intent.get("metadata")
    row = {
        "payment_intent_id": intent.get("id"),
        "customer_id": id_of(intent.get("customer")),
        "account_id": account_filter.account_of(metadata),
        "status": intent.get("status"),
        "amount": intent.get("amount"),
        "amount_received": intent.get("amount_received"),
        "currency": intent.get("currency"),
        "description": intent.get("description"),
        "purpose": json.dumps(metadata, sort_keys=True) if metadata else None,
        "delayed": _is_delayed(intent),
        "created_at": intent.get("created"),
        "livemode": account_filter.mode_of(intent),
    }
    return {"stripe_payment_intent": [row]}


def _is_delayed(intent: JSON) -> bool:
    """Whether it waits for money that takes days: a card's answer comes at once."""
    method = within(intent, "payment_method", "type")
    if method is not None:
        return method in DELAYED_METHODS
    if intent.get("status") == "processing":
        return True
    waits_for = within(intent, "next_action", "type")
    if isinstance(waits_for, str) and any(word in waits_for for word in _WAITING_FOR):
        return True
    types = intent.get("payment_method_types")
    return isinstance(types, list) and bool(types) and all(str(word) in DELAYED_METHODS for word in types)


def refund_rows(refund: JSON, account_filter: AccountFilter) -> Rows:
    """A refund. It says no mode of its own."""
    row = {
        "refund_id": refund.get("id"),
        "payment_intent_id": _intent_of(refund),
        "status": refund.get("status"),
        "amount": refund.get("amount"),
        "currency": refund.get("currency"),
        "created_at": refund.get("created"),
        "livemode": account_filter.mode_of(refund),
    }
    return {"stripe_refund": [row]}


def dispute_rows(dispute: JSON, account_filter: AccountFilter) -> Rows:
    """A dispute."""
    row = {
        "dispute_id": dispute.get("id"),
        "payment_intent_id": _intent_of(dispute),
        "status": dispute.get("status"),
        "amount": dispute.get("amount"),
        "currency": dispute.get("currency"),
        "created_at": dispute.get("created"),
        "livemode": account_filter.mode_of(dispute),
    }
    return {"stripe_dispute": [row]}


def _intent_of(item: JSON) -> object:
    return id_of(first(item.get("payment_intent"), within(item, "charge", "payment_intent")))


def checkout_session_rows(session: JSON, account_filter: AccountFilter) -> Rows:
    """A checkout session. ``client_reference_id`` is there for the app's own id, and goes before metadata."""
    row = {
        "checkout_session_id": session.get("id"),
        "customer_id": id_of(session.get("customer")),
        "account_id": first(session.get("client_reference_id"), account_filter.account_of(session.get("metadata"))),
        "mode": session.get("mode"),
        "status": session.get("status"),
        "payment_status": session.get("payment_status"),
        "payment_intent_id": id_of(session.get("payment_intent")),
        "subscription_id": id_of(session.get("subscription")),
        "invoice_id": id_of(session.get("invoice")),
        "amount_total": session.get("amount_total"),
        "currency": session.get("currency"),
        "created_at": session.get("created"),
        "livemode": account_filter.mode_of(session),
    }
    return {"stripe_checkout_session": [row]}
