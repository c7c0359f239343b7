"""The rows of payments that an invoice itself names."""

from __future__ import annotations

from tests.stripe.forms.form import JSON


def old_payment_row(tag: str, paid_by: str, **fields: object) -> JSON:
    """The payment that an old invoice names: it has no id of its own, and is named for the two."""
    return {
        "invoice_payment_id": f"in_{tag}/{paid_by}",
        "invoice_id": f"in_{tag}",
        "payment_intent_id": paid_by if paid_by.startswith("pi_") else None,
        "charge_id": paid_by if paid_by.startswith("ch_") else f"ch_{tag}",
        "status": "paid",
        "amount_paid": 2900,
        "currency": "usd",
    } | fields
