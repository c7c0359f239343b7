"""Each paid plan is renewed: an invoice backs new credits within its billing interval."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.checks.case_rows import entry
from trueup.derived.account_time import PAYING
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, EntryKind, Interval, LedgerEntry, Plan, PlanPrice
from trueup.model.severity import Severity

_PLANS = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000), price_minor=2000, price_currency="usd"),
)
_MONTHLY = PlanPrice(price_id="price_monthly", plan="PRO", interval=Interval.MONTH)
_YEARLY = PlanPrice(price_id="price_yearly", plan="PRO", interval=Interval.YEAR)
_CUSTOMER = Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1", created_at=ago(days=800))


def _renewal(
    created_at: datetime, *, entry_id: int = 1, invoice: str | None = "in_1", posted: bool = True
) -> LedgerEntry:
    kind = EntryKind.SUBSCRIPTION_GRANT
    return entry(entry_id, created_at, kind=kind, amount=1000, posted=posted, invoice=invoice)


CHECK = Check(
    id="stale-paid-plan",
    area=Area.ENTITLEMENTS,
    severity=Severity.WARNING,
    revenue_impacting=True,
    title="Paid plan without a recent renewal",
    why="Either the subscription has ended and the account is still served, or it was renewed and the customer never "
    "got the credits of the period that was paid for.",
    requires=(
        " or ".join(
            f"ledger_entry.stripe_{name}_id"
            for name in ("invoice", "payment_intent", "charge", "subscription", "event")
        ),
    ),
    optional=(*PAYING, *(f"ledger_entry.stripe_{name}_id" for name in ("payment_intent", "invoice", "event"))),
    population="""
SELECT count(*)
FROM account AS a
JOIN plan AS p ON p.plan = a.plan
WHERE a.active AND p.paid AND p.credits_per_period > 0 AND a.stripe_customer_id IS NOT NULL
""",
    violations="""
WITH longest_interval AS (             -- in days, of the prices that the config names for a plan
    SELECT p.plan, max(length.longest_days) AS interval_days
    FROM plan_price AS p
    JOIN billing_interval AS length ON length.interval = p.interval
    GROUP BY p.plan
),
billed AS (                            -- how Stripe bills the customer's live subscriptions
    SELECT s.customer_id,
           max(i.interval_count * length.longest_days)                        AS interval_days,
           max(CASE WHEN s.status = 'trialing' OR s.paused THEN 1 ELSE 0 END) AS is_free_now,
           min(s.created_at)                                                  AS subscribed_at
    FROM stripe_subscription AS s
    JOIN stripe_subscription_item AS i   ON i.subscription_id = s.subscription_id
    LEFT JOIN billing_interval AS length ON length.interval = coalesce(i.interval, 'month')
    WHERE s.status IN ('trialing', 'active', 'past_due') AND NOT i.metered
    GROUP BY s.customer_id
),
renewal AS (
    SELECT account_id, max(created_at) AS last_renewal_at
    FROM stripe_entry
    WHERE kind = 'subscription_grant' AND posted
    GROUP BY account_id
),
subscribed AS (                        -- when the account last came to a plan
    SELECT account_id, to_plan, max(changed_at) AS plan_since
    FROM plan_change
    GROUP BY account_id, to_plan
),
covered AS (
    SELECT a.account_id, a.plan, a.stripe_customer_id, r.last_renewal_at, s.plan_since,
           p.price_minor, p.price_currency,
           coalesce(b.interval_days, i.interval_days, 31) AS interval_days,
           coalesce(greatest(coalesce(r.last_renewal_at, s.plan_since, a.created_at),
                             coalesce(s.plan_since, r.last_renewal_at, a.created_at),
                             coalesce(b.subscribed_at, r.last_renewal_at, s.plan_since, a.created_at)), b.subscribed_at)
               AS covered_from
    FROM account AS a
    JOIN plan AS p                  ON p.plan = a.plan
    LEFT JOIN longest_interval AS i ON i.plan = a.plan
    LEFT JOIN billed AS b           ON b.customer_id = a.stripe_customer_id
    LEFT JOIN renewal AS r          ON r.account_id = a.account_id
    LEFT JOIN subscribed AS s       ON s.account_id = a.account_id AND s.to_plan = a.plan
    LEFT JOIN paid_seat AS seat     ON seat.account_id = a.account_id
    WHERE a.active AND p.paid AND p.credits_per_period > 0
      AND a.stripe_customer_id IS NOT NULL AND seat.account_id IS NULL
      AND coalesce(b.is_free_now, 0) = 0
)
SELECT account_id                             AS subject,
       account_id, plan, stripe_customer_id,
       last_renewal_at, plan_since, interval_days, covered_from,
       date_diff('day', covered_from, $now)   AS days_without_renewal,
       price_minor, price_currency
FROM covered
WHERE date_diff('second', covered_from, $now) > (interval_days + $past_due_grace_days) * $day_seconds
  AND NOT EXISTS (                     -- a time that is paid for still, and was credited then, or missing-grant's finding
    SELECT 1 FROM account_time AS t LEFT JOIN uncredited_money AS u ON u.money_id = t.source_id
    WHERE t.account_id = covered.account_id AND t.is_running
      AND (t.span = 'lifetime' OR t.span = 'paid' AND date_diff('second', last_renewal_at, t.starts_at) <= $settle_seconds
           OR t.span = 'paid' AND u.amount > u.credited AND u.paid_or_made_at >= $period_start)
  )
""",
    message="{subject} is on {plan}, billed every {interval_days:day} at most, and was not renewed for {days_without_renewal:day}.",
    impact=money_at_risk("price_minor", "price_currency"),
    cases=(
        Case(
            name="renewed this month",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=20))),
        ),
        Case(
            name="not renewed for three months",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=90))),
            fires=("user_1",),
            evidence={"user_1": {"interval_days": 31, "days_without_renewal": 90, "last_renewal_at": ago(days=90)}},
        ),
        Case(
            name="past due on day 10 of dunning",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=41))),
        ),
        Case(
            name="on the last moment of the grace",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=47))),
        ),
        Case(
            name="a second past the grace",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=47, seconds=1))),
            fires=("user_1",),
        ),
        Case(
            name="yearly plan on day 300",
            given=(*_PLANS, _YEARLY, _CUSTOMER, _renewal(ago(days=300))),
        ),
    ),
)
