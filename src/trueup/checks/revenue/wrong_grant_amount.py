"""Each plan's invoice is credited with exactly what the plan's period owes."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry, invoice_line, paid_invoice
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, EntryKind, Interval, Plan, PlanPrice, Row
from trueup.model.severity import Severity

_PLANS: tuple[Row, ...] = (
    Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000)),
    Plan(plan="TEAM", rank=2, paid=True, credits_per_period=Decimal(5000)),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_team", plan="TEAM"),
    PlanPrice(price_id="price_yearly", plan="PRO", interval=Interval.YEAR),
)
_GIVEN: tuple[Row, ...] = (*_PLANS, Account(account_id="user_1", stripe_customer_id="cus_1"))


_invoice = partial(paid_invoice, total=2000)


_line = partial(invoice_line, amount=2000)


_grant = partial(entry, kind=EntryKind.SUBSCRIPTION_GRANT, amount=1000, balance_after=99999, invoice="in_1")


CHECK = Check(
    id="wrong-grant-amount",
    area=Area.REVENUE,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Granted another amount than the plan's period owes",
    why="Too little, and the customer did not receive what was paid for; too much, and credits that cost money are "
    "given away with every renewal. One wrong number in a table of plans affects every customer on the plan.",
    population="""
SELECT count(*)
FROM stripe_money AS m
JOIN money_owed AS o          ON o.money_id = m.money_id
LEFT JOIN money_credit AS c   ON c.money_id = m.money_id
LEFT JOIN dripped_credit AS d ON d.money_id = m.money_id
WHERE m.state = 'paid' AND m.livemode = $livemode AND o.least_credits IS NOT NULL
  AND (c.grants > 0 OR d.credits > 0)
  AND (coalesce(m.paid_at, m.created_at) >= $period_start
           OR o.periods > 1 AND o.period_end >= $period_start)
""",
    # Several grants, none of which exceeds what is owed, are a repetition and another check's finding; so is no grant.
    # An app that fills the balance up to the allowance writes only what was missing: its balance then is what is owed.
    violations="""
WITH granted AS (
    SELECT m.money_id, coalesce(c.account_id, d.account_id) AS account_id, m.customer_id,
           o.plan, o.price_name, o.rule, o.known_by, coalesce(o.periods, 1) AS periods,
           CASE WHEN b.returned > 0    -- only the share that was kept is owed still
                THEN least(o.least_credits, CAST(floor(CAST(o.most_credits AS DOUBLE) * greatest(0, m.amount - b.returned)
                                                       / NULLIF(m.amount, 0)) AS DECIMAL(38, 9)))
                ELSE o.least_credits END                                              AS least_credits,
           o.most_credits, coalesce(c.grants, 0) AS grants, c.largest_grant, m.amount, m.currency,
           coalesce(m.paid_at, m.created_at)                                          AS paid_at,
           coalesce(c.granted + c.reinstated + c.adjusted_up, 0) + coalesce(d.credits, 0) AS given,
           c.granted + c.reinstated + c.adjusted_up - c.reversed - c.adjusted_down    AS kept,
           m.credited > 0 OR coalesce(c.pending_entries, 0) > 0                       AS may_be_less
    FROM stripe_money AS m
    JOIN money_owed AS o          ON o.money_id = m.money_id
    LEFT JOIN money_credit AS c   ON c.money_id = m.money_id
    LEFT JOIN dripped_credit AS d ON d.money_id = m.money_id
    LEFT JOIN money_back AS b     ON b.money_id = m.money_id
    WHERE m.state = 'paid'
      AND o.worth_minor > 0
      AND m.livemode = $livemode
      AND NOT m.other_application
      AND (c.grants > 0 OR d.credits > 0)
      AND coalesce(m.paid_at, m.created_at) < $settled_before
      AND coalesce(greatest(c.last_entry_at, d.last_dripped_at), c.last_entry_at, d.last_dripped_at) < $settled_before
      AND (coalesce(m.paid_at, m.created_at) >= $period_start
           OR o.periods > 1 AND o.period_end >= $period_start)
),
wrong AS (
    SELECT g.money_id, g.account_id, g.customer_id, g.plan, g.price_name, g.rule, g.known_by, g.periods, g.grants, g.amount, g.currency, g.paid_at,
           g.given AS credits_granted,
           CASE WHEN g.given < g.least_credits THEN g.least_credits ELSE g.most_credits END AS credits_owed,
           CASE WHEN g.given < g.least_credits THEN g.least_credits - g.given
                ELSE least(g.largest_grant, g.kept) - g.most_credits END                  AS difference
    FROM granted AS g
    WHERE g.given < g.least_credits AND NOT g.may_be_less
       OR g.largest_grant > g.most_credits AND g.kept > g.most_credits
)
SELECT w.money_id AS subject,
       w.account_id,
       w.customer_id,
       w.plan,
       w.price_name,
       w.rule,
       w.known_by,
       w.periods,
       w.grants,
       w.credits_granted,
       w.credits_owed,
       w.difference,
       w.amount,
       w.currency,
       CAST(round(CASE WHEN w.credits_owed > 0 THEN CAST(w.difference AS DOUBLE) * w.amount / w.credits_owed
                       ELSE w.amount END, 0) AS BIGINT) AS amount_at_risk,
       w.paid_at
FROM wrong AS w
JOIN account AS a          ON a.account_id = w.account_id
JOIN account_standing AS o ON o.account_id = w.account_id
WHERE NOT a.unlimited_credits
  AND NOT o.is_closed
  AND (w.credits_granted > w.credits_owed OR w.money_id NOT IN (SELECT money_id FROM filled_up))
""",
    message="{subject} granted {account_id} {credits_granted} credits, but it owes {credits_owed}.",
    optional=(
        "ledger_entry.stripe_event_id",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
        "ledger_entry.balance_after",
        "stripe_refund",
        "stripe_dispute",
        "stripe_event",
    ),
    impact=money_at_risk("amount_at_risk", "currency"),
    cases=(
        Case(name="what the plan owes", given=(*_GIVEN, _invoice(), _line(), _grant())),
        Case(
            name="field failure 39: a renewal granted nothing for a legacy tier",
            given=(*_GIVEN, _invoice(), _line(), _grant(amount=0)),
            fires=("in_1",),
            severities={"in_1": Severity.ERROR},
            evidence={
                "in_1": {
                    "account_id": "user_1",
                    "plan": "PRO",
                    "credits_granted": Decimal(0),
                    "credits_owed": Decimal(1000),
                    "amount_at_risk": 2000,
                    "currency": "usd",
                }
            },
        ),
        Case(
            name="a fraction too little",
            given=(*_GIVEN, _invoice(), _line(), _grant(amount="999.999999999")),
            fires=("in_1",),
        ),
        Case(
            name="no grant at all is another finding",
            given=(*_GIVEN, _invoice(), _line()),
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(*_GIVEN, _invoice(), _line(), _grant(amount=500, created_at=ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(*_GIVEN, _invoice(), _line(), _grant(amount=500, created_at=ago(minutes=15, seconds=1))),
            fires=("in_1",),
        ),
    ),
)
