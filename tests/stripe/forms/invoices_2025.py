"""Invoices, lines and invoice payments since 2025-03-31."""

from __future__ import annotations

from tests.stripe.forms.form import JSON, MONTH, NOT_DJ_STRIPE, T2025, T2026, Form, Period, listing
from tests.stripe.forms.invoices_2020 import row_2020

PAYMENTS = 'Stripe changelog 2025-03-31.basil, "Adds support for multiple (partial) payments on invoices"'
PARENT = 'Stripe changelog 2025-03-31.basil, "Invoicing resources now specify how they were generated"'


def _invoice_2025(tag: str, created: int, *lines: JSON, **fields: object) -> JSON:
    return {
        "id": f"in_{tag}",
        "object": "invoice",
        "amount_due": 2900,
        "amount_overpaid": 0,
        "amount_paid": 2900,
        "amount_remaining": 0,
        "auto_advance": False,
        "billing_reason": "subscription_cycle",
        "collection_method": "charge_automatically",
        "confirmation_secret": None,
        "created": created,
        "currency": "usd",
        "customer": f"cus_{tag}",
        "due_date": None,
        "lines": listing(*lines),
        "livemode": True,
        "metadata": {"user_id": "the_last_to_be_asked"},
        "parent": {
            "quote_details": None,
            "subscription_details": {
                "metadata": {"user_id": f"user_{tag}"},
                "subscription": f"sub_{tag}",
                "subscription_proration_date": None,
            },
            "type": "subscription_details",
        },
        "post_payment_credit_notes_amount": 0,
        "status": "paid",
        "status_transitions": {
            "finalized_at": created + 10,
            "marked_uncollectible_at": None,
            "paid_at": created + 20,
            "voided_at": None,
        },
        "subtotal": 2900,
        "total": 2900,
        "total_taxes": [],
    } | fields


def _line_2025(tag: str, created: int, price: object, **fields: object) -> JSON:
    return {
        "id": f"il_{tag}",
        "object": "line_item",
        "amount": 2900,
        "currency": "usd",
        "discountable": True,
        "invoice": f"in_{tag}",
        "livemode": True,
        "metadata": {},
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": f"sub_{tag}",
                "subscription_item": f"si_{tag}",
            },
            "type": "subscription_item_details",
        },
        "period": {"end": created + MONTH, "start": created},
        "pricing": {
            "price_details": {"price": price, "product": f"prod_{tag}"},
            "type": "price_details",
            "unit_amount_decimal": "2900",
        },
        "quantity": 1,
        "taxes": [],
    } | fields


def _row_2025(tag: str, created: int) -> JSON:
    return row_2020(tag, created) | {"account_id": f"user_{tag}", "paid_at": created + 20}


def _line_row_2025(tag: str, created: int) -> JSON:
    return {
        "line_id": f"il_{tag}",
        "invoice_id": f"in_{tag}",
        "subscription_id": f"sub_{tag}",
        "price_id": f"price_{tag}",
        "product_id": f"prod_{tag}",
        "quantity": 1,
        "amount": 2900,
        "currency": "usd",
        "period_start": created,
        "period_end": created + MONTH,
    }


def _payment(tag: str, number: int, created: int, payment: JSON, **fields: object) -> JSON:
    return {
        "id": f"inpay_{number}_{tag}",
        "object": "invoice_payment",
        "amount_paid": 2900,
        "amount_requested": 2900,
        "created": created,
        "currency": "usd",
        "invoice": f"in_{tag}",
        "is_default": number == 1,
        "livemode": True,
        "payment": payment,
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": created + 20},
    } | fields


def _payment_row(tag: str, number: int, **fields: object) -> JSON:
    return {
        "invoice_payment_id": f"inpay_{number}_{tag}",
        "invoice_id": f"in_{tag}",
        "payment_intent_id": f"pi_{tag}",
        "status": "paid",
        "amount_paid": 2900,
        "currency": "usd",
    } | fields


def _intent(tag: str) -> JSON:
    return {"payment_intent": f"pi_{tag}", "type": "payment_intent"}


FORMS = (
    Form(
        tag="i25",
        period=Period.AFTER_BASIL,
        what="payments expanded, the subscription under parent, and a line that names its price",
        source=f"{PAYMENTS}; {PARENT}",
        objects={
            "invoices": [
                _invoice_2025(
                    "i25",
                    T2025,
                    _line_2025("i25", T2025, "price_i25"),
                    payments=listing(_payment("i25", 1, T2025, _intent("i25"))),
                )
            ]
        },
        rows={
            "stripe_invoice": [_row_2025("i25", T2025)],
            "stripe_invoice_line": [_line_row_2025("i25", T2025)],
            "stripe_invoice_payment": [_payment_row("i25", 1)],
        },
    ),
    Form(
        tag="i25apart",
        period=Period.AFTER_BASIL,
        what="payments listed by themselves; what the line's price is called and that it is metered, the prices say",
        source=f"{PAYMENTS}; {PARENT}",
        objects={
            "invoices": [_invoice_2025("i25apart", T2025, _line_2025("i25apart", T2025, "price_i25apart"))],
            "invoice_payments": [
                _payment("i25apart", 1, T2025, _intent("i25apart") | {"payment_intent": "pi_0_i25apart"}, status="open")
                | {"amount_paid": None},
                _payment("i25apart", 2, T2025, _intent("i25apart")),
            ],
            "prices": [
                {
                    "id": "price_i25apart",
                    "object": "price",
                    "active": True,
                    "currency": "usd",
                    "livemode": True,
                    "lookup_key": "calls_i25apart",
                    "product": "prod_i25apart",
                    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "metered"},
                    "unit_amount": 1,
                }
            ],
        },
        rows={
            "stripe_invoice": [_row_2025("i25apart", T2025)],
            "stripe_invoice_line": [
                _line_row_2025("i25apart", T2025) | {"lookup_key": "calls_i25apart", "metered": True}
            ],
            "stripe_invoice_payment": [
                _payment_row("i25apart", 1, payment_intent_id="pi_0_i25apart", status="open", amount_paid=None),
                _payment_row("i25apart", 2),
            ],
            "stripe_price": [
                {
                    "price_id": "price_i25apart",
                    "lookup_key": "calls_i25apart",
                    "product_id": "prod_i25apart",
                    "unit_amount": 1,
                    "currency": "usd",
                    "interval": "month",
                    "metered": True,
                }
            ],
        },
        suppliers=NOT_DJ_STRIPE,
    ),
    Form(
        tag="i25mixed",
        period=Period.AFTER_BASIL,
        what="paid in two parts, by a card and by a record of money that came elsewhere: Stripe's payment shows for it",
        source=f'{PAYMENTS}; Stripe API reference 2025-09-30.clover, "The Invoice Payment object": payment.type',
        objects={
            "invoices": [
                _invoice_2025(
                    "i25mixed",
                    T2025,
                    payments=listing(
                        _payment("i25mixed", 1, T2025, _intent("i25mixed"), amount_paid=900),
                        _payment(
                            "i25mixed",
                            2,
                            T2025,
                            {"payment_record": "pr_i25mixed", "type": "payment_record"},
                            amount_paid=2000,
                        ),
                    ),
                )
            ]
        },
        rows={
            "stripe_invoice": [_row_2025("i25mixed", T2025)],
            "stripe_invoice_payment": [
                _payment_row("i25mixed", 1, amount_paid=900),
                _payment_row("i25mixed", 2, amount_paid=2000, payment_intent_id=None),
            ],
        },
    ),
    Form(
        tag="i25charge",
        period=Period.AFTER_BASIL,
        what="an invoice of long ago as it is read now: a charge without a payment intent paid it",
        source='Stripe API reference 2025-03-31.basil, "The Invoice Payment object": payment.charge',
        objects={
            "invoices": [
                _invoice_2025(
                    "i25charge",
                    T2025,
                    payments=listing(_payment("i25charge", 1, T2025, {"charge": "ch_i25charge", "type": "charge"})),
                )
            ]
        },
        rows={
            "stripe_invoice": [_row_2025("i25charge", T2025)],
            "stripe_invoice_payment": [_payment_row("i25charge", 1, payment_intent_id=None, charge_id="ch_i25charge")],
        },
    ),
    Form(
        tag="i25cash",
        period=Period.AFTER_BASIL,
        what="paid out of band: amount_paid holds it since then, and no payment of Stripe's shows for it",
        source=f'{PAYMENTS} ("The amount_paid field on the Invoice object now reflects out of band payments")',
        objects={"invoices": [_invoice_2025("i25cash", T2025, payments=listing())]},
        rows={"stripe_invoice": [_row_2025("i25cash", T2025) | {"paid_out_of_band": True}]},
    ),
    Form(
        tag="i26",
        period=Period.TODAY,
        what="the line's price expanded, a credit by proration, and an invoice item without a subscription",
        source='Stripe changelog 2025-12-15.clover, "Enables expansion for invoice pricing details" and "Adds subtotal '
        'property to Invoice Line Items"',
        objects={
            "invoices": [
                _invoice_2025(
                    "i26",
                    T2026,
                    _line_2025(
                        "i26",
                        T2026,
                        {
                            "id": "price_i26",
                            "object": "price",
                            "lookup_key": "pro_i26",
                            "product": "prod_i26",
                            "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
                        },
                        subtotal=2900,
                    ),
                    _line_2025(
                        "i26",
                        T2026,
                        "price_i26",
                        id="il_2_i26",
                        amount=-700,
                        parent={
                            "invoice_item_details": {
                                "invoice_item": "ii_i26",
                                "proration": True,
                                "proration_details": {"credited_items": None},
                                "subscription": "sub_i26",
                            },
                            "subscription_item_details": None,
                            "type": "invoice_item_details",
                        },
                        subtotal=-700,
                    ),
                    _line_2025(
                        "i26",
                        T2026,
                        "price_i26",
                        id="il_3_i26",
                        amount=700,
                        parent={
                            "invoice_item_details": {"invoice_item": "ii_3_i26", "proration": False},
                            "subscription_item_details": None,
                            "type": "invoice_item_details",
                        },
                        quantity=None,
                    ),
                    payments=listing(
                        _payment(
                            "i26",
                            1,
                            T2026,
                            {"payment_intent": {"id": "pi_i26", "object": "payment_intent"}, "type": "payment_intent"},
                        )
                    ),
                )
            ]
        },
        rows={
            "stripe_invoice": [_row_2025("i26", T2026)],
            "stripe_invoice_line": [
                _line_row_2025("i26", T2026) | {"lookup_key": "pro_i26"},
                _line_row_2025("i26", T2026) | {"line_id": "il_2_i26", "amount": -700, "proration": True},
                _line_row_2025("i26", T2026) | {"line_id": "il_3_i26", "subscription_id": None, "amount": 700},
            ],
            "stripe_invoice_payment": [_payment_row("i26", 1)],
        },
    ),
)
