"""More cases of `grant-before-money`, beside those that its own file teaches with."""

from __future__ import annotations

from decimal import Decimal

from trueup.checks.revenue.grant_before_money import _grant, _invoice, _payment
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    CheckoutPayment,
    InvoiceStatus,
    PaymentStatus,
    StripeCheckoutSession,
    StripeEvent,
    StripeInvoicePayment,
    StripeReading,
)

CASES: tuple[Case, ...] = (
    Case(
        name="a delayed method past its window",
        given=(
            _payment(PaymentStatus.PROCESSING, delayed=True, created_at=ago(days=14, seconds=1)),
            _grant(payment="pi_1"),
        ),
        fires=("pi_1",),
        severities={"pi_1": Severity.ERROR},
    ),
    Case(
        name="a method that should have confirmed at once",
        given=(_payment(PaymentStatus.PROCESSING), _grant(payment="pi_1")),
        fires=("pi_1",),
        severities={"pi_1": Severity.ERROR},
    ),
    Case(
        name="authorised and not captured",
        given=(_payment(PaymentStatus.REQUIRES_CAPTURE), _grant(payment="pi_1")),
        fires=("pi_1",),
    ),
    Case(
        name="credits for an open invoice",
        given=(_invoice(InvoiceStatus.OPEN), _grant(invoice="in_1", kind=EntryKind.SUBSCRIPTION_GRANT)),
        fires=("in_1",),
        evidence={"in_1": {"status": "open", "amount_at_risk": 2900}},
    ),
    Case(
        name="credits when a renewal was only drafted",
        given=(_invoice(InvoiceStatus.DRAFT), _grant(invoice="in_1", kind=EntryKind.SUBSCRIPTION_GRANT)),
        fires=("in_1",),
    ),
    Case(
        name="net-60 invoice paid by transfer, not due yet",
        given=(
            _invoice(InvoiceStatus.OPEN, collection_method="send_invoice", due_at=ago(days=-57)),
            _grant(invoice="in_1"),
        ),
    ),
    Case(
        name="an invoice by debit inside the window",
        given=(
            _invoice(InvoiceStatus.OPEN),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            _payment(PaymentStatus.PROCESSING, delayed=True),
            _grant(payment="pi_1"),
        ),
        fires=("in_1",),
        severities={"in_1": Severity.INFO},
    ),
    Case(
        name="invoice paid from customer balance: there is no payment",
        given=(_invoice(InvoiceStatus.PAID), _grant(invoice="in_1")),
    ),
    Case(
        name="paid by transfer instead: the invoice is paid, its payment never was",
        given=(
            _invoice(InvoiceStatus.PAID),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            _payment(PaymentStatus.REQUIRES_PAYMENT_METHOD),
            _grant(payment="pi_1", invoice="in_1"),
        ),
    ),
    Case(
        name="the checkout is complete, its payment is under way",
        given=(
            StripeCheckoutSession(checkout_session_id="cs_1", payment_status=CheckoutPayment.UNPAID),
            _payment(PaymentStatus.PROCESSING),
            _grant(checkout="cs_1"),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="100 % coupon: a checkout that needed no payment",
        given=(
            StripeCheckoutSession(
                checkout_session_id="cs_1",
                payment_status=CheckoutPayment.NO_PAYMENT_REQUIRED,
                payment_intent_id=None,
                amount_total=0,
            ),
            _grant(checkout="cs_1"),
        ),
    ),
    Case(
        name="the grant names the event alone",
        given=(
            _payment(PaymentStatus.PROCESSING),
            StripeEvent(event_id="evt_1", type="checkout.session.completed", payment_intent_id="pi_1"),
            _grant(event="evt_1"),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="taken back when the payment failed",
        given=(
            _payment(PaymentStatus.REQUIRES_PAYMENT_METHOD),
            _grant(payment="pi_1"),
            _grant(entry_id=2, payment="pi_1", amount=-500, kind=EntryKind.CLAWBACK),
        ),
    ),
    Case(
        name="only some of it taken back",
        given=(
            _payment(PaymentStatus.REQUIRES_PAYMENT_METHOD),
            _grant(payment="pi_1"),
            _grant(entry_id=2, payment="pi_1", amount=-499, kind=EntryKind.CLAWBACK),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="two grants for one payment are one finding",
        given=(
            _payment(PaymentStatus.PROCESSING),
            _grant(payment="pi_1"),
            _grant(entry_id=2, payment="pi_1"),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"grants": 2, "credits_granted": Decimal(1000)}},
    ),
    Case(
        name="goodwill, and a promotional extra, are not for the money",
        given=(
            _payment(PaymentStatus.PROCESSING),
            _grant(payment="pi_1", kind=EntryKind.ADJUSTMENT),
            _grant(entry_id=2, payment="pi_1", kind=EntryKind.PROMOTIONAL_GRANT),
        ),
    ),
    Case(
        name="a pending entry has given nothing yet",
        given=(_payment(PaymentStatus.PROCESSING), _grant(payment="pi_1", posted=False)),
    ),
    Case(
        name="a payment of zero",
        given=(_payment(PaymentStatus.REQUIRES_PAYMENT_METHOD, amount=0), _grant(payment="pi_1")),
    ),
    Case(
        name="write in flight at the snapshot: exactly as old as it takes to settle",
        given=(_payment(PaymentStatus.PROCESSING), _grant(payment="pi_1", created_at=ago(minutes=15))),
    ),
    Case(
        name="a second older than it takes to settle",
        given=(_payment(PaymentStatus.PROCESSING), _grant(payment="pi_1", created_at=ago(minutes=15, seconds=1))),
        fires=("pi_1",),
    ),
    Case(
        name="written after Stripe was read: the payment may have succeeded since",
        given=(
            _payment(PaymentStatus.PROCESSING),
            StripeReading(relation="stripe_payment_intent", read_at=ago(hours=1)),
            _grant(payment="pi_1", created_at=ago(hours=1)),
        ),
    ),
    Case(
        name="on the first moment of the period",
        given=(_payment(PaymentStatus.PROCESSING), _grant(payment="pi_1", created_at=ago(days=45))),
        fires=("pi_1",),
    ),
    Case(
        name="before the period",
        given=(_payment(PaymentStatus.PROCESSING), _grant(payment="pi_1", created_at=ago(days=45, seconds=1))),
    ),
    Case(
        name="a business whose debits take a month",
        given=(
            _payment(PaymentStatus.PROCESSING, delayed=True, created_at=ago(days=30)),
            _grant(payment="pi_1"),
        ),
        policy=Policy(delayed_payment_days=30),
        fires=("pi_1",),
        severities={"pi_1": Severity.INFO},
    ),
)
