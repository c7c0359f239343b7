"""Disputes."""

from __future__ import annotations

from tests.stripe.forms.form import ANY_AND_COLUMNS, JSON, T2017, T2020, T2023, T2025, T2026, Form, Period


def _dispute(tag: str, created: int, **fields: object) -> JSON:
    return {
        "id": f"dp_{tag}",
        "object": "dispute",
        "amount": 2900,
        "balance_transactions": [],
        "charge": f"ch_{tag}",
        "created": created,
        "currency": "usd",
        "evidence": {"customer_name": "Ada"},
        "is_charge_refundable": False,
        "livemode": True,
        "metadata": {},
        "reason": "fraudulent",
        "status": "lost",
    } | fields


def _dispute_row(tag: str, created: int, **fields: object) -> JSON:
    return {
        "dispute_id": f"dp_{tag}",
        "payment_intent_id": f"pi_{tag}",
        "charge_id": f"ch_{tag}",
        "status": "lost",
        "amount": 2900,
        "currency": "usd",
        "created_at": created,
    } | fields


FORMS = (
    Form(
        tag="d17",
        period=Period.Y2017_2018,
        what="of a charge, when there were no payment intents",
        source='Stripe API reference 2017, "The dispute object"',
        objects={"disputes": [_dispute("d17", T2017, status="warning_closed")]},
        rows={"stripe_dispute": [_dispute_row("d17", T2017, payment_intent_id=None, status="warning_closed")]},
    ),
    Form(
        tag="d20",
        period=Period.Y2020_2022,
        what="of a payment intent",
        source='Stripe API reference 2020-08-27, "The dispute object": payment_intent',
        objects={"disputes": [_dispute("d20", T2020, payment_intent="pi_d20", status="won")]},
        rows={"stripe_dispute": [_dispute_row("d20", T2020, status="won")]},
        suppliers=ANY_AND_COLUMNS,
    ),
    Form(
        tag="d23",
        period=Period.Y2023_2024,
        what="the charge expanded",
        source='Stripe API reference 2023-10-16, "The Dispute object"; "Expanding responses"',
        objects={
            "disputes": [
                _dispute(
                    "d23",
                    T2023,
                    charge={"id": "ch_d23", "object": "charge", "payment_intent": "pi_d23"},
                    payment_intent=None,
                    status="under_review",
                )
            ]
        },
        rows={"stripe_dispute": [_dispute_row("d23", T2023, status="under_review")]},
    ),
    Form(
        tag="d25",
        period=Period.AFTER_BASIL,
        what="was prevented",
        source='Stripe API reference 2025, "The Dispute object": status',
        objects={"disputes": [_dispute("d25", T2025, payment_intent="pi_d25", status="prevented")]},
        rows={"stripe_dispute": [_dispute_row("d25", T2025, status="prevented")]},
    ),
    Form(
        tag="d26",
        period=Period.TODAY,
        what="waits for an answer; the payment intent expanded",
        source='Stripe API reference 2026, "The Dispute object"; "Expanding responses"',
        objects={
            "disputes": [
                _dispute(
                    "d26",
                    T2026,
                    payment_intent={"id": "pi_d26", "object": "payment_intent"},
                    status="needs_response",
                )
            ]
        },
        rows={"stripe_dispute": [_dispute_row("d26", T2026, status="needs_response")]},
    ),
)
