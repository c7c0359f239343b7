"""More cases of `grant-without-money`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.revenue.grant_without_money import _LATELY, _WHOLE, _grant
from trueup.model.check import Case, ago
from trueup.model.relations import EntryKind, Exemption
from trueup.model.stripe_objects import (
    CheckoutPayment,
    InvoiceStatus,
    PaymentStatus,
    StripeCheckoutSession,
    StripeInvoice,
    StripeInvoicePayment,
    StripePaymentIntent,
    StripeReading,
)

CASES: tuple[Case, ...] = (
    Case(
        name="another relation was read whole, this one was not",
        given=(StripeReading(relation="stripe_invoice"), _grant(payment="pi_made_up")),
    ),
    Case(
        name="read back far enough for a payment: sixty days before the grant",
        given=(
            StripeReading(relation="stripe_payment_intent", complete_since=ago(days=63)),
            _grant(payment="pi_made_up"),
        ),
        fires=("pi_made_up",),
    ),
    Case(
        name="the payment may be older than what was read",
        given=(
            StripeReading(relation="stripe_payment_intent", complete_since=ago(days=63, seconds=-1)),
            _grant(payment="pi_made_up"),
        ),
    ),
    Case(
        name="read back far enough for an invoice: a year before the grant",
        given=(
            StripeReading(relation="stripe_invoice", complete_since=ago(days=369)),
            _grant(invoice="in_made_up"),
        ),
        fires=("in_made_up",),
    ),
    Case(
        name="yearly invoice backing twelve monthly grants, older than what was read",
        given=(
            StripeReading(relation="stripe_invoice", complete_since=ago(days=369, seconds=-1)),
            _grant(invoice="in_last_year", kind=EntryKind.SUBSCRIPTION_GRANT),
        ),
    ),
    Case(
        name="made after Stripe was read",
        given=(
            StripeReading(relation="stripe_payment_intent", read_at=_LATELY),
            _grant(payment="pi_new"),
        ),
    ),
    Case(
        name="made a second before Stripe was read",
        given=(
            StripeReading(relation="stripe_payment_intent", read_at=ago(days=3, seconds=-1)),
            _grant(payment="pi_made_up"),
        ),
        fires=("pi_made_up",),
    ),
    Case(
        name="field failure 44: the payment belongs to the test mode",
        given=(
            *_WHOLE,
            StripePaymentIntent(payment_intent_id="pi_1", amount_received=1500, livemode=False),
            _grant(payment="pi_1"),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"status": "test mode", "amount": 1500, "currency": "usd"}},
    ),
    Case(
        name="a payment that was canceled",
        given=(
            *_WHOLE,
            StripePaymentIntent(payment_intent_id="pi_1", status=PaymentStatus.CANCELED, currency="jpy"),
            _grant(payment="pi_1"),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"status": "canceled", "currency": "jpy"}},
    ),
    Case(
        name="an invoice that was voided, and one that was given up",
        given=(
            *_WHOLE,
            StripeInvoice(invoice_id="in_1", status=InvoiceStatus.VOID),
            StripeInvoice(invoice_id="in_2", status=InvoiceStatus.UNCOLLECTIBLE),
            _grant(invoice="in_1"),
            _grant(entry_id=2, invoice="in_2"),
        ),
        fires=("in_1", "in_2"),
    ),
    Case(
        name="an invoice that is still open is another finding",
        given=(*_WHOLE, StripeInvoice(invoice_id="in_1", status=InvoiceStatus.OPEN), _grant(invoice="in_1")),
    ),
    Case(
        name="an invoice of zero was paid: 100 % coupon",
        given=(*_WHOLE, StripeInvoice(invoice_id="in_1", total=0, amount_paid=0), _grant(invoice="in_1")),
    ),
    Case(
        name="invoice paid from customer balance",
        given=(*_WHOLE, StripeInvoice(invoice_id="in_1", amount_paid=0), _grant(invoice="in_1")),
    ),
    Case(
        name="a voided invoice of zero",
        given=(
            *_WHOLE,
            StripeInvoice(invoice_id="in_1", total=0, status=InvoiceStatus.VOID),
            _grant(invoice="in_1"),
        ),
    ),
    Case(
        name="the payment was canceled, its invoice was paid another way",
        given=(
            *_WHOLE,
            StripeInvoice(invoice_id="in_1"),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            StripePaymentIntent(payment_intent_id="pi_1", status=PaymentStatus.CANCELED),
            _grant(payment="pi_1"),
        ),
    ),
    Case(
        name="the payment is there, its invoice is older than what was read",
        given=(
            *_WHOLE,
            StripeInvoicePayment(invoice_payment_id="ip_1", invoice_id="in_old"),
            StripePaymentIntent(payment_intent_id="pi_1"),
            _grant(payment="pi_1"),
        ),
    ),
    Case(
        name="one of the things it names was paid",
        given=(*_WHOLE, StripePaymentIntent(payment_intent_id="pi_1"), _grant(invoice="in_gone", payment="pi_1")),
    ),
    Case(
        name="a checkout that expired without a payment",
        given=(
            *_WHOLE,
            StripeCheckoutSession(
                checkout_session_id="cs_1",
                status="expired",
                payment_status=CheckoutPayment.UNPAID,
                payment_intent_id=None,
            ),
            _grant(checkout="cs_1"),
        ),
        fires=("cs_1",),
    ),
    Case(
        name="it names an event that is unknown, and nothing else",
        given=(*_WHOLE, _grant(event="evt_old")),
    ),
    Case(
        name="an id that is not Stripe's: a charge, another processor",
        given=(*_WHOLE, _grant(payment="ch_1"), _grant(entry_id=2, invoice="PAYPAL-7")),
    ),
    Case(
        name="taken back",
        given=(
            *_WHOLE,
            _grant(payment="pi_made_up"),
            _grant(entry_id=2, payment="pi_made_up", amount=-500, kind=EntryKind.CLAWBACK),
        ),
    ),
    Case(
        name="goodwill, and a promotional extra, owe no money",
        given=(
            *_WHOLE,
            _grant(payment="pi_made_up", kind=EntryKind.ADJUSTMENT),
            _grant(entry_id=2, payment="pi_made_up", kind=EntryKind.PROMOTIONAL_GRANT),
        ),
    ),
    Case(
        name="a pending entry has given nothing yet",
        given=(*_WHOLE, _grant(payment="pi_made_up", posted=False)),
    ),
    Case(
        name="on the first moment of the period",
        given=(*_WHOLE, _grant(payment="pi_made_up", created_at=ago(days=45))),
        fires=("pi_made_up",),
    ),
    Case(
        name="before the period",
        given=(*_WHOLE, _grant(payment="pi_made_up", created_at=ago(days=45, seconds=1))),
    ),
    Case(
        name="sold through another processor, exempted",
        given=(
            *_WHOLE,
            _grant(payment="pi_made_up"),
            Exemption(check_id="grant-without-money", subject="pi_made_up", owner="finance", reason="migrated by hand"),
        ),
    ),
)
