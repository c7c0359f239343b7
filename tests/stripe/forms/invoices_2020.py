"""Invoices and lines from 2020 to 2025-03-31: prices, and one payment intent on the invoice."""

from __future__ import annotations

from tests.stripe.forms.form import COPIES, COPIES_AND_COLUMNS, JSON, MONTH, T2020, T2023, T2024, Form, Period, listing
from tests.stripe.forms.payment_rows import old_payment_row


def _invoice_2020(tag: str, *lines: JSON, **fields: object) -> JSON:
    return {
        "id": f"in_{tag}",
        "object": "invoice",
        "account_country": "US",
        "amount_due": 2900,
        "amount_paid": 2900,
        "amount_remaining": 0,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "billing_reason": "subscription_cycle",
        "charge": f"ch_{tag}",
        "collection_method": "charge_automatically",
        "created": T2020,
        "currency": "usd",
        "customer": f"cus_{tag}",
        "customer_email": "ada@example.com",
        "due_date": None,
        "lines": listing(*lines),
        "livemode": True,
        "metadata": {},
        "number": "C20-0001",
        "paid": True,
        "payment_intent": f"pi_{tag}",
        "period_end": T2020,
        "period_start": T2020 - MONTH,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "status": "paid",
        "status_transitions": {
            "finalized_at": T2020 + 10,
            "marked_uncollectible_at": None,
            "paid_at": T2020 + 20,
            "voided_at": None,
        },
        "subscription": f"sub_{tag}",
        "subtotal": 2900,
        "tax": None,
        "total": 2900,
    } | fields


def _line_2020(tag: str, **fields: object) -> JSON:
    return {
        "id": f"il_{tag}",
        "object": "line_item",
        "amount": 2900,
        "currency": "usd",
        "discountable": True,
        "livemode": True,
        "metadata": {},
        "period": {"end": T2020 + MONTH, "start": T2020},
        "plan": {
            "id": f"price_{tag}",
            "object": "plan",
            "interval": "month",
            "product": f"prod_{tag}",
            "usage_type": "licensed",
        },
        "price": {
            "id": f"price_{tag}",
            "object": "price",
            "currency": "usd",
            "livemode": True,
            "lookup_key": f"pro_{tag}",
            "product": f"prod_{tag}",
            "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
            "unit_amount": 2900,
        },
        "proration": False,
        "quantity": 1,
        "subscription": f"sub_{tag}",
        "subscription_item": f"si_{tag}",
        "type": "subscription",
    } | fields


def row_2020(tag: str, created: int = T2020) -> JSON:
    return {
        "invoice_id": f"in_{tag}",
        "customer_id": f"cus_{tag}",
        "subscription_id": f"sub_{tag}",
        "status": "paid",
        "billing_reason": "subscription_cycle",
        "currency": "usd",
        "subtotal": 2900,
        "total": 2900,
        "amount_due": 2900,
        "amount_paid": 2900,
        "created_at": created,
    }


def line_row_2020(tag: str) -> JSON:
    return {
        "line_id": f"il_{tag}",
        "invoice_id": f"in_{tag}",
        "subscription_id": f"sub_{tag}",
        "price_id": f"price_{tag}",
        "lookup_key": f"pro_{tag}",
        "product_id": f"prod_{tag}",
        "quantity": 1,
        "amount": 2900,
        "currency": "usd",
        "period_start": T2020,
        "period_end": T2020 + MONTH,
    }


FORMS = (
    Form(
        tag="i20",
        period=Period.Y2020_2022,
        what="paid by a payment intent, for a price that is in the line",
        source='Stripe API reference 2020-08-27, "The invoice object" and "The line item object"',
        objects={"invoices": [_invoice_2020("i20", _line_2020("i20"))]},
        rows={
            "stripe_invoice": [row_2020("i20") | {"paid_at": T2020 + 20}],
            "stripe_invoice_line": [line_row_2020("i20")],
            "stripe_invoice_payment": [old_payment_row("i20", "pi_i20")],
        },
        suppliers=COPIES_AND_COLUMNS,
    ),
    Form(
        tag="i20open",
        period=Period.Y2020_2022,
        what="open, and void: their payment is open, and canceled",
        source='Stripe API reference 2020-08-27, "The invoice object": status, status_transitions',
        objects={
            "invoices": [
                _invoice_2020(
                    "i20open",
                    amount_paid=0,
                    charge=None,
                    collection_method="send_invoice",
                    due_date=T2020 + MONTH,
                    paid=False,
                    status="open",
                    status_transitions={"finalized_at": T2020, "paid_at": None},
                ),
                _invoice_2020(
                    "i20open",
                    id="in_2_i20open",
                    amount_paid=0,
                    charge=None,
                    paid=False,
                    payment_intent="pi_2_i20open",
                    status="void",
                    status_transitions={"finalized_at": T2020, "paid_at": None, "voided_at": T2020 + 9},
                ),
            ]
        },
        rows={
            "stripe_invoice": [
                row_2020("i20open")
                | {
                    "status": "open",
                    "amount_paid": 0,
                    "collection_method": "send_invoice",
                    "due_at": T2020 + MONTH,
                },
                row_2020("i20open") | {"invoice_id": "in_2_i20open", "status": "void", "amount_paid": 0},
            ],
            "stripe_invoice_payment": [
                old_payment_row("i20open", "pi_i20open", charge_id=None, status="open", amount_paid=None),
                old_payment_row(
                    "i20open",
                    "pi_2_i20open",
                    charge_id=None,
                    invoice_payment_id="in_2_i20open/pi_2_i20open",
                    invoice_id="in_2_i20open",
                    status="canceled",
                    amount_paid=None,
                ),
            ],
        },
        suppliers=COPIES_AND_COLUMNS,
    ),
    Form(
        tag="i22",
        period=Period.Y2020_2022,
        what="paid out of band, and says so; a credit note took some of it back; no subscription",
        source='stripe-php 7.110 (January 2022), "Add support for paid_out_of_band on Invoice"; API reference '
        '2022-08-01, "The invoice object": post_payment_credit_notes_amount',
        objects={
            "invoices": [
                _invoice_2020(
                    "i22",
                    _line_2020(
                        "i22",
                        invoice_item="ii_i22",
                        plan=None,
                        price={
                            "id": "price_i22",
                            "object": "price",
                            "lookup_key": None,
                            "product": "prod_i22",
                            "recurring": None,
                            "type": "one_time",
                        },
                        subscription=None,
                        type="invoiceitem",
                    ),
                    billing_reason="manual",
                    charge=None,
                    paid_out_of_band=True,
                    payment_intent=None,
                    post_payment_credit_notes_amount=400,
                    subscription=None,
                )
            ]
        },
        rows={
            "stripe_invoice": [
                row_2020("i22")
                | {
                    "subscription_id": None,
                    "billing_reason": "manual",
                    "credited": 400,
                    "paid_out_of_band": True,
                    "paid_at": T2020 + 20,
                }
            ],
            "stripe_invoice_line": [line_row_2020("i22") | {"subscription_id": None, "lookup_key": None}],
        },
        suppliers=COPIES_AND_COLUMNS,
    ),
    Form(
        tag="i23",
        period=Period.Y2023_2024,
        what="metadata in subscription_details; intent, subscription and customer expanded; a proration",
        source='Stripe API reference 2023-10-16, "The Invoice object": subscription_details; "Expanding responses"',
        objects={
            "invoices": [
                _invoice_2020(
                    "i23",
                    _line_2020("i23", amount=-500, proration=True, quantity=2),
                    created=T2023,
                    customer={"id": "cus_i23", "object": "customer"},
                    metadata={"user_id": "the_last_to_be_asked"},
                    paid_out_of_band=False,
                    payment_intent={"id": "pi_i23", "object": "payment_intent", "status": "succeeded"},
                    subscription={"id": "sub_i23", "object": "subscription"},
                    subscription_details={"metadata": {"user_id": "user_i23"}},
                )
            ]
        },
        rows={
            "stripe_invoice": [row_2020("i23", T2023) | {"account_id": "user_i23", "paid_at": T2020 + 20}],
            "stripe_invoice_line": [line_row_2020("i23") | {"quantity": 2, "amount": -500, "proration": True}],
            "stripe_invoice_payment": [old_payment_row("i23", "pi_i23")],
        },
        suppliers=COPIES,
    ),
    Form(
        tag="i24",
        period=Period.BEFORE_BASIL,
        what="the last form with payment_intent, charge, paid and subscription on the invoice; a draft of it too",
        source='Stripe API reference 2024-12-18.acacia, "The Invoice object"',
        objects={
            "invoices": [
                _invoice_2020(
                    "i24",
                    _line_2020("i24"),
                    billing_reason="subscription_create",
                    created=T2024,
                    paid_out_of_band=False,
                    subscription_details={"metadata": {}},
                ),
                _invoice_2020(
                    "i24",
                    id="in_2_i24",
                    amount_paid=0,
                    charge=None,
                    created=T2024,
                    paid=False,
                    paid_out_of_band=False,
                    payment_intent=None,
                    status="draft",
                    status_transitions={"finalized_at": None, "paid_at": None},
                ),
            ]
        },
        rows={
            "stripe_invoice": [
                row_2020("i24", T2024) | {"billing_reason": "subscription_create", "paid_at": T2020 + 20},
                row_2020("i24", T2024) | {"invoice_id": "in_2_i24", "status": "draft", "amount_paid": 0},
            ],
            "stripe_invoice_line": [line_row_2020("i24")],
            "stripe_invoice_payment": [old_payment_row("i24", "pi_i24")],
        },
        suppliers=COPIES_AND_COLUMNS,
    ),
)
