"""Each paid invoice for a plan with credits, and each paid purchase of credits, is credited."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry, invoice_line, paid_invoice
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, EntryKind, LedgerEntry, Plan, PlanPrice, Row
from trueup.model.severity import Severity

_PLANS: tuple[Row, ...] = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000)),
    PlanPrice(price_id="price_pro", plan="PRO"),
)
_ACCOUNT = Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1")
_BEGAN = LedgerEntry(entry_id=900, account_id="user_9", kind=EntryKind.USAGE, created_at=ago(days=700))
_GIVEN: tuple[Row, ...] = (*_PLANS, _ACCOUNT, _BEGAN)


_invoice = partial(paid_invoice, subscription="sub_1")


_grant = partial(entry, kind=EntryKind.SUBSCRIPTION_GRANT, amount=1000)


CHECK = Check(
    id="missing-grant",
    area=Area.REVENUE,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="Paid for credits and never received them",
    why="The customer paid and got nothing. Support hears of it first, a dispute comes next, and the cause of this "
    "loss probably loses other grants too.",
    population="""
SELECT (SELECT count(*) FROM stripe_invoice WHERE status = 'paid' AND livemode = $livemode AND created_at >= $period_start)
     + (SELECT count(*) FROM lone_payment WHERE state = 'paid' AND livemode = $livemode AND created_at >= $period_start)
""",
    # A payment from before the ledger's first entry owes nothing. A grant without a known reference, days after the
    # payment, may be the right one: then it is unknown.
    violations="""
WITH ledger AS (
    SELECT min(created_at) AS first_entry_at FROM ledger_entry
),
excused AS (
    SELECT money_id FROM filled_up
    UNION
    SELECT money_id FROM dripped_credit
    UNION
    SELECT money_id FROM unplaced_grant
)
SELECT u.money_id AS subject,
       a.account_id,
       u.customer_id,
       u.plan,
       u.price_name,
       u.rule,
       u.known_by,
       u.likeness        AS guessed_by,
       u.of_them         AS alike,
       u.alike_credited,
       u.least_credits   AS credits_owed,
       u.amount,
       u.currency,
       u.paid_or_made_at AS paid_at,
       greatest(0, $resend_days - date_diff('second', u.paid_or_made_at, $now) // $day_seconds)
                         AS days_left                                 -- to send its event again
FROM uncredited_money AS u
CROSS JOIN ledger
JOIN account AS a         ON a.account_id = u.account_id
JOIN account_standing AS o ON o.account_id = u.account_id
LEFT JOIN money_back AS b ON b.money_id = u.money_id
WHERE u.worth_minor > u.credited           -- a full coupon takes no credits away
  AND coalesce(b.returned, 0) + coalesce(b.under_way, 0) < u.worth_minor
  AND u.livemode = $livemode
  AND NOT u.other_application
  AND u.created_at >= ledger.first_entry_at
  AND u.paid_or_made_at >= $period_start
  AND (u.paid_at < $settled_before        -- else a day, as long as a checkout may stay open
       OR u.paid_at IS NULL AND date_diff('second', u.created_at, $settled_before) > $day_seconds
          AND (NOT u.is_delayed OR u.created_at < $delayed_since))
  AND NOT o.is_closed
  AND NOT a.unlimited_credits
  AND u.money_id NOT IN (SELECT money_id FROM excused)
""",
    message="{account_id} paid {subject} at {paid_at}, but no entry gives the credits.",
    optional=(
        "plan",
        "ledger_entry.stripe_event_id",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
    ),
    impact=money_at_risk("amount", "currency"),
    cases=(
        Case(
            name="a paid invoice with its grant",
            given=(*_GIVEN, _invoice(), invoice_line(), _grant(invoice="in_1")),
        ),
        Case(
            name="field failure 16: thirty days have passed, and the event can no longer be sent again",
            given=(*_GIVEN, _invoice(ago(days=30)), invoice_line(start=ago(days=30))),
            fires=("in_1",),
            evidence={"in_1": {"days_left": 0}},
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(*_GIVEN, _invoice(ago(minutes=15)), invoice_line()),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(*_GIVEN, _invoice(ago(minutes=15, seconds=1)), invoice_line()),
            fires=("in_1",),
        ),
    ),
)
