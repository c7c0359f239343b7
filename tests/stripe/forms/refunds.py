"""Refunds."""

from __future__ import annotations

from tests.stripe.forms.form import ANY_AND_COLUMNS, JSON, T2017, T2020, T2023, T2025, T2026, Form, Period


def _refund(tag: str, created: int, **fields: object) -> JSON:
    return {
        "id": f"re_{tag}",
        "object": "refund",
        "amount": 300,
        "balance_transaction": f"txn_{tag}",
        "charge": f"ch_{tag}",
        "created": created,
        "currency": "usd",
        "metadata": {},
        "reason": None,
        "receipt_number": None,
        "status": "succeeded",
    } | fields


def _refund_row(tag: str, created: int, **fields: object) -> JSON:
    return {
        "refund_id": f"re_{tag}",
        "payment_intent_id": f"pi_{tag}",
        "charge_id": f"ch_{tag}",
        "status": "succeeded",
        "amount": 300,
        "currency": "usd",
        "created_at": created,
    } | fields


FORMS = (
    Form(
        tag="r17",
        period=Period.Y2017_2018,
        what="of a charge, when there were no payment intents",
        source='Stripe API reference 2017, "The refund object"',
        objects={"refunds": [_refund("r17", T2017)]},
        rows={"stripe_refund": [_refund_row("r17", T2017, payment_intent_id=None)]},
    ),
    Form(
        tag="r20",
        period=Period.Y2020_2022,
        what="of a charge and its payment intent; an older copy has the charge expanded and the intent in it alone",
        source='Stripe API reference 2020-08-27, "The refund object": payment_intent; "Expanding responses"',
        objects={
            "refunds": [
                _refund("r20", T2020, payment_intent="pi_r20"),
                _refund(
                    "r20",
                    T2020,
                    id="re_2_r20",
                    charge={"id": "ch_2_r20", "object": "charge", "payment_intent": "pi_2_r20"},
                    payment_intent=None,
                    status="failed",
                ),
            ]
        },
        rows={
            "stripe_refund": [
                _refund_row("r20", T2020),
                _refund_row(
                    "r20",
                    T2020,
                    refund_id="re_2_r20",
                    payment_intent_id="pi_2_r20",
                    charge_id="ch_2_r20",
                    status="failed",
                ),
            ]
        },
    ),
    Form(
        tag="r23",
        period=Period.Y2023_2024,
        what="waits for the customer",
        source='Stripe API reference 2023-10-16, "The Refund object": status, instructions_email',
        objects={
            "refunds": [_refund("r23", T2023, payment_intent="pi_r23", status="requires_action", next_action=None)]
        },
        rows={"stripe_refund": [_refund_row("r23", T2023, status="requires_action")]},
        suppliers=ANY_AND_COLUMNS,
    ),
    Form(
        tag="r25",
        period=Period.AFTER_BASIL,
        what="is under way",
        source='Stripe API reference 2025-03-31.basil, "The Refund object": pending_reason',
        objects={"refunds": [_refund("r25", T2025, payment_intent="pi_r25", status="pending", pending_reason=None)]},
        rows={"stripe_refund": [_refund_row("r25", T2025, status="pending")]},
    ),
    Form(
        tag="r26",
        period=Period.TODAY,
        what="the payment intent expanded",
        source='Stripe API reference 2026, "The Refund object"; "Expanding responses"',
        objects={
            "refunds": [
                _refund("r26", T2026, payment_intent={"id": "pi_r26", "object": "payment_intent", "amount": 500})
            ]
        },
        rows={"stripe_refund": [_refund_row("r26", T2026)]},
    ),
)
