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


def payment_intent_rows(found: JSON, account_filter: AccountFilter) -> Rows:
    """A payment intent."""
    metadata = found.get("metadata")
    row = {
        "payment_intent_id": found.get("id"),
        "customer_id": id_of(found.get("customer")),
        "account_id": account_filter.account_of(metadata),
        "status": found.get("status"),
        "amount": found.get("amount"),
        "amount_received": found.get("amount_received"),
        "currency": found.get("currency"),
        "description": found.get("description"),
        "purpose": json.dumps(metadata, sort_keys=True) if metadata else None,
        "delayed": _is_delayed(found),
        "created_at": found.get("created"),
        "livemode": account_filter.mode_of(found),
    }
    return {"stripe_payment_intent": [row]}


def _is_delayed(found: JSON) -> bool:
    """Whether it waits for money that takes days: a card's answer comes at once."""
    method = within(found, "payment_method", "type")
    if method is not None:
        return method in DELAYED_METHODS
    if found.get("status") == "processing":
        return True
    waits_for = within(found, "next_action", "type")
    if isinstance(waits_for, str) and any(word in waits_for for word in _WAITING_FOR):
        return True
    types = found.get("payment_method_types")
    return isinstance(types, list) and bool(types) and all(str(word) in DELAYED_METHODS for word in types)


def refund_rows(found: JSON, account_filter: AccountFilter) -> Rows:
    """A refund. It says no mode of its own."""
    row = {
        "refund_id": found.get("id"),
        "payment_intent_id": _intent_of(found),
        "status": found.get("status"),
        "amount": found.get("amount"),
        "currency": found.get("currency"),
        "created_at": found.get("created"),
        "livemode": account_filter.mode_of(found),
    }
    return {"stripe_refund": [row]}


def dispute_rows(found: JSON, account_filter: AccountFilter) -> Rows:
    """A dispute."""
    row = {
        "dispute_id": found.get("id"),
        "payment_intent_id": _intent_of(found),
        "status": found.get("status"),
        "amount": found.get("amount"),
        "currency": found.get("currency"),
        "created_at": found.get("created"),
        "livemode": account_filter.mode_of(found),
    }
    return {"stripe_dispute": [row]}


def _intent_of(found: JSON) -> object:
    return id_of(first(found.get("payment_intent"), within(found, "charge", "payment_intent")))


def checkout_session_rows(found: JSON, account_filter: AccountFilter) -> Rows:
    """A checkout session. ``client_reference_id`` is there for the app's own id, and goes before metadata."""
    row = {
        "checkout_session_id": found.get("id"),
        "customer_id": id_of(found.get("customer")),
        "account_id": first(found.get("client_reference_id"), account_filter.account_of(found.get("metadata"))),
        "mode": found.get("mode"),
        "status": found.get("status"),
        "payment_status": found.get("payment_status"),
        "payment_intent_id": id_of(found.get("payment_intent")),
        "subscription_id": id_of(found.get("subscription")),
        "invoice_id": id_of(found.get("invoice")),
        "amount_total": found.get("amount_total"),
        "currency": found.get("currency"),
        "created_at": found.get("created"),
        "livemode": account_filter.mode_of(found),
    }
    return {"stripe_checkout_session": [row]}
