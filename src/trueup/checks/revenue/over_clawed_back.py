"""No more credits are taken back for a payment than was refunded or lost of it, in proportion."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind, LedgerEntry
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    DisputeStatus,
    PaymentStatus,
    RefundStatus,
    StripeDispute,
    StripeEvent,
    StripeInvoice,
    StripeInvoicePayment,
    StripePaymentIntent,
    StripeRefund,
)

_BOUGHT = ago(days=20)
_LATELY = ago(days=10)
_PAID = StripePaymentIntent(payment_intent_id="pi_1", amount=2900, amount_received=2900, created_at=_BOUGHT)


def _entry(
    entry_id: int,
    amount: int | str,
    *,
    kind: EntryKind = EntryKind.CLAWBACK,
    created_at: datetime = _LATELY,
    payment: str | None = "pi_1",
    invoice: str | None = None,
    posted: bool = True,
) -> LedgerEntry:
    return LedgerEntry(
        entry_id=entry_id,
        kind=kind,
        amount=Decimal(amount),
        posted=posted,
        stripe_payment_intent_id=payment,
        stripe_invoice_id=invoice,
        created_at=created_at,
    )


def _refund(
    amount: int, *, number: int = 1, status: RefundStatus = RefundStatus.SUCCEEDED, created_at: datetime = _LATELY
) -> StripeRefund:
    return StripeRefund(refund_id=f"re_{number}", amount=amount, status=status, created_at=created_at)


def _dispute(status: DisputeStatus) -> StripeDispute:
    return StripeDispute(dispute_id="dp_1", amount=2900, status=status, created_at=_LATELY)


_GRANT = _entry(1, 1000, kind=EntryKind.PURCHASE, created_at=_BOUGHT)


CHECK = Check(
    id="over-clawed-back",
    area=Area.REVENUE,
    severity=Severity.WARNING,
    title="More credits taken back than money",
    why="The customer paid for credits that were taken away. The next thing that arrives is a dispute, and the customer "
    "wins it.",
    population="""
SELECT count(*) FROM money_credit WHERE granted > 0 AND reversed > 0 AND last_entry_at >= $period_start
""",
    # Measured against the largest single grant, so that taking back a duplicate is not too much. A refund or a dispute
    # that is still under way may already have been taken back, and so may what a credit note covers. Less than one
    # credit for each of them is rounding.
    violations="""
WITH reversal AS (
    SELECT m.money_id, c.account_id, m.customer_id, m.amount, m.currency, c.granted, c.reversed, c.largest_grant,
           c.granted + c.extra + c.reinstated + c.adjusted_up - c.reversed                  AS kept,
           coalesce(b.returned, 0)                                                          AS returned,
           coalesce(b.under_way, 0)                                                         AS under_way,
           least(m.charged, coalesce(b.returned, 0) + coalesce(b.under_way, 0) + m.credited) AS accounted,
           m.charged,
           greatest(1, coalesce(b.movements, 0))                                            AS rounding,
           greatest(c.last_entry_at, coalesce(b.last_moved_at, c.last_entry_at))            AS last_at
    FROM money_credit AS c
    JOIN stripe_money AS m    ON m.money_id = c.money_id
    LEFT JOIN money_back AS b ON b.money_id = c.money_id
    WHERE m.state = 'paid'
      AND m.charged > 0
      AND m.livemode = $livemode
      AND c.granted > 0
      AND c.reversed > 0
      AND c.pending_entries = 0
),
judged AS (
    SELECT r.money_id, r.account_id, r.customer_id, r.amount, r.currency, r.granted, r.reversed, r.kept, r.returned,
           r.under_way, r.last_at, r.rounding,
           round(CAST(r.largest_grant AS DOUBLE) * (r.charged - r.accounted) * power(CAST(r.charged AS DOUBLE), -1)
                 - CAST(r.kept AS DOUBLE), 6) AS excess
    FROM reversal AS r
)
SELECT money_id AS subject,
       account_id,
       customer_id,
       granted                               AS credits_granted,
       reversed                              AS credits_reversed,
       kept                                  AS credits_kept,
       CAST(floor(excess) AS DECIMAL(38, 9)) AS excess,
       amount,
       returned                              AS amount_returned,
       under_way                             AS amount_under_way,
       currency,
       last_at
FROM judged
WHERE excess >= rounding
  AND last_at >= $period_start
  AND last_at < $settled_before
""",
    message="{credits_reversed} credits of {subject} were taken back from {account_id}: {excess} more than the refund.",
    optional=(
        "ledger_entry.stripe_event_id",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
    ),
    impact=credits_at_risk("excess"),
    cases=(
        Case(name="refunded and taken back", given=(_PAID, _GRANT, _refund(2900), _entry(2, -1000))),
        Case(
            name="field failure 8: two partial refunds, the second taken back with the cumulative amount",
            given=(_PAID, _GRANT, _refund(725), _refund(725, number=2), _entry(2, -250), _entry(3, -500)),
            fires=("pi_1",),
            severities={"pi_1": Severity.WARNING},
            evidence={"pi_1": {"excess": Decimal(250), "credits_reversed": Decimal(750), "amount_returned": 1450}},
        ),
        Case(
            name="two partial refunds, each taken back in proportion",
            given=(_PAID, _GRANT, _refund(725), _refund(725, number=2), _entry(2, -250), _entry(3, -250)),
        ),
        Case(
            name="field failure 37: taken back when the dispute opened, not reinstated when it was won",
            given=(_PAID, _GRANT, _dispute(DisputeStatus.WON), _entry(2, -1000)),
            fires=("pi_1",),
            evidence={"pi_1": {"excess": Decimal(1000), "amount_returned": 0}},
        ),
        Case(
            name="reinstated when the dispute was won",
            given=(_PAID, _GRANT, _dispute(DisputeStatus.WON), _entry(2, -1000), _entry(3, 1000)),
        ),
        Case(
            name="reinstated by an adjustment, and by another purchase entry",
            given=(
                _PAID,
                _GRANT,
                _dispute(DisputeStatus.WON),
                _entry(2, -1000),
                _entry(3, 400, kind=EntryKind.ADJUSTMENT),
                _entry(4, 600, kind=EntryKind.PURCHASE),
            ),
        ),
        *(
            Case(
                name=f"taken back while the dispute is {status}",
                given=(_PAID, _GRANT, _dispute(status), _entry(2, -1000)),
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
            given=(_PAID, _GRANT, _dispute(DisputeStatus.WARNING_CLOSED), _entry(2, -1000)),
            fires=("pi_1",),
        ),
        Case(
            name="the refund is on its way",
            given=(_PAID, _GRANT, _refund(2900, status=RefundStatus.PENDING), _entry(2, -1000)),
        ),
        Case(
            name="the refund failed, and the credits stayed away",
            given=(_PAID, _GRANT, _refund(2900, status=RefundStatus.FAILED), _entry(2, -1000)),
            fires=("pi_1",),
        ),
        Case(
            name="a third refunded: less than a credit is rounding",
            given=(_PAID, _GRANT, _refund(967), _entry(2, -334)),
        ),
        Case(
            name="half refunded, a fraction less than a credit too much taken back",
            given=(_PAID, _GRANT, _refund(1450), _entry(2, "-500.9")),
        ),
        Case(
            name="three partial refunds, each rounded to a whole credit",
            given=(
                _PAID,
                _GRANT,
                *(_refund(100, number=number) for number in (1, 2, 3)),  # each is 34.48 credits
                *(_entry(1 + number, -35) for number in (1, 2, 3)),
            ),
        ),
        Case(
            name="three partial refunds, and three credits too much taken back",
            given=(
                _PAID,
                _GRANT,
                *(_refund(100, number=number) for number in (1, 2, 3)),
                *(_entry(1 + number, -36) for number in (1, 2, 3)),
            ),
            fires=("pi_1",),
        ),
        Case(
            name="half refunded, a credit too much taken back",
            given=(_PAID, _GRANT, _refund(1450), _entry(2, -501)),
            fires=("pi_1",),
            evidence={"pi_1": {"excess": Decimal(1)}},
        ),
        Case(
            name="taken back without any refund",
            given=(_PAID, _GRANT, _entry(2, -1000)),
            fires=("pi_1",),
        ),
        Case(
            name="a duplicate grant was taken back",
            given=(_PAID, _GRANT, _entry(2, 1000, kind=EntryKind.PURCHASE), _entry(3, -1000)),
        ),
        Case(
            name="grant, refund, and re-grant on one payment intent",
            given=(_PAID, _GRANT, _entry(2, -1000), _entry(3, 1000, kind=EntryKind.PURCHASE)),
        ),
        Case(
            name="the promotional extra was taken back as well",
            given=(
                _PAID,
                _GRANT,
                _entry(2, 100, kind=EntryKind.PROMOTIONAL_GRANT, created_at=_BOUGHT),
                _refund(2900),
                _entry(3, -1100),
            ),
        ),
        Case(
            name="a manual adjustment is somebody's decision",
            given=(_PAID, _GRANT, _entry(2, -1000, kind=EntryKind.ADJUSTMENT)),
        ),
        Case(
            name="credits of the invoice that expired, or were used, were not taken back",
            given=(
                _PAID,
                _GRANT,
                _entry(2, -500, kind=EntryKind.EXPIRY),
                _entry(3, -500, kind=EntryKind.USAGE),
            ),
        ),
        Case(
            name="a credit note covers what was taken back",
            given=(
                StripeInvoice(invoice_id="in_1", credited=1450),
                _entry(1, 1000, kind=EntryKind.SUBSCRIPTION_GRANT, payment=None, invoice="in_1"),
                _entry(2, -500, payment=None, invoice="in_1"),
            ),
        ),
        Case(
            name="an invoice that a customer balance paid in part: the money is refunded, all is taken back",
            given=(
                StripeInvoice(invoice_id="in_1", total=2900, amount_paid=1900),
                StripeInvoicePayment(invoice_payment_id="ip_1"),
                _entry(1, 1000, kind=EntryKind.SUBSCRIPTION_GRANT, payment=None, invoice="in_1"),
                _refund(1900),
                _entry(2, -1000),
            ),
        ),
        Case(
            name="one of twelve monthly grants was taken back",
            given=(
                StripeInvoice(invoice_id="in_1", total=29000, amount_paid=29000),
                *(
                    _entry(n, 1000, kind=EntryKind.SUBSCRIPTION_GRANT, payment=None, invoice="in_1")
                    for n in range(1, 4)
                ),
                _entry(9, -1000, payment=None, invoice="in_1"),
            ),
        ),
        Case(
            name="the payment failed, and the credits were taken back",
            given=(
                StripePaymentIntent(payment_intent_id="pi_1", status=PaymentStatus.REQUIRES_PAYMENT_METHOD),
                _GRANT,
                _entry(2, -1000),
            ),
        ),
        Case(
            name="what was granted is not known to belong to the payment",
            given=(_PAID, _entry(1, 1000, kind=EntryKind.PURCHASE, payment=None), _entry(2, -1000)),
        ),
        Case(
            name="the reinstatement is pending",
            given=(_PAID, _GRANT, _dispute(DisputeStatus.WON), _entry(2, -1000), _entry(3, 1000, posted=False)),
        ),
        Case(
            name="the dispute was won a minute ago, as its event says",
            given=(
                _PAID,
                _GRANT,
                _dispute(DisputeStatus.WON),
                _entry(2, -1000),
                StripeEvent(
                    event_id="evt_1", type="charge.dispute.closed", object_id="dp_1", created_at=ago(minutes=1)
                ),
            ),
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(_PAID, _GRANT, _entry(2, -1000, created_at=ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(_PAID, _GRANT, _entry(2, -1000, created_at=ago(minutes=15, seconds=1))),
            fires=("pi_1",),
        ),
        Case(
            name="on the first moment of the period",
            given=(
                _PAID,
                _entry(1, 1000, kind=EntryKind.PURCHASE, created_at=ago(days=50)),
                _entry(2, -1000, created_at=ago(days=45)),
            ),
            fires=("pi_1",),
        ),
        Case(
            name="before the period",
            given=(
                _PAID,
                _entry(1, 1000, kind=EntryKind.PURCHASE, created_at=ago(days=50)),
                _entry(2, -1000, created_at=ago(days=45, seconds=1)),
            ),
        ),
    ),
)
