"""More cases of `refund-not-clawed-back`, beside those that its own file teaches with."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from trueup.checks.case_rows import LATELY, refund
from trueup.checks.revenue.refund_not_clawed_back import _GRANT, _PAID, _clawback, _dispute, _entry
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind, Exemption, Interval, Plan, PlanPrice
from trueup.model.stripe_objects import (
    DisputeStatus,
    RefundStatus,
    StripeEvent,
    StripeInvoice,
    StripeInvoiceLine,
    StripeInvoicePayment,
    StripePaymentIntent,
)

_SPENT = _entry(2, amount=-1000, kind=EntryKind.USAGE, balance_after=0, payment=None, created_at=ago(days=15))

CASES: tuple[Case, ...] = (
    Case(
        name="taken back by an entry of kind refund, and by one of kind adjustment",
        given=(
            _PAID,
            _GRANT,
            refund(),
            _entry(3, amount=-500, kind=EntryKind.REFUND, created_at=LATELY),
            _entry(4, amount=-500, kind=EntryKind.ADJUSTMENT, created_at=LATELY),
        ),
    ),
    Case(
        name="a partial refund, taken back in proportion",
        given=(_PAID, _GRANT, refund(1450), _clawback(-500)),
    ),
    Case(
        name="a third refunded: less than a credit is rounding",
        given=(_PAID, _GRANT, refund(967), _clawback(-333)),
    ),
    Case(
        name="three partial refunds, each rounded to a whole credit",
        given=(
            _PAID,
            _GRANT,
            *(refund(100, number=number) for number in (1, 2, 3)),  # each is 34.48 credits
            *(_clawback(-34, entry_id=2 + number, balance_after=900) for number in (1, 2, 3)),
        ),
    ),
    Case(
        name="three partial refunds, and three credits too little taken back",
        given=(
            _PAID,
            _GRANT,
            *(refund(100, number=number) for number in (1, 2, 3)),
            *(_clawback(-33, entry_id=2 + number, balance_after=900) for number in (1, 2, 3)),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="a partial refund of which a credit too little was taken back",
        given=(_PAID, _GRANT, refund(1450), _clawback(-499)),
        fires=("pi_1",),
        evidence={"pi_1": {"credits_to_take_back": Decimal(1), "amount_at_risk": 3}},
    ),
    Case(
        name="a partial refund and no clawback",
        given=(_PAID, _GRANT, refund(1450)),
        fires=("pi_1",),
        evidence={"pi_1": {"credits_to_take_back": Decimal(500), "amount_at_risk": 1450}},
    ),
    Case(
        name="two partial refunds, one clawback",
        given=(_PAID, _GRANT, refund(1450), refund(1450, number=2), _clawback(-500)),
        fires=("pi_1",),
        evidence={"pi_1": {"credits_to_take_back": Decimal(500)}},
    ),
    Case(
        name="refunded and disputed: no more than was paid is given back",
        given=(_PAID, _GRANT, refund(), _dispute(DisputeStatus.LOST)),
        fires=("pi_1",),
        evidence={"pi_1": {"amount_returned": 2900, "amount_at_risk": 2900}},
    ),
    *(
        Case(name=f"a refund that is {status}", given=(_PAID, _GRANT, refund(status=status)))
        for status in (
            RefundStatus.PENDING,
            RefundStatus.REQUIRES_ACTION,
            RefundStatus.FAILED,
            RefundStatus.CANCELED,
        )
    ),
    *(
        Case(name=f"a dispute that is {status}", given=(_PAID, _GRANT, _dispute(status)))
        for status in DisputeStatus
        if status is not DisputeStatus.LOST
    ),
    Case(
        name="everything was spent before the refund, and the policy lets no balance fall below nothing",
        given=(_PAID, _GRANT, _SPENT, refund()),
    ),
    Case(
        name="everything was spent before the refund, where the policy allows an overdraft",
        given=(_PAID, _GRANT, _SPENT, refund()),
        policy=Policy(balance_floor=Decimal(-1000)),
        fires=("pi_1",),
    ),
    Case(
        name="some was spent before the refund: the rest is left to take back",
        given=(
            _PAID,
            _GRANT,
            _entry(2, amount=-700, kind=EntryKind.USAGE, balance_after=300, payment=None, created_at=ago(days=15)),
            refund(),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"credits_to_take_back": Decimal(300), "amount_at_risk": 870}},
    ),
    Case(
        name="an app that takes back only what is left",
        given=(
            _PAID,
            _GRANT,
            _entry(2, amount=-700, kind=EntryKind.USAGE, balance_after=300, payment=None, created_at=ago(days=15)),
            refund(),
            _clawback(-300, balance_after=0),
        ),
    ),
    Case(
        name="spent between the refund and the clawback, which took what was left",
        given=(_PAID, _GRANT, refund(), _clawback(-10, balance_after=0)),
    ),
    Case(
        name="an entry of nothing says that nothing was left",
        given=(_PAID, _GRANT, _SPENT, refund(), _clawback(0, balance_after=0)),
    ),
    Case(
        name="grant, refund, and re-grant on one payment intent: the refund failed",
        given=(_PAID, _GRANT, refund(status=RefundStatus.FAILED), _clawback(-1000), _entry(4, amount=1000)),
    ),
    Case(
        name="taken back when the dispute opened, reinstated, and lost after all",
        given=(
            _PAID,
            _GRANT,
            _dispute(DisputeStatus.LOST),
            _clawback(-1000),
            _entry(4, amount=1000, kind=EntryKind.CLAWBACK, created_at=ago(days=5)),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="an invoice is refunded through its payment",
        given=(
            StripeInvoice(invoice_id="in_1"),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            _PAID,
            _entry(1, amount=1000, kind=EntryKind.SUBSCRIPTION_GRANT, payment=None, invoice="in_1"),
            refund(),
        ),
        fires=("in_1",),
    ),
    Case(
        name="yearly invoice backing twelve monthly grants, three of them given, the rest refunded",
        given=(
            Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000)),
            PlanPrice(price_id="price_yearly", plan="PRO", interval=Interval.YEAR),
            StripeInvoice(invoice_id="in_1", total=12000, amount_paid=12000, created_at=ago(days=80)),
            StripeInvoiceLine(
                line_id="il_1",
                price_id="price_yearly",
                amount=12000,
                period_start=ago(days=80),
                period_end=ago(days=80) + timedelta(days=365),
            ),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            *(
                _entry(
                    n, amount=1000, kind=EntryKind.SUBSCRIPTION_GRANT, payment=None, invoice="in_1", balance_after=3000
                )
                for n in range(1, 4)
            ),
            refund(9000),
        ),
    ),
    Case(
        name="a zero-decimal currency is minor units all the same",
        given=(
            StripePaymentIntent(payment_intent_id="pi_1", amount=500, amount_received=500, currency="jpy"),
            _GRANT,
            refund(500, currency="jpy"),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"amount_at_risk": 500, "currency": "jpy"}},
    ),
    Case(
        name="refunded before anything was granted",
        given=(_PAID, refund()),
    ),
    Case(
        name="goodwill that names the payment is not taken back",
        given=(_PAID, _entry(1, amount=1000, kind=EntryKind.ADJUSTMENT), refund()),
    ),
    Case(
        name="a test-mode payment",
        given=(
            StripePaymentIntent(payment_intent_id="pi_1", livemode=False),
            _GRANT,
            refund(),
        ),
    ),
    Case(
        name="a refund made long ago has only now succeeded, as its event says",
        given=(
            _PAID,
            _GRANT,
            refund(),
            StripeEvent(event_id="evt_1", type="refund.updated", object_id="re_1", created_at=ago(minutes=1)),
        ),
    ),
    Case(
        name="a dispute opened before the period was lost inside it, as its event says",
        given=(
            _PAID,
            _GRANT,
            _dispute(DisputeStatus.LOST, created_at=ago(days=80)),
            StripeEvent(event_id="evt_1", type="charge.dispute.closed", object_id="dp_1", created_at=LATELY),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="on the first moment of the period",
        given=(_PAID, _entry(1, amount=1000, created_at=ago(days=50)), refund(created_at=ago(days=45))),
        fires=("pi_1",),
    ),
    Case(
        name="before the period",
        given=(_PAID, _entry(1, amount=1000, created_at=ago(days=50)), refund(created_at=ago(days=45, seconds=1))),
    ),
    Case(
        name="the customer may keep the credits, exempted",
        given=(
            _PAID,
            _GRANT,
            refund(),
            Exemption(check_id="refund-not-clawed-back", subject="pi_1", owner="support", reason="our outage"),
        ),
    ),
)
