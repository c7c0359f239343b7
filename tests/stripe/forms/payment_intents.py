"""Payment intents, which there are since 2018."""

from __future__ import annotations

from tests.stripe.forms.form import (
    ANY_AND_COLUMNS,
    COPIES,
    JSON,
    T2018,
    T2020,
    T2023,
    T2025,
    T2026,
    Form,
    Period,
    listing,
)

STATUSES = (
    'Stripe changelog 2019-02-11, "Renames several statuses of PaymentIntents" and "Renames the allowed_source_types '
    'field for sources to payment_method_types"'
)


def _intent(tag: str, created: int, **fields: object) -> JSON:
    return {
        "id": f"pi_{tag}",
        "object": "payment_intent",
        "amount": 500,
        "amount_capturable": 0,
        "amount_received": 500,
        "created": created,
        "currency": "eur",
        "customer": f"cus_{tag}",
        "description": None,
        "livemode": True,
        "metadata": {},
        "next_action": None,
        "payment_method_types": ["card"],
        "status": "succeeded",
    } | fields


def _row(tag: str, created: int, **fields: object) -> JSON:
    return {
        "payment_intent_id": f"pi_{tag}",
        "customer_id": f"cus_{tag}",
        "status": "succeeded",
        "amount": 500,
        "amount_received": 500,
        "currency": "eur",
        "created_at": created,
    } | fields


FORMS = (
    Form(
        tag="n18",
        period=Period.Y2017_2018,
        what="waits for a source, which is now a payment method",
        source=STATUSES,
        objects={
            "payment_intents": [
                {
                    "id": "pi_n18",
                    "object": "payment_intent",
                    "allowed_source_types": ["card"],
                    "amount": 500,
                    "amount_received": 0,
                    "charges": listing(),
                    "created": T2018,
                    "currency": "eur",
                    "customer": "cus_n18",
                    "description": "Credits",
                    "livemode": True,
                    "metadata": {"user_id": "user_n18", "order": "7"},
                    "next_source_action": None,
                    "source": None,
                    "status": "requires_source",
                }
            ]
        },
        rows={
            "stripe_payment_intent": [
                _row(
                    "n18",
                    T2018,
                    account_id="user_n18",
                    status="requires_payment_method",
                    amount_received=0,
                    description="Credits",
                    purpose='{"order": "7", "user_id": "user_n18"}',
                )
            ]
        },
        suppliers=COPIES,
    ),
    Form(
        tag="n18debit",
        period=Period.Y2017_2018,
        what="a bank debit that waits for its owner: it takes days",
        source=STATUSES,
        objects={
            "payment_intents": [
                {
                    "id": "pi_n18debit",
                    "object": "payment_intent",
                    "allowed_source_types": ["sepa_debit"],
                    "amount": 500,
                    "amount_received": 0,
                    "created": T2018,
                    "currency": "eur",
                    "customer": "cus_n18debit",
                    "livemode": True,
                    "metadata": {},
                    "next_source_action": {"type": "authorize_with_url"},
                    "status": "requires_source_action",
                }
            ]
        },
        rows={
            "stripe_payment_intent": [
                _row("n18debit", T2018, status="requires_action", amount_received=0, delayed=True)
            ]
        },
        suppliers=COPIES,
    ),
    Form(
        tag="n20",
        period=Period.Y2020_2022,
        what="its charges are in it, and it names its invoice",
        source="Stripe changelog 2022-11-15 (latest_charge in place of charges)",
        objects={
            "payment_intents": [
                _intent(
                    "n20",
                    T2020,
                    charges=listing({"id": "ch_n20", "object": "charge", "amount": 500, "status": "succeeded"}),
                    invoice="in_n20",
                    metadata={"user_id": "user_n20", "order": "é"},
                    payment_method="pm_n20",
                )
            ]
        },
        rows={
            "stripe_payment_intent": [
                _row(
                    "n20",
                    T2020,
                    account_id="user_n20",
                    charge_id="ch_n20",
                    purpose='{"order": "é", "user_id": "user_n20"}',
                )
            ]
        },
    ),
    Form(
        tag="n23",
        period=Period.Y2023_2024,
        what="latest_charge, an expanded customer, and a voucher that is paid days later",
        source='Stripe API reference 2023-10-16, "The PaymentIntent object": latest_charge, next_action',
        objects={
            "payment_intents": [
                _intent(
                    "n23",
                    T2023,
                    amount_received=0,
                    automatic_payment_methods={"enabled": True},
                    customer={"id": "cus_n23", "object": "customer"},
                    latest_charge=None,
                    next_action={"oxxo_display_details": {"number": "1"}, "type": "oxxo_display_details"},
                    payment_method_types=["card", "oxxo"],
                    status="requires_action",
                )
            ]
        },
        rows={"stripe_payment_intent": [_row("n23", T2023, status="requires_action", amount_received=0, delayed=True)]},
    ),
    Form(
        tag="n25",
        period=Period.AFTER_BASIL,
        what="no invoice any more; a bank account's money is under way",
        source='Stripe changelog 2025-03-31.basil, "Adds support for multiple (partial) payments on invoices"',
        objects={
            "payment_intents": [
                _intent(
                    "n25",
                    T2025,
                    amount_received=0,
                    customer=None,
                    payment_method_types=["us_bank_account"],
                    processing={"type": "us_bank_account"},
                    status="processing",
                )
            ]
        },
        rows={
            "stripe_payment_intent": [
                _row("n25", T2025, customer_id=None, status="processing", amount_received=0, delayed=True)
            ]
        },
        suppliers=ANY_AND_COLUMNS,
    ),
    Form(
        tag="n26",
        period=Period.TODAY,
        what="the payment method expanded: a card, whatever else was offered",
        source='Stripe API reference 2026, "The PaymentIntent object": payment_method; "Expanding responses"',
        objects={
            "payment_intents": [
                _intent(
                    "n26",
                    T2026,
                    customer_account=None,
                    payment_method={"id": "pm_n26", "object": "payment_method", "type": "card"},
                    payment_method_types=["sepa_debit"],
                    status="requires_capture",
                    amount_received=0,
                )
            ]
        },
        rows={"stripe_payment_intent": [_row("n26", T2026, status="requires_capture", amount_received=0)]},
    ),
)
