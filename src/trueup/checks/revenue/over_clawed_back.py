"""The credits taken back for a payment are in proportion to what was refunded or lost of it, and no more."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import LATELY, entry, refund
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity
from trueup.model.stripe_objects import DisputeStatus, StripeDispute, StripePaymentIntent

_BOUGHT = ago(days=20)
_PAID = StripePaymentIntent(payment_intent_id="pi_1", amount=2900, amount_received=2900, created_at=_BOUGHT)


_entry = partial(entry, kind=EntryKind.CLAWBACK, payment="pi_1")


def _dispute(status: DisputeStatus) -> StripeDispute:
    return StripeDispute(dispute_id="dp_1", amount=2900, status=status, created_at=LATELY)


_GRANT = _entry(1, amount=1000, kind=EntryKind.PURCHASE, created_at=_BOUGHT)


CHECK = Check(
    id="over-clawed-back",
    area=Area.REVENUE,
    severity=Severity.WARNING,
    title="More credits taken back than money",
    why="The customer paid for credits that were taken away. The next thing that arrives is a dispute, and the "
    "customer wins it.",
    population="""
SELECT count(*) FROM money_credit WHERE granted > 0 AND reversed > 0 AND last_entry_at >= $period_start
""",
    # The largest single grant is the measure, so that taking back a duplicate is not too much. The credits for a refund
    # or a dispute that is still under way may already have been taken back, and so may those that a credit note covers.
    # Less than one credit for each of them is rounding. Tax and fees may stay with the seller: what is refunded counts
    # of the amount before them, and a refund of all but a tenth is a whole one.
    violations="""
WITH reversal AS (
    SELECT m.money_id, c.account_id, m.customer_id, m.amount, m.currency, c.granted, c.reversed, c.largest_grant,
           c.granted + c.extra + c.reinstated + c.adjusted_up - c.reversed                  AS kept,
           coalesce(b.returned, 0)                                                          AS returned,
           coalesce(b.under_way, 0)                                                         AS under_way,
           coalesce(b.returned, 0) + coalesce(b.under_way, 0) + m.credited                  AS accounted,
           least(m.charged, coalesce(d.amount, m.charged))                                  AS price,
           greatest(1, coalesce(b.movements, 0))                                            AS rounding,
           greatest(c.last_entry_at, coalesce(b.last_moved_at, c.last_entry_at))            AS last_at
    FROM money_credit AS c
    JOIN stripe_money AS m    ON m.money_id = c.money_id
    LEFT JOIN money_back AS b ON b.money_id = c.money_id
    LEFT JOIN direct_purchase AS d ON d.money_id = c.money_id
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
           round(CASE WHEN 10 * r.accounted >= 9 * r.price THEN 0
                      ELSE CAST(r.largest_grant AS DOUBLE) * (r.price - r.accounted) / r.price END
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
        Case(name="refunded and taken back", given=(_PAID, _GRANT, refund(2900), _entry(2, amount=-1000))),
        Case(
            name="field failure 8: two partial refunds, the second taken back with the cumulative amount",
            given=(_PAID, _GRANT, refund(725), refund(725, number=2), _entry(2, amount=-250), _entry(3, amount=-500)),
            fires=("pi_1",),
            severities={"pi_1": Severity.WARNING},
            evidence={"pi_1": {"excess": Decimal(250), "credits_reversed": Decimal(750), "amount_returned": 1450}},
        ),
        Case(
            name="two partial refunds, each taken back in proportion",
            given=(_PAID, _GRANT, refund(725), refund(725, number=2), _entry(2, amount=-250), _entry(3, amount=-250)),
        ),
        Case(
            name="field failure 37: taken back when the dispute opened, not reinstated when it was won",
            given=(_PAID, _GRANT, _dispute(DisputeStatus.WON), _entry(2, amount=-1000)),
            fires=("pi_1",),
            evidence={"pi_1": {"excess": Decimal(1000), "amount_returned": 0}},
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(_PAID, _GRANT, _entry(2, amount=-1000, created_at=ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(_PAID, _GRANT, _entry(2, amount=-1000, created_at=ago(minutes=15, seconds=1))),
            fires=("pi_1",),
        ),
    ),
)
