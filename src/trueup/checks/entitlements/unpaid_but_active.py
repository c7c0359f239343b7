"""Each account on a paid plan has a subscription in Stripe that pays for it."""

from __future__ import annotations

import dataclasses

from trueup.derived.subscriptions import EXCUSING
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, Interval, Plan, PlanPrice
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    StripeCustomer,
    StripeReading,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

_SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, price_minor=2900, price_currency="usd"),
    PlanPrice(price_id="price_free", plan="FREE"),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_pro_yearly", plan="PRO", interval=Interval.YEAR),
)
_READ = StripeReading(relation="stripe_subscription")
_CUSTOMER = StripeCustomer(customer_id="cus_1", created_at=ago(days=90))
_ACCOUNT = Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1", created_at=ago(days=90))
_SERVED = (*_SOLD, _READ, _CUSTOMER, _ACCOUNT)
_LIVE = StripeSubscription(subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14))
_ITEM = StripeSubscriptionItem(item_id="si_1", product_id="prod_pro")
_ENDED = dataclasses.replace(
    _LIVE,
    status=SubscriptionStatus.CANCELED,
    current_period_start=ago(days=45),
    current_period_end=ago(days=14),
    ended_at=ago(days=14),
)
_LATE = dataclasses.replace(_LIVE, status=SubscriptionStatus.PAST_DUE)


def _with(subscription: StripeSubscription, **changes: object) -> tuple[StripeSubscription, StripeSubscriptionItem]:
    """The subscription so changed, and its one item."""
    return dataclasses.replace(subscription, **changes), _ITEM  # type: ignore[arg-type]


CHECK = Check(
    id="unpaid-but-active",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Paid plan without a live subscription",
    why="The account is still served although its plan is no longer paid for; each period is lost revenue, and "
    "nothing will end it by itself.",
    optional=(*EXCUSING, "stripe_invoice_line"),
    population="""
SELECT count(*)
FROM account AS a
JOIN plan AS p            ON p.plan = a.plan
JOIN stripe_customer AS c ON c.customer_id = a.stripe_customer_id
WHERE a.active
  AND p.paid
  AND EXISTS (SELECT 1 FROM stripe_reading AS r WHERE r.relation = 'stripe_subscription' AND r.complete_since IS NULL)
""",
    # A customer that is gone, or never existed, is a finding of its own; so is one of the other mode.
    violations="""
WITH excused AS (
    SELECT t.account_id
    FROM account_time AS t
    LEFT JOIN plan AS p ON p.plan = t.plan
    WHERE t.is_running AND (t.plan IS NULL OR p.paid)
    UNION ALL
    SELECT l.account_id
    FROM subscription_link AS l
    JOIN subscription_standing AS s     ON s.subscription_id = l.subscription_id
    LEFT JOIN taken_subscription AS not_its ON not_its.subscription_id = l.subscription_id
    WHERE NOT s.is_settled AND (l.strength = 1 OR not_its.subscription_id IS NULL)
    UNION ALL
    SELECT account_id FROM paid_seat
),
unpaid AS (
    SELECT a.account_id, a.email, a.plan, a.stripe_customer_id, p.price_minor, p.price_currency
    FROM account AS a
    JOIN account_standing AS o ON o.account_id = a.account_id AND o.is_settled AND NOT o.is_closed
    JOIN plan AS p            ON p.plan = a.plan
    JOIN stripe_customer AS c ON c.customer_id = a.stripe_customer_id
    WHERE p.paid
      AND a.role = 'user'
      AND NOT a.unlimited_credits
      AND NOT c.deleted
      AND c.livemode = $livemode
      AND NOT EXISTS (SELECT 1 FROM excused AS e WHERE e.account_id = a.account_id)
      AND EXISTS (SELECT 1 FROM stripe_reading AS r WHERE r.relation = 'stripe_subscription' AND r.complete_since IS NULL)
),
elsewhere AS (                         -- a live subscription of another customer with the same address
    SELECT u.account_id
    FROM unpaid AS u
    JOIN stripe_customer AS c       ON lower(c.email) = lower(u.email)
    JOIN subscription_standing AS s ON s.customer_id = c.customer_id
    WHERE s.served_as IS NOT NULL AND (s.plan IS NULL OR s.plan_paid)
),
latest AS (                            -- the account's last subscription
    SELECT u.account_id, arg_max(s.subscription_id, (s.created_at, s.subscription_id)) AS subscription_id
    FROM unpaid AS u
    JOIN subscription_link AS l     ON l.account_id = u.account_id
    JOIN subscription_standing AS s ON s.subscription_id = l.subscription_id
    GROUP BY u.account_id
)
SELECT u.account_id AS subject,
       u.account_id, u.plan, u.stripe_customer_id,
       s.subscription_id,
       coalesce(s.status, 'not there') AS subscription_status,
       s.ended_at, s.current_period_end,
       CASE WHEN s.status = 'past_due' THEN s.late_since END AS late_since,
       coalesce(s.is_given_up, FALSE) AS bill_given_up,
       CASE WHEN s.charged_currency IS NOT NULL THEN s.charged_minor ELSE u.price_minor END AS charged_minor,
       coalesce(s.charged_currency, u.price_currency) AS charged_currency
FROM unpaid AS u
LEFT JOIN latest                     ON latest.account_id = u.account_id
LEFT JOIN subscription_standing AS s ON s.subscription_id = latest.subscription_id
WHERE NOT EXISTS (SELECT 1 FROM elsewhere AS e WHERE e.account_id = u.account_id)
""",
    message="{subject} is served {plan}, but no subscription pays for it now; its last one: {subscription_id} "
    "({subscription_status}).",
    impact=money_at_risk("charged_minor", "charged_currency"),
    cases=(
        Case(name="a live subscription pays for it", given=(*_SERVED, _LIVE, _ITEM)),
        Case(
            name="cancelled, and served still",
            given=(*_SERVED, _ENDED, _ITEM),
            fires=("user_1",),
            severities={"user_1": Severity.ERROR},
            evidence={
                "user_1": {
                    "plan": "PRO",
                    "subscription_id": "sub_1",
                    "subscription_status": "canceled",
                    "ended_at": ago(days=14),
                    "charged_minor": 2900,
                    "charged_currency": "usd",
                }
            },
        ),
        Case(
            name="trial with no invoice",
            given=(*_SERVED, *_with(_LIVE, status=SubscriptionStatus.TRIALING, trial_end=ago(days=-7))),
        ),
        Case(
            name="cancelled at period end and still inside it",
            given=(*_SERVED, *_with(_LIVE, cancel_at_period_end=True, cancel_at=ago(days=-14))),
        ),
        Case(
            name="past due until the last moment of the grace",
            given=(*_SERVED, *_with(_LATE, current_period_start=ago(days=16))),
        ),
        Case(
            name="past due a second beyond the grace",
            given=(*_SERVED, *_with(_LATE, current_period_start=ago(days=16, seconds=1))),
            fires=("user_1",),
            evidence={"user_1": {"subscription_status": "past_due", "late_since": ago(days=16, seconds=1)}},
        ),
    ),
)
