"""Subscription credits go only to accounts that were on a paid plan when they were granted."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.derived.account_time import PAYING
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, EntryKind, Plan, PlanChange
from trueup.model.severity import Severity

_PLANS = (Plan(plan="FREE", rank=0), Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000)))
_FREE_ACCOUNT = Account(account_id="user_1", plan="FREE", created_at=ago(days=200))


_grant = partial(entry, invoice="in_{}", kind=EntryKind.SUBSCRIPTION_GRANT, amount=1000)


def _change(from_plan: str | None, to_plan: str, changed_at: datetime) -> PlanChange:
    return PlanChange(account_id="user_1", from_plan=from_plan, to_plan=to_plan, changed_at=changed_at)


CHECK = Check(
    id="free-with-subscription-grant",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Subscription credits granted to an account on a free plan",
    why="Either the account gets subscription credits without paying, or a customer pays for a plan that was taken "
    "away: credits are lost in the first case, the customer in the second.",
    optional=(*PAYING, "ledger_entry.stripe_event_id", "ledger_entry.stripe_invoice_id"),
    population="""
SELECT count(*)
FROM account AS a
JOIN plan AS p ON p.plan = a.plan
WHERE a.active AND NOT p.paid
""",
    violations="""
WITH received AS (                     -- this period's grants to accounts that are on an unpaid plan today
    SELECT e.account_id, a.plan, e.entry_id, e.amount, e.created_at, bill.invoice_id IS NOT NULL AS is_paid_for
    FROM ledger_entry AS e
    JOIN account AS a           ON a.account_id = e.account_id
    JOIN plan AS p              ON p.plan = a.plan
    LEFT JOIN paid_seat AS seat ON seat.account_id = e.account_id
    LEFT JOIN plan_allowance AS allowance ON allowance.plan = a.plan AND allowance.credits >= e.amount
    LEFT JOIN stripe_event AS listed ON listed.event_id = e.stripe_event_id
    LEFT JOIN stripe_invoice AS bill ON bill.invoice_id = coalesce(e.stripe_invoice_id, listed.invoice_id)
                                    AND bill.status = 'paid' AND bill.livemode = $livemode
    WHERE e.kind = 'subscription_grant'
      AND e.posted
      AND e.amount > 0
      AND e.created_at >= $period_start
      AND e.created_at < $settled_before
      AND a.active
      AND NOT p.paid
      AND seat.account_id IS NULL
      AND allowance.plan IS NULL
),
paid_for AS (                          -- grants in a time that was paid for then, or was a trial
    SELECT DISTINCT r.entry_id
    FROM received AS r
    JOIN account_time AS t ON t.account_id = r.account_id
    JOIN plan AS p         ON p.plan = t.plan AND p.paid
    WHERE t.span IN ('paid', 'returned', 'trial', 'grace', 'lifetime')
      AND date_diff('second', r.created_at, t.starts_at) <= $settle_seconds
      AND (t.ends_at IS NULL OR t.ends_at > r.created_at)
),
judged AS (
    SELECT r.account_id, r.plan, r.entry_id, r.amount, r.created_at,
           r.is_paid_for OR then_paid.entry_id IS NOT NULL AS is_paid_for,
           arg_max(m.reached_paid, CASE WHEN m.changed_at <= r.created_at THEN (m.changed_at, m.reached_paid) END)
               AS paid_by_the_change_before,
           arg_min(m.left_paid, CASE WHEN m.changed_at > r.created_at THEN (m.changed_at, m.reached_paid) END)
               AS paid_by_the_change_after,
           max(CASE WHEN m.changed_at > r.created_at
                     AND date_diff('second', r.created_at, m.changed_at) <= $settle_seconds
                     AND m.reached_paid THEN 1 ELSE 0 END)
               AS paid_moments_later
    FROM received AS r
    LEFT JOIN plan_move AS m        ON m.account_id = r.account_id
    LEFT JOIN paid_for AS then_paid ON then_paid.entry_id = r.entry_id
    GROUP BY r.account_id, r.plan, r.entry_id, r.amount, r.created_at, r.is_paid_for, then_paid.entry_id
)
SELECT account_id      AS subject,
       account_id,
       plan,
       count(*)        AS grants,
       sum(amount)     AS granted_credits,
       min(created_at) AS first_granted_at,
       max(created_at) AS last_granted_at,
       arg_max(entry_id, (created_at, entry_id)) AS last_entry_id
FROM judged
WHERE NOT coalesce(paid_by_the_change_before, FALSE)
  AND NOT coalesce(paid_by_the_change_after, FALSE)
  AND paid_moments_later = 0
  AND NOT (is_paid_for AND paid_by_the_change_before IS NULL AND paid_by_the_change_after IS NULL)   -- no history
GROUP BY account_id, plan
""",
    message="{subject} is on {plan} and was granted {granted_credits} subscription credits, last at {last_granted_at}.",
    impact=credits_at_risk("granted_credits"),
    cases=(
        Case(
            name="a free account that is granted subscription credits",
            given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(days=20)), _grant(2, ago(days=10), amount=500)),
            fires=("user_1",),
            evidence={"user_1": {"grants": 2, "granted_credits": Decimal(1500), "last_granted_at": ago(days=10)}},
        ),
        Case(
            name="a paid account that is granted subscription credits",
            given=(*_PLANS, Account(account_id="user_1", plan="PRO"), _grant(1, ago(days=20))),
        ),
        Case(
            name="FREE now, PRO when the grant was written",
            given=(
                *_PLANS,
                _FREE_ACCOUNT,
                _change("FREE", "PRO", ago(days=60)),
                _grant(1, ago(days=20)),
                _change("PRO", "FREE", ago(days=5)),
            ),
        ),
        Case(
            name="granted after it had gone back to FREE",
            given=(*_PLANS, _FREE_ACCOUNT, _change("PRO", "FREE", ago(days=30)), _grant(1, ago(days=20))),
            fires=("user_1",),
        ),
        Case(
            name="grant as long before the plan as things may take to settle",
            given=(
                *_PLANS,
                _FREE_ACCOUNT,
                _grant(1, ago(days=20, minutes=15)),
                _change("FREE", "PRO", ago(days=20)),
                _change("PRO", "FREE", ago(days=2)),
            ),
        ),
        Case(
            name="grant a second longer before the plan than things may take to settle",
            given=(
                *_PLANS,
                _FREE_ACCOUNT,
                _grant(1, ago(days=20, minutes=15, seconds=1)),
                _change("FREE", "PRO", ago(days=20)),
                _change("PRO", "FREE", ago(days=2)),
            ),
            fires=("user_1",),
        ),
    ),
)
