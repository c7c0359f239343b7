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
    # An invoice owes credits when a plan says so. A payment does not say what it was for; it counts as a purchase of
    # credits if half of the payments of the same amount that came the same way were credited. A payment from before the
    # ledger's first entry owes nothing. A grant without a known reference, days after the payment, may be the right
    # one: then it is unknown.
    violations="""
WITH ledger AS (
    SELECT min(created_at) AS first_entry_at FROM ledger_entry
),
credited_payment AS (
    SELECT DISTINCT p.payment_intent_id
    FROM lone_payment AS p
    JOIN money_entry AS e ON e.money_id = p.payment_intent_id
    WHERE e.gives_credits
),
payment AS (
    SELECT p.payment_intent_id, p.through_checkout, p.customer_id, p.account_id, p.currency, p.amount,
           p.created_at, p.succeeded_at, p.delayed,
           CASE WHEN c.payment_intent_id IS NULL THEN 0 ELSE 1 END AS is_credited
    FROM lone_payment AS p
    CROSS JOIN ledger
    LEFT JOIN credited_payment AS c ON c.payment_intent_id = p.payment_intent_id
    WHERE p.state = 'paid'
      AND p.amount > 0
      AND p.livemode = $livemode
      AND (p.created_at >= ledger.first_entry_at OR c.payment_intent_id IS NOT NULL)
),
sold AS (
    SELECT through_checkout, currency, amount
    FROM payment
    GROUP BY through_checkout, currency, amount
    HAVING sum(is_credited) > 0 AND 2 * sum(is_credited) >= count(*)
),
uncredited AS (
    SELECT i.invoice_id AS money_id, i.customer_id, coalesce(i.account_id, s.account_id) AS account_id, i.currency,
           i.amount, i.paid_at, o.plan, o.least_credits AS credits_owed
    FROM uncredited_invoice AS i
    CROSS JOIN ledger
    JOIN uncredited_owed AS o          ON o.invoice_id = i.invoice_id
    LEFT JOIN stripe_subscription AS s ON s.subscription_id = i.subscription_id
    WHERE o.least_credits > 0
      AND i.livemode = $livemode
      AND NOT coalesce(s.other_application, FALSE)
      AND i.created_at >= ledger.first_entry_at
      AND i.paid_at >= $period_start
      AND i.paid_at < $settled_before
    UNION ALL
    SELECT p.payment_intent_id, p.customer_id, p.account_id, p.currency, p.amount,
           coalesce(p.succeeded_at, p.created_at), NULL, NULL
    FROM payment AS p
    JOIN sold AS s ON s.through_checkout = p.through_checkout AND s.currency = p.currency AND s.amount = p.amount
    WHERE p.is_credited = 0
      AND coalesce(p.succeeded_at, p.created_at) >= $period_start
      AND (p.succeeded_at < $settled_before        -- else a day, as long as a checkout may stay open
           OR p.succeeded_at IS NULL AND date_diff('second', p.created_at, $settled_before) > $day_seconds
              AND (NOT p.delayed OR p.created_at < $delayed_since))
),
owed AS (
    SELECT u.money_id, a.account_id, u.customer_id, u.plan, u.credits_owed, u.amount, u.currency, u.paid_at
    FROM uncredited AS u
    LEFT JOIN customer_account AS k ON k.customer_id = u.customer_id
    JOIN account AS a               ON a.account_id = coalesce(u.account_id, k.account_id)
    LEFT JOIN money_back AS b       ON b.money_id = u.money_id
    WHERE a.active
      AND NOT a.unlimited_credits
      AND coalesce(b.returned, 0) + coalesce(b.under_way, 0) < u.amount
),
nearby AS (                            -- grants that may be the right ones, unless they are for another payment
    SELECT o.money_id, e.money_id AS granted_money_id
    FROM owed AS o
    JOIN ledger_entry AS g     ON g.account_id = o.account_id
    LEFT JOIN money_entry AS e ON e.entry_id = g.entry_id
    WHERE g.kind IN ('purchase', 'subscription_grant')
      AND g.amount > 0
      AND date_diff('second', o.paid_at, g.created_at) BETWEEN -$day_seconds AND $same_period_seconds
),
unplaced AS (
    SELECT n.money_id
    FROM nearby AS n
    LEFT JOIN stripe_invoice AS i ON i.invoice_id = n.granted_money_id
    LEFT JOIN lone_payment AS p   ON p.payment_intent_id = n.granted_money_id
    WHERE i.invoice_id IS NULL AND p.payment_intent_id IS NULL
)
SELECT o.money_id AS subject,
       o.account_id,
       o.customer_id,
       o.plan,
       o.credits_owed,
       o.amount,
       o.currency,
       o.paid_at,
       greatest(0, $resend_days - date_diff('second', o.paid_at, $now) // $day_seconds) AS days_left   -- to send its event again
FROM owed AS o
WHERE o.money_id NOT IN (SELECT money_id FROM unplaced)
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
