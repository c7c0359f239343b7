"""More cases of `over-clawed-back`, beside those that its own file teaches with."""

from __future__ import annotations

from decimal import Decimal

from trueup.checks.case_rows import refund
from trueup.checks.revenue.over_clawed_back import _BOUGHT, _GRANT, _PAID, _dispute, _entry
from trueup.model.check import Case, ago
from trueup.model.relations import EntryKind
from trueup.model.stripe_objects import (
    DisputeStatus,
    PaymentStatus,
    RefundStatus,
    StripeEvent,
    StripeInvoice,
    StripeInvoicePayment,
    StripePaymentIntent,
)

CASES: tuple[Case, ...] = (
    Case(
        name="reinstated when the dispute was won",
        given=(_PAID, _GRANT, _dispute(DisputeStatus.WON), _entry(2, amount=-1000), _entry(3, amount=1000)),
    ),
    Case(
        name="reinstated by an adjustment, and by another purchase entry",
        given=(
            _PAID,
            _GRANT,
            _dispute(DisputeStatus.WON),
            _entry(2, amount=-1000),
            _entry(3, amount=400, kind=EntryKind.ADJUSTMENT),
            _entry(4, amount=600, kind=EntryKind.PURCHASE),
        ),
    ),
    *(
        Case(
            name=f"taken back while the dispute is {status}",
            given=(_PAID, _GRANT, _dispute(status), _entry(2, amount=-1000)),
        )
        for status in (
            DisputeStatus.NEEDS_RESPONSE,
            DisputeStatus.UNDER_REVIEW,
            DisputeStatus.WARNING_NEEDS_RESPONSE,
            DisputeStatus.PREVENTED,
            DisputeStatus.LOST,
        )
    ),
    Case(
        name="taken back for an inquiry that was closed",
        given=(_PAID, _GRANT, _dispute(DisputeStatus.WARNING_CLOSED), _entry(2, amount=-1000)),
        fires=("pi_1",),
    ),
    Case(
        name="the refund is on its way",
        given=(_PAID, _GRANT, refund(2900, status=RefundStatus.PENDING), _entry(2, amount=-1000)),
    ),
    Case(
        name="the refund failed, and the credits stayed away",
        given=(_PAID, _GRANT, refund(2900, status=RefundStatus.FAILED), _entry(2, amount=-1000)),
        fires=("pi_1",),
    ),
    Case(
        name="a third refunded: less than a credit is rounding",
        given=(_PAID, _GRANT, refund(967), _entry(2, amount=-334)),
    ),
    Case(
        name="half refunded, a fraction less than a credit too much taken back",
        given=(_PAID, _GRANT, refund(1450), _entry(2, amount="-500.9")),
    ),
    Case(
        name="three partial refunds, each rounded to a whole credit",
        given=(
            _PAID,
            _GRANT,
            *(refund(100, number=number) for number in (1, 2, 3)),  # each is 34.48 credits
            *(_entry(1 + number, amount=-35) for number in (1, 2, 3)),
        ),
    ),
    Case(
        name="three partial refunds, and three credits too much taken back",
        given=(
            _PAID,
            _GRANT,
            *(refund(100, number=number) for number in (1, 2, 3)),
            *(_entry(1 + number, amount=-36) for number in (1, 2, 3)),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="half refunded, a credit too much taken back",
        given=(_PAID, _GRANT, refund(1450), _entry(2, amount=-501)),
        fires=("pi_1",),
        evidence={"pi_1": {"excess": Decimal(1)}},
    ),
    Case(
        name="taken back without any refund",
        given=(_PAID, _GRANT, _entry(2, amount=-1000)),
        fires=("pi_1",),
    ),
    Case(
        name="a duplicate grant was taken back",
        given=(_PAID, _GRANT, _entry(2, amount=1000, kind=EntryKind.PURCHASE), _entry(3, amount=-1000)),
    ),
    Case(
        name="grant, refund, and re-grant on one payment intent",
        given=(_PAID, _GRANT, _entry(2, amount=-1000), _entry(3, amount=1000, kind=EntryKind.PURCHASE)),
    ),
    Case(
        name="the promotional extra was taken back as well",
        given=(
            _PAID,
            _GRANT,
            _entry(2, amount=100, kind=EntryKind.PROMOTIONAL_GRANT, created_at=_BOUGHT),
            refund(2900),
            _entry(3, amount=-1100),
        ),
    ),
    Case(
        name="a manual adjustment is somebody's decision",
        given=(_PAID, _GRANT, _entry(2, amount=-1000, kind=EntryKind.ADJUSTMENT)),
    ),
    Case(
        name="credits of the invoice that expired, or were used, were not taken back",
        given=(
            _PAID,
            _GRANT,
            _entry(2, amount=-500, kind=EntryKind.EXPIRY),
            _entry(3, amount=-500, kind=EntryKind.USAGE),
        ),
    ),
    Case(
        name="a credit note covers what was taken back",
        given=(
            StripeInvoice(invoice_id="in_1", credited=1450),
            _entry(1, amount=1000, kind=EntryKind.SUBSCRIPTION_GRANT, payment=None, invoice="in_1"),
            _entry(2, amount=-500, payment=None, invoice="in_1"),
        ),
    ),
    Case(
        name="an invoice that a customer balance paid in part: the money is refunded, all is taken back",
        given=(
            StripeInvoice(invoice_id="in_1", total=2900, amount_paid=1900),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            _entry(1, amount=1000, kind=EntryKind.SUBSCRIPTION_GRANT, payment=None, invoice="in_1"),
            refund(1900),
            _entry(2, amount=-1000),
        ),
    ),
    Case(
        name="one of twelve monthly grants was taken back",
        given=(
            StripeInvoice(invoice_id="in_1", total=29000, amount_paid=29000),
            *(
                _entry(n, amount=1000, kind=EntryKind.SUBSCRIPTION_GRANT, payment=None, invoice="in_1")
                for n in range(1, 4)
            ),
            _entry(9, amount=-1000, payment=None, invoice="in_1"),
        ),
    ),
    Case(
        name="the payment failed, and the credits were taken back",
        given=(
            StripePaymentIntent(payment_intent_id="pi_1", status=PaymentStatus.REQUIRES_PAYMENT_METHOD),
            _GRANT,
            _entry(2, amount=-1000),
        ),
    ),
    Case(
        name="what was granted is not known to belong to the payment",
        given=(_PAID, _entry(1, amount=1000, kind=EntryKind.PURCHASE, payment=None), _entry(2, amount=-1000)),
    ),
    Case(
        name="the reinstatement is pending",
        given=(
            _PAID,
            _GRANT,
            _dispute(DisputeStatus.WON),
            _entry(2, amount=-1000),
            _entry(3, amount=1000, posted=False),
        ),
    ),
    Case(
        name="the dispute was won a minute ago, as its event says",
        given=(
            _PAID,
            _GRANT,
            _dispute(DisputeStatus.WON),
            _entry(2, amount=-1000),
            StripeEvent(event_id="evt_1", type="charge.dispute.closed", object_id="dp_1", created_at=ago(minutes=1)),
        ),
    ),
    Case(
        name="on the first moment of the period",
        given=(
            _PAID,
            _entry(1, amount=1000, kind=EntryKind.PURCHASE, created_at=ago(days=50)),
            _entry(2, amount=-1000, created_at=ago(days=45)),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="before the period",
        given=(
            _PAID,
            _entry(1, amount=1000, kind=EntryKind.PURCHASE, created_at=ago(days=50)),
            _entry(2, amount=-1000, created_at=ago(days=45, seconds=1)),
        ),
    ),
)
