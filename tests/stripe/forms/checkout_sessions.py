"""Checkout sessions, which there are since 2019."""

from __future__ import annotations

from tests.stripe.forms.form import ANY_AND_COLUMNS, JSON, T2020, T2023, T2024, T2025, T2026, Form, Period


def _session(tag: str, created: int, **fields: object) -> JSON:
    return {
        "id": f"cs_{tag}",
        "object": "checkout.session",
        "cancel_url": "https://app.example.com/cancelled",
        "client_reference_id": None,
        "created": created,
        "currency": "usd",
        "customer": f"cus_{tag}",
        "customer_email": "ada@example.com",
        "livemode": True,
        "metadata": {},
        "mode": "payment",
        "payment_intent": f"pi_{tag}",
        "payment_method_types": ["card"],
        "payment_status": "paid",
        "subscription": None,
        "success_url": "https://app.example.com/thanks",
        "amount_total": 2900,
    } | fields


def _row(tag: str, created: int, **fields: object) -> JSON:
    return {
        "checkout_session_id": f"cs_{tag}",
        "customer_id": f"cus_{tag}",
        "mode": "payment",
        "payment_status": "paid",
        "payment_intent_id": f"pi_{tag}",
        "amount_total": 2900,
        "currency": "usd",
        "created_at": created,
    } | fields


FORMS = (
    Form(
        tag="h20",
        period=Period.Y2020_2022,
        what="a completed session as it was first shown: display_items, and whether it was paid is not said",
        source='Stripe changelog 2020-08-27, "Removes the display_items property from Checkout Sessions"; API '
        'reference 2019-05-16, "The session object"',
        objects={
            "checkout_sessions": [
                {
                    "id": "cs_h20",
                    "object": "checkout.session",
                    "billing_address_collection": None,
                    "cancel_url": "https://app.example.com/cancelled",
                    "client_reference_id": "user_h20",
                    "created": T2020,
                    "customer": "cus_h20",
                    "customer_email": None,
                    "display_items": [{"amount": 2900, "currency": "usd", "quantity": 1, "type": "custom"}],
                    "livemode": True,
                    "metadata": {"user_id": "not_asked"},
                    "payment_intent": "pi_h20",
                    "payment_method_types": ["card"],
                    "submit_type": None,
                    "subscription": None,
                    "success_url": "https://app.example.com/thanks",
                }
            ]
        },
        rows={
            "stripe_checkout_session": [
                {
                    "checkout_session_id": "cs_h20",
                    "account_id": "user_h20",
                    "customer_id": "cus_h20",
                    "mode": "payment",
                    "payment_status": None,
                    "payment_intent_id": "pi_h20",
                    "purpose": '{"user_id": "not_asked"}',
                    "created_at": T2020,
                }
            ]
        },
    ),
    Form(
        tag="h21",
        period=Period.Y2020_2022,
        what="a subscription was bought; the session has no status of its own",
        source='Stripe API reference 2020-08-27, "The Session object": mode, payment_status, amount_total',
        objects={
            "checkout_sessions": [
                _session(
                    "h21",
                    T2020,
                    metadata={"user_id": "user_h21"},
                    mode="subscription",
                    payment_intent=None,
                    subscription="sub_h21",
                )
            ]
        },
        rows={
            "stripe_checkout_session": [
                _row(
                    "h21",
                    T2020,
                    account_id="user_h21",
                    purpose='{"user_id": "user_h21"}',
                    mode="subscription",
                    payment_intent_id=None,
                    subscription_id="sub_h21",
                )
            ]
        },
        suppliers=ANY_AND_COLUMNS,
    ),
    Form(
        tag="h23",
        period=Period.Y2023_2024,
        what="open: there is no payment intent before it is confirmed; one that expired",
        source="Stripe changelog 2022-08-01 (a session makes its payment intent when it is confirmed)",
        objects={
            "checkout_sessions": [
                _session(
                    "h23",
                    T2023,
                    customer=None,
                    invoice=None,
                    payment_intent=None,
                    payment_status="unpaid",
                    status="open",
                ),
                _session(
                    "h23",
                    T2023,
                    id="cs_2_h23",
                    customer=None,
                    payment_intent=None,
                    payment_status="unpaid",
                    status="expired",
                ),
            ]
        },
        rows={
            "stripe_checkout_session": [
                _row("h23", T2023, customer_id=None, payment_status="unpaid", payment_intent_id=None, status="open"),
                _row(
                    "h23",
                    T2023,
                    checkout_session_id="cs_2_h23",
                    customer_id=None,
                    payment_status="unpaid",
                    payment_intent_id=None,
                    status="expired",
                ),
            ]
        },
        suppliers=ANY_AND_COLUMNS,
    ),
    Form(
        tag="h24",
        period=Period.BEFORE_BASIL,
        what="everything expanded, with an invoice",
        source='Stripe API reference 2024-12-18.acacia, "The Checkout Session object"; "Expanding responses"',
        objects={
            "checkout_sessions": [
                _session(
                    "h24",
                    T2024,
                    customer={"id": "cus_h24", "object": "customer"},
                    invoice={"id": "in_h24", "object": "invoice"},
                    payment_intent={"id": "pi_h24", "object": "payment_intent"},
                    status="complete",
                )
            ]
        },
        rows={"stripe_checkout_session": [_row("h24", T2024, invoice_id="in_h24", status="complete")]},
    ),
    Form(
        tag="h25",
        period=Period.AFTER_BASIL,
        what="nothing was to be paid",
        source='Stripe API reference 2025-03-31.basil, "The Checkout Session object": payment_status',
        objects={
            "checkout_sessions": [
                _session(
                    "h25",
                    T2025,
                    amount_total=0,
                    payment_intent=None,
                    payment_status="no_payment_required",
                    status="complete",
                )
            ]
        },
        rows={
            "stripe_checkout_session": [
                _row(
                    "h25",
                    T2025,
                    amount_total=0,
                    payment_intent_id=None,
                    payment_status="no_payment_required",
                    status="complete",
                )
            ]
        },
    ),
    Form(
        tag="h26",
        period=Period.TODAY,
        what="a card is set up, and no amount is asked for",
        source='Stripe API reference 2026, "The Checkout Session object": mode',
        objects={
            "checkout_sessions": [
                _session(
                    "h26",
                    T2026,
                    amount_total=None,
                    client_reference_id="user_h26",
                    currency=None,
                    customer_account=None,
                    mode="setup",
                    payment_intent=None,
                    payment_status="no_payment_required",
                    status="complete",
                    ui_mode="hosted_page",
                )
            ]
        },
        rows={
            "stripe_checkout_session": [
                _row(
                    "h26",
                    T2026,
                    account_id="user_h26",
                    amount_total=None,
                    currency=None,
                    mode="setup",
                    payment_intent_id=None,
                    payment_status="no_payment_required",
                    status="complete",
                )
            ]
        },
    ),
)
