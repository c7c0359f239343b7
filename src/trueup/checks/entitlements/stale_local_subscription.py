"""The app's own copy of a subscription says what Stripe says of it."""

from __future__ import annotations

import dataclasses

from trueup.derived.subscriptions import EXCUSING
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import LocalSubscription, Plan, PlanPrice
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeSubscription, StripeSubscriptionItem, SubscriptionStatus

_SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, price_minor=2900, price_currency="usd"),
    PlanPrice(price_id="price_pro", plan="PRO"),
)
_ITEM = StripeSubscriptionItem(item_id="si_1")
_RUNNING = StripeSubscription(
    subscription_id="sub_1",
    created_at=ago(days=60),
    current_period_start=ago(days=14),
    current_period_end=ago(days=-16),
)
_ENDED = dataclasses.replace(
    _RUNNING, status=SubscriptionStatus.CANCELED, canceled_at=ago(days=2), ended_at=ago(days=2)
)
_COPY = LocalSubscription(
    local_subscription_id="1",
    stripe_subscription_id="sub_1",
    status=SubscriptionStatus.ACTIVE,
    plan="PRO",
    current_period_end=ago(days=-16),
)


CHECK = Check(
    id="stale-local-subscription",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="The app's copy of a subscription is stale",
    why="The app decides by its copy: a subscription that ended is served, one that is paid is refused, or a change of "
    "plan, price or seats never arrives.",
    requires=(
        " or ".join(
            f"local_subscription.{column}"
            for column in ("status", "plan", "price_id", "current_period_start", "current_period_end", "seats")
        ),
    ),
    optional=(*EXCUSING, "plan"),
    population="""
SELECT count(DISTINCT l.stripe_subscription_id)
FROM local_subscription AS l
JOIN subscription_standing AS s ON s.subscription_id = l.stripe_subscription_id
""",
    # Each subscription is judged by itself, however many its account has. Where the app has several rows of one, it is
    # enough that one of them agrees. Of one that has ended only the status is compared.
    violations="""
WITH meaning AS (
    SELECT word.status, word.meaning
    FROM (VALUES ('active', 'served'), ('trialing', 'served'), ('past_due', 'late'), ('unpaid', 'unpaid'),
                 ('incomplete', 'begun'), ('paused', 'paused'), ('canceled', 'ended'), ('incomplete_expired', 'ended'))
         AS word(status, meaning)
),
item AS (   -- the copy beside what the subscription is to
    SELECT l.local_subscription_id, min(i.price_id) AS price_id, sum(i.quantity) AS seats,
           max(CASE WHEN i.price_id = l.price_id OR i.lookup_key = l.price_id THEN 1 ELSE 0 END) AS price_fits,
           max(CASE WHEN i.quantity = l.seats THEN 1 ELSE 0 END)                                 AS seats_fit
    FROM local_subscription AS l
    JOIN stripe_subscription_item AS i ON i.subscription_id = l.stripe_subscription_id
    WHERE NOT i.metered
    GROUP BY l.local_subscription_id
),
compared AS (
    SELECT l.local_subscription_id, l.stripe_subscription_id, l.account_id, l.status AS local_status, s.status,
           l.plan AS local_plan, s.plan, l.price_id AS local_price_id, i.price_id, l.seats AS local_seats, i.seats,
           l.current_period_start AS local_period_start, s.current_period_start,
           l.current_period_end AS local_period_end, s.current_period_end, s.charged_minor, s.charged_currency,
           (mine.meaning = 'served') <> (theirs.meaning = 'served') AS is_served_wrongly,
           coalesce(mine.meaning <> theirs.meaning, FALSE)
               AND NOT (mine.meaning = 'served' AND theirs.meaning = 'late' AND s.is_owed)    -- it is given time to pay
               AND NOT (mine.meaning = 'ended' AND s.ends_at IS NOT NULL)                    -- it was cancelled already
               AND NOT (mine.meaning = 'paused' AND NOT s.is_live)                        AS status_differs,
           s.is_live AND known.plan IS NOT NULL AND coalesce(l.plan <> s.plan, FALSE)     AS plan_differs,
           s.is_live AND l.price_id IS NOT NULL AND coalesce(i.price_fits = 0, FALSE)     AS price_differs,
           s.is_live AND coalesce(i.seats_fit = 0 AND i.seats <> l.seats, FALSE)          AS seats_differ,
           s.is_live AND s.status <> 'past_due'
               AND (coalesce(abs(date_diff('second', l.current_period_end, s.current_period_end)), 0) > $day_seconds
                    OR coalesce(abs(date_diff('second', l.current_period_start, s.current_period_start)), 0) > $day_seconds)
                                                                                          AS period_differs
    FROM local_subscription AS l
    JOIN subscription_standing AS s ON s.subscription_id = l.stripe_subscription_id
    LEFT JOIN meaning AS mine       ON mine.status = l.status
    LEFT JOIN meaning AS theirs     ON theirs.status = s.status
    LEFT JOIN plan AS known         ON known.plan = l.plan
    LEFT JOIN item AS i             ON i.local_subscription_id = l.local_subscription_id
    WHERE s.is_settled
),
judged AS (
    SELECT *,
           CASE WHEN status_differs THEN 'status'
                WHEN plan_differs   THEN 'plan'
                WHEN price_differs  THEN 'price'
                WHEN seats_differ   THEN 'seats'
                WHEN period_differs THEN 'period' END AS difference
    FROM compared
),
nearest AS (
    SELECT *, row_number() OVER (PARTITION BY stripe_subscription_id
                                 ORDER BY CASE WHEN difference IS NULL THEN 0 ELSE 1 END, local_subscription_id) AS place
    FROM judged
)
SELECT stripe_subscription_id AS subject,
       CASE WHEN difference <> 'status' OR NOT is_served_wrongly THEN 'warning' END AS severity,
       account_id, difference, local_status, status, local_plan, plan, local_price_id, price_id, local_seats, seats,
       local_period_start, current_period_start, local_period_end, current_period_end, charged_minor, charged_currency
FROM nearest
WHERE place = 1 AND difference IS NOT NULL
""",
    message="The app's copy of {subject} differs from Stripe's in its {difference}.",
    impact=money_at_risk("charged_minor", "charged_currency"),
    cases=(
        Case(name="the copy agrees", given=(*_SOLD, _RUNNING, _ITEM, _COPY)),
        Case(
            name="ended at Stripe, and active in the app",
            given=(*_SOLD, _ENDED, _ITEM, _COPY),
            fires=("sub_1",),
            severities={"sub_1": Severity.ERROR},
            evidence={"sub_1": {"difference": "status", "local_status": "active", "status": "canceled"}},
        ),
        Case(
            name="a trial that the app calls active",
            given=(*_SOLD, dataclasses.replace(_RUNNING, status=SubscriptionStatus.TRIALING), _ITEM, _COPY),
        ),
        Case(
            name="cancelled in the app, and runs to the end of its period",
            given=(
                *_SOLD,
                dataclasses.replace(_RUNNING, cancel_at_period_end=True, canceled_at=ago(days=2)),
                _ITEM,
                dataclasses.replace(_COPY, status=SubscriptionStatus.CANCELED),
            ),
        ),
        Case(
            name="periods that end a day apart",
            given=(*_SOLD, _RUNNING, _ITEM, dataclasses.replace(_COPY, current_period_end=ago(days=-15))),
        ),
        Case(
            name="a renewal that never arrived",
            given=(*_SOLD, _RUNNING, _ITEM, dataclasses.replace(_COPY, current_period_end=ago(days=-15, seconds=1))),
            fires=("sub_1",),
            severities={"sub_1": Severity.WARNING},
            evidence={"sub_1": {"difference": "period"}},
        ),
    ),
)
