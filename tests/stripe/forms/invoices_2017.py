"""Invoices and lines of 2017 and 2018: plans and charges, and paid, closed and forgiven for a status."""

from __future__ import annotations

from tests.stripe.forms.form import COPIES, JSON, MONTH, T2017, T2018, Form, Period, listing
from tests.stripe.forms.payment_rows import old_payment_row
from tests.stripe.forms.subscriptions_of_plans import PLAN_2017, PLAN_2018

CLOSED = (
    'Stripe changelog 2018-11-08, "Invoices now specify their automatic collection behavior using the auto_advance '
    'field" (closed) and "Replaces the forgiven field with a new uncollectible status for invoices"; 2019-03-14, '
    '"Renames the date field on invoices to created"; 2019-10-17, "Renames billing to collection_method"'
)
LINE_IDS = (
    "Stripe changelog 2018-05-21, \"Invoice line items now have unique IDs and can't be used in place of a "
    'subscription"; 2019-12-03, "Standardizes invoice line item IDs" (unique_id)'
)


def _invoice_2017(tag: str, *lines: JSON, **fields: object) -> JSON:
    """An invoice as an account that is pinned to 2017-08-15 copied it in 2017: without a status."""
    return {
        "id": f"in_{tag}",
        "object": "invoice",
        "amount_due": 2900,
        "application_fee": None,
        "attempt_count": 1,
        "attempted": True,
        "billing": "charge_automatically",
        "charge": f"ch_{tag}",
        "closed": True,
        "currency": "usd",
        "customer": f"cus_{tag}",
        "date": T2017,
        "description": None,
        "discount": None,
        "ending_balance": 0,
        "forgiven": False,
        "lines": listing(*lines),
        "livemode": True,
        "metadata": {},
        "next_payment_attempt": None,
        "number": "C17-0001",
        "paid": True,
        "period_end": T2017,
        "period_start": T2017 - MONTH,
        "receipt_number": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "subscription": f"sub_{tag}",
        "subtotal": 2900,
        "tax": None,
        "tax_percent": None,
        "total": 2900,
        "webhooks_delivered_at": T2017 + 5,
    } | fields


def _line_2017(tag: str) -> JSON:
    """The line of a subscription: its id is the subscription's."""
    return {
        "id": f"sub_{tag}",
        "object": "line_item",
        "amount": 2900,
        "currency": "usd",
        "description": None,
        "discountable": True,
        "livemode": True,
        "metadata": {},
        "period": {"end": T2017 + MONTH, "start": T2017},
        "plan": PLAN_2017,
        "proration": False,
        "quantity": 1,
        "subscription": None,
        "subscription_item": f"si_{tag}",
        "type": "subscription",
    }


def _row_2017(tag: str) -> JSON:
    return {
        "invoice_id": f"in_{tag}",
        "customer_id": f"cus_{tag}",
        "subscription_id": f"sub_{tag}",
        "currency": "usd",
        "subtotal": 2900,
        "total": 2900,
        "amount_due": 2900,
        "created_at": T2017,
    }


FORMS = (
    Form(
        tag="i17",
        period=Period.Y2017_2018,
        what="paid by a charge, and said so by paid alone; two invoices whose lines bear the subscription's id",
        source=f"{CLOSED}; {LINE_IDS}",
        objects={
            "invoices": [
                _invoice_2017("i17", _line_2017("i17")),
                _invoice_2017("i17", _line_2017("i17"), id="in_2_i17", charge="ch_2_i17", date=T2017 + MONTH),
            ]
        },
        rows={
            "stripe_invoice": [
                _row_2017("i17") | {"status": "paid", "amount_paid": 2900},
                _row_2017("i17")
                | {"invoice_id": "in_2_i17", "status": "paid", "amount_paid": 2900, "created_at": T2017 + MONTH},
            ],
            "stripe_invoice_line": [
                {
                    "line_id": f"{invoice}/sub_i17",
                    "invoice_id": invoice,
                    "subscription_id": "sub_i17",
                    "price_id": "gold",
                    "quantity": 1,
                    "amount": 2900,
                    "currency": "usd",
                    "period_start": T2017,
                    "period_end": T2017 + MONTH,
                }
                for invoice in ("in_i17", "in_2_i17")
            ],
            "stripe_invoice_payment": [
                old_payment_row("i17", "ch_i17"),
                old_payment_row("i17", "ch_2_i17", invoice_payment_id="in_2_i17/ch_2_i17", invoice_id="in_2_i17"),
            ],
        },
        suppliers=COPIES,
    ),
    Form(
        tag="i17lost",
        period=Period.Y2017_2018,
        what="forgiven, which is uncollectible",
        source=CLOSED,
        objects={"invoices": [_invoice_2017("i17lost", charge=None, closed=True, forgiven=True, paid=False)]},
        rows={"stripe_invoice": [_row_2017("i17lost") | {"status": "uncollectible", "amount_paid": 0}]},
        suppliers=COPIES,
    ),
    Form(
        tag="i17open",
        period=Period.Y2017_2018,
        what="neither paid nor forgiven: open, also where it was closed, which only ended the attempts",
        source=CLOSED,
        objects={
            "invoices": [
                _invoice_2017("i17open", billing="send_invoice", charge=None, closed=False, due_date=T2018, paid=False),
                _invoice_2017("i17open", id="in_2_i17open", charge=None, closed=True, paid=False),
            ]
        },
        rows={
            "stripe_invoice": [
                _row_2017("i17open")
                | {"status": "open", "amount_paid": 0, "collection_method": "send_invoice", "due_at": T2018},
                _row_2017("i17open") | {"invoice_id": "in_2_i17open", "status": "open", "amount_paid": 0},
            ]
        },
        suppliers=COPIES,
    ),
    Form(
        tag="i17cash",
        period=Period.Y2017_2018,
        what="something was due, it is paid, and there is no charge: paid out of band",
        source='Stripe API reference, "Pay an invoice": paid_out_of_band',
        objects={"invoices": [_invoice_2017("i17cash", charge=None)]},
        rows={
            "stripe_invoice": [_row_2017("i17cash") | {"status": "paid", "amount_paid": 2900, "paid_out_of_band": True}]
        },
        suppliers=COPIES,
    ),
    Form(
        tag="i18",
        period=Period.Y2017_2018,
        what="an account pinned to 2018-11-08: old and new names side by side, and unique_id beside the line's id",
        source=f"{CLOSED}; {LINE_IDS}",
        objects={
            "invoices": [
                _invoice_2017(
                    "i18",
                    {
                        **_line_2017("i18"),
                        "id": "sli_i18",
                        "unique_id": "il_i18",
                        "subscription": "sub_i18",
                        "plan": PLAN_2018,
                        "quantity": 7,
                    },
                    amount_paid=2900,
                    amount_remaining=0,
                    auto_advance=False,
                    billing_reason="subscription_update",
                    collection_method="charge_automatically",
                    created=T2018,
                    date=T2018,
                    finalized_at=T2018 + 10,
                    payment_intent="pi_i18",
                    status="paid",
                )
            ]
        },
        rows={
            "stripe_invoice": [
                _row_2017("i18")
                | {
                    "status": "paid",
                    "billing_reason": "subscription_update",
                    "amount_paid": 2900,
                    "created_at": T2018,
                }
            ],
            "stripe_invoice_line": [
                {
                    "line_id": "il_i18",
                    "invoice_id": "in_i18",
                    "subscription_id": "sub_i18",
                    "price_id": "seats",
                    "product_id": "prod_seats",
                    "quantity": 7,
                    "amount": 2900,
                    "currency": "usd",
                    "metered": True,
                    "period_start": T2017,
                    "period_end": T2017 + MONTH,
                }
            ],
            "stripe_invoice_payment": [old_payment_row("i18", "pi_i18")],
        },
        suppliers=COPIES,
    ),
    Form(
        tag="i18card",
        period=Period.Y2017_2018,
        what="paid by a charge without a payment intent: not out of band, though nothing says so before 2022",
        source='Stripe API reference 2018-11-08, "The invoice object": charge; stripe-php 7.110 (January 2022), "Add '
        'support for paid_out_of_band on Invoice"',
        objects={
            "invoices": [
                _invoice_2017(
                    "i18card", amount_paid=2900, created=T2018, date=T2018, payment_intent=None, status="paid"
                )
            ]
        },
        rows={
            "stripe_invoice": [_row_2017("i18card") | {"status": "paid", "amount_paid": 2900, "created_at": T2018}],
            "stripe_invoice_payment": [old_payment_row("i18card", "ch_i18card")],
        },
        suppliers=COPIES,
    ),
)
