"""Each account, and each customer without an account, pays for a plan once."""

from __future__ import annotations

import dataclasses

from trueup.derived.subscriptions import EXCUSING
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, Plan, PlanPrice
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeSubscription, StripeSubscriptionItem, SubscriptionStatus

_SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, price_minor=2900, price_currency="usd"),
    Plan(plan="TEAM", rank=2, paid=True, price_minor=9900, price_currency="usd"),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_team", plan="TEAM"),
)
_ACCOUNT = Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1", created_at=ago(days=90))
_FIRST = StripeSubscription(subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14))
_ITEM = StripeSubscriptionItem(item_id="si_1", product_id="prod_pro")
_ONE = (_FIRST, _ITEM)


def _another(
    number: int = 2, *, price: str = "price_pro", product: str = "prod_pro", **changes: object
) -> tuple[StripeSubscription, StripeSubscriptionItem]:
    """One more subscription of the same customer, with these differences."""
    subscription = dataclasses.replace(_FIRST, subscription_id=f"sub_{number}", created_at=ago(days=30))
    return (
        dataclasses.replace(subscription, **changes),  # type: ignore[arg-type]
        StripeSubscriptionItem(
            item_id=f"si_{number}", subscription_id=f"sub_{number}", price_id=price, product_id=product
        ),
    )


CHECK = Check(
    id="duplicate-subscription",
    area=Area.ENTITLEMENTS,
    severity=Severity.WARNING,
    revenue_impacting=True,
    title="More than one live subscription",
    why="The customer is charged twice for one plan, and when one of the subscriptions is cancelled, the application "
    "may take away what the other still pays for.",
    optional=(*EXCUSING, "stripe_customer"),
    population="""
SELECT count(DISTINCT coalesce(h.account_id, s.customer_id))
FROM subscription_standing AS s
LEFT JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
WHERE s.is_live
""",
    # An account can be on one plan, so every subscription to a plan is one of the same kind; others are distinguished
    # by their product. One that ends with its period is being replaced. Accounts that share a customer are another
    # finding. What costs nothing, as the free plan's, is no second charge beside it.
    violations="""
WITH renewing AS (
    SELECT coalesce(h.account_id, s.customer_id)                          AS payer,
           h.account_id,
           s.customer_id, s.subscription_id, s.plan, s.rank, s.created_at, s.charged_minor, s.charged_currency,
           CASE WHEN s.plan IS NOT NULL THEN 'plan' ELSE s.product_id END AS sold_as
    FROM subscription_standing AS s
    LEFT JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
    WHERE s.is_live
      AND s.is_settled
      AND NOT s.is_free
      AND (s.ends_at IS NULL OR s.ends_at > s.current_period_end)
      AND (h.rivals IS NULL OR h.rivals = 1)
      AND (s.plan IS NOT NULL OR s.product_id IS NOT NULL)
),
several AS (
    SELECT payer, sold_as
    FROM renewing
    GROUP BY payer, sold_as
    HAVING count(*) > 1
),
in_order AS (                          -- the one that is meant comes first
    SELECT r.*,
           row_number() OVER (PARTITION BY r.payer, r.sold_as
                              ORDER BY coalesce(r.rank, -1) DESC, r.created_at DESC, r.subscription_id) AS place
    FROM renewing AS r
    JOIN several AS s ON s.payer = r.payer AND s.sold_as = r.sold_as
)
SELECT payer                                                                    AS subject,
       max(account_id)                                                          AS account_id,
       count(*)                                                                 AS extra_subscriptions,
       min(subscription_id)                                                     AS first_extra_subscription_id,
       min(customer_id)                                                         AS first_customer_id,
       max(plan)                                                                AS plan,
       max(created_at)                                                          AS last_created_at,
       CASE WHEN count(DISTINCT charged_currency) = 1 THEN sum(charged_minor) END AS extra_minor,
       CASE WHEN count(DISTINCT charged_currency) = 1 THEN min(charged_currency) END AS extra_currency
FROM in_order
WHERE place > 1
GROUP BY payer
""",
    message="{subject} has {extra_subscriptions:live subscription} too many, for example {first_extra_subscription_id}.",
    impact=money_at_risk("extra_minor", "extra_currency"),
    cases=(
        Case(name="one live subscription", given=(*_SOLD, _ACCOUNT, *_ONE)),
        Case(
            name="two live subscriptions of one account",
            given=(*_SOLD, _ACCOUNT, *_ONE, *_another()),
            fires=("user_1",),
            severities={"user_1": Severity.WARNING},
            evidence={
                "user_1": {
                    "extra_subscriptions": 1,
                    "first_extra_subscription_id": "sub_1",
                    "extra_minor": 2900,
                    "extra_currency": "usd",
                }
            },
        ),
        Case(
            name="an upgrade by a new checkout that left the old subscription running",
            given=(*_SOLD, _ACCOUNT, *_ONE, *_another(price="price_team", product="prod_team")),
            fires=("user_1",),
            evidence={"user_1": {"first_extra_subscription_id": "sub_1", "extra_minor": 2900}},
        ),
        Case(
            name="several subscriptions of which one is live",
            given=(*_SOLD, _ACCOUNT, *_ONE, *_another(status=SubscriptionStatus.CANCELED, ended_at=ago(days=9))),
        ),
        Case(
            name="the second one is exactly as old as it takes to settle",
            given=(
                *_SOLD,
                _ACCOUNT,
                *_ONE,
                *_another(created_at=ago(minutes=15), current_period_start=ago(minutes=15)),
            ),
        ),
        Case(
            name="the second one is a second older",
            given=(
                *_SOLD,
                _ACCOUNT,
                *_ONE,
                *_another(created_at=ago(minutes=15, seconds=1), current_period_start=ago(minutes=15, seconds=1)),
            ),
            fires=("user_1",),
        ),
    ),
)
