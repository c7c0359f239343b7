"""The credits of money that was refunded or lost in dispute are taken back, in proportion, as far as any are left."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import LATELY, entry, refund
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind, LedgerEntry
from trueup.model.severity import Severity
from trueup.model.stripe_objects import DisputeStatus, StripeDispute, StripePaymentIntent

_BOUGHT = ago(days=20)
_PAID = StripePaymentIntent(payment_intent_id="pi_1", amount=2900, amount_received=2900, created_at=_BOUGHT)


_entry = partial(entry, created_at=_BOUGHT, balance_after=1000, payment="pi_1")


def _dispute(status: DisputeStatus, *, created_at: datetime = LATELY) -> StripeDispute:
    return StripeDispute(dispute_id="dp_1", amount=2900, status=status, created_at=created_at)


_GRANT = _entry(1, amount=1000)


def _clawback(amount: int | str, *, entry_id: int = 3, balance_after: int | str = 5) -> LedgerEntry:
    when = ago(days=10, minutes=-1)
    return _entry(entry_id, amount=amount, kind=EntryKind.CLAWBACK, created_at=when, balance_after=balance_after)


CHECK = Check(
    id="refund-not-clawed-back",
    area=Area.REVENUE,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Refunded, and the credits were kept",
    why="The customer has the money and the credits. A customer who notices that a refund keeps the credits can get "
    "them for nothing, again and again.",
    population="""
SELECT count(*)
FROM money_back AS b
JOIN money_credit AS c ON c.money_id = b.money_id
WHERE b.returned > 0 AND c.granted > 0 AND b.last_returned_at >= $period_start
""",
    # A balance is not taken below the policy's floor: credits that were spent before the refund cannot be taken back.
    # Less than one credit for each refund is rounding. For an invoice that owes more than was granted so far, the
    # refund counts in proportion to what it owes.
    violations="""
WITH refunded AS (
    SELECT m.money_id, c.account_id, m.customer_id, m.amount, m.currency, c.granted,
           c.granted + c.reinstated - c.reversed - c.adjusted_down              AS kept,
           least(b.returned, m.amount)                                          AS returned,
           b.last_returned_at,
           greatest(1, b.movements)                                             AS rounding,
           CAST(greatest(c.granted, coalesce(o.most_credits, o.least_credits, 0)) AS DOUBLE) AS worth
    FROM money_back AS b
    JOIN stripe_money AS m      ON m.money_id = b.money_id
    JOIN money_credit AS c      ON c.money_id = b.money_id
    LEFT JOIN money_owed AS o   ON o.money_id = b.money_id
    WHERE m.state = 'paid'
      AND m.amount > 0 AND m.livemode = $livemode
      AND b.returned > 0 AND c.granted > 0
      AND b.last_returned_at >= $period_start AND b.last_returned_at < $settled_before
      AND c.account_id NOT IN (SELECT account_id FROM account_standing WHERE is_closed)   -- it cannot spend them
),
short AS (
    SELECT r.*, round(CAST(r.kept AS DOUBLE) - CAST(r.worth AS DOUBLE) * (r.amount - r.returned) / r.amount, 6) AS excess
    FROM refunded AS r
),
before_refund AS (
    SELECT s.money_id,
           arg_max(l.balance_after, (coalesce(l.sequence, -1), l.created_at, l.entry_id)) AS balance
    FROM short AS s
    JOIN ledger_entry AS l ON l.account_id = s.account_id
    WHERE s.excess >= s.rounding AND l.posted AND l.created_at <= s.last_returned_at
    GROUP BY s.money_id
),
since_refund AS (
    SELECT s.money_id,
           -sum(CASE WHEN l.created_at > s.last_returned_at THEN l.amount ELSE 0 END) AS taken,
           min(CASE WHEN l.amount <= 0 THEN l.balance_after END)                      AS lowest_balance
    FROM short AS s
    JOIN money_entry AS e  ON e.money_id = s.money_id
    JOIN ledger_entry AS l ON l.entry_id = e.entry_id
    WHERE s.excess >= s.rounding AND l.posted AND l.kind IN ('refund', 'clawback', 'adjustment')
    GROUP BY s.money_id
),
judged AS (
    SELECT s.*,
           least(s.excess, coalesce(CAST(p.balance - $balance_floor - coalesce(t.taken, 0) AS DOUBLE), s.excess))
               AS to_take_back
    FROM short AS s
    LEFT JOIN before_refund AS p ON p.money_id = s.money_id
    LEFT JOIN since_refund AS t  ON t.money_id = s.money_id
    WHERE s.excess >= s.rounding
      AND (t.lowest_balance IS NULL OR t.lowest_balance > $balance_floor)
)
SELECT money_id AS subject,
       account_id, customer_id,
       granted                                     AS credits_granted,
       kept                                        AS credits_kept,
       CAST(floor(to_take_back) AS DECIMAL(38, 9)) AS credits_to_take_back,
       amount,
       returned                                    AS amount_returned,
       currency, last_returned_at,
       CAST(least(returned, round(CAST(to_take_back AS DOUBLE) * amount / worth, 0)) AS BIGINT) AS amount_at_risk
FROM judged
WHERE to_take_back >= 1
""",
    message="{account_id} got {amount_returned} of {amount} ({currency}, minor units) of {subject} back and kept "
    "{credits_kept} of {credits_granted} credits: {credits_to_take_back} too many.",
    optional=(
        "plan",
        "ledger_entry.stripe_event_id",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
        "ledger_entry.balance_after",
    ),
    impact=money_at_risk("amount_at_risk", "currency"),
    cases=(
        Case(name="nothing was refunded", given=(_PAID, _GRANT)),
        Case(
            name="field failure 36: a refund without a clawback",
            given=(_PAID, _GRANT, refund()),
            fires=("pi_1",),
            severities={"pi_1": Severity.ERROR},
            evidence={
                "pi_1": {
                    "account_id": "user_1",
                    "credits_to_take_back": Decimal(1000),
                    "amount_returned": 2900,
                    "amount_at_risk": 2900,
                    "currency": "usd",
                }
            },
        ),
        Case(
            name="field failure 36: a chargeback without a clawback",
            given=(_PAID, _GRANT, _dispute(DisputeStatus.LOST)),
            fires=("pi_1",),
        ),
        Case(name="refunded and taken back", given=(_PAID, _GRANT, refund(), _clawback(-1000))),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(_PAID, _GRANT, refund(created_at=ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(_PAID, _GRANT, refund(created_at=ago(minutes=15, seconds=1))),
            fires=("pi_1",),
        ),
    ),
)
