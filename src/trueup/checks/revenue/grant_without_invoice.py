"""Each subscription grant names the invoice that backs it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.derived.derivation import READ_FOR_OWED
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity

_grant = partial(entry, kind=EntryKind.SUBSCRIPTION_GRANT, amount=1000)


CHECK = Check(
    id="grant-without-invoice",
    area=Area.REVENUE,
    severity=Severity.WARNING,
    revenue_impacting=True,
    title="Subscription credits without an invoice",
    why="Nothing shows that the period behind these credits was paid for, and nothing will stop the same period from "
    "being granted again: an invoice is granted once only if the grant names it.",
    population="""
SELECT count(*)
FROM ledger_entry
WHERE kind = 'subscription_grant' AND posted AND created_at >= $period_start AND created_at < $settled_before
""",
    violations="""
WITH uninvoiced AS (
    SELECT entry_id, account_id, amount, created_at, stripe_event_id
    FROM ledger_entry
    WHERE kind = 'subscription_grant'
      AND posted
      AND amount > 0
      AND stripe_invoice_id IS NULL
      AND coalesce(stripe_payment_intent_id, stripe_charge_id, stripe_checkout_session_id) IS NULL
      AND stripe_subscription_id IS NULL         -- its invoice is the one of the period
      AND created_at >= $period_start
      AND created_at < $settled_before
),
first_grant AS (                       -- often written from the checkout, before its invoice is known
    SELECT account_id, arg_min(entry_id, (coalesce(sequence, -1), created_at, entry_id)) AS entry_id
    FROM ledger_entry
    WHERE kind = 'subscription_grant' AND posted AND amount > 0
      AND account_id IN (SELECT account_id FROM uninvoiced)
    GROUP BY account_id
)
SELECT u.entry_id AS subject,
       u.account_id,
       u.amount,
       u.created_at,
       u.stripe_event_id
FROM uninvoiced AS u
LEFT JOIN first_grant AS f ON f.account_id = u.account_id AND f.entry_id = u.entry_id
LEFT JOIN account AS a     ON a.account_id = u.account_id
LEFT JOIN plan_allowance AS free ON free.plan = a.plan AND NOT free.paid AND free.credits >= u.amount
WHERE (f.entry_id IS NULL OR u.stripe_event_id IS NULL)
  AND free.plan IS NULL                          -- what an unpaid plan gives by itself has no invoice
  AND u.entry_id NOT IN (                        -- a month of a year that was paid at once
      SELECT entry_id FROM dripped_grant WHERE sum_so_far <= most_by_now
  )
""",
    message="Entry {subject} gave {account_id} {amount} subscription credits, but names no invoice.",
    optional=(*READ_FOR_OWED, "ledger_entry.balance_after"),
    impact=credits_at_risk("amount"),
    cases=(
        Case(
            name="a grant with its invoice",
            given=(_grant(1, ago(days=3), invoice="in_1", event="evt_1"),),
        ),
        Case(
            name="a grant without anything behind it",
            given=(_grant(1, ago(days=3)),),
            fires=("1",),
            evidence={"1": {"account_id": "user_1", "amount": Decimal(1000)}},
        ),
        Case(
            name="first grant written from checkout, by its session",
            given=(_grant(1, ago(days=3), checkout="cs_1"),),
        ),
        Case(
            name="a renewal with an event and no invoice",
            given=(_grant(1, ago(days=33), invoice="in_1", event="evt_1"), _grant(2, ago(days=3), event="evt_2")),
            fires=("2",),
        ),
        Case(
            name="settled for exactly the settle time",
            given=(_grant(1, ago(minutes=15)),),
        ),
        Case(
            name="a second past the settle time",
            given=(_grant(1, ago(minutes=15, seconds=1)),),
            fires=("1",),
        ),
    ),
)
