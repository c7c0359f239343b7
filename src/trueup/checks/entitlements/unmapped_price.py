"""Each live subscription has a price that means a plan."""

from __future__ import annotations

import dataclasses

from trueup.derived.subscriptions import EXCUSING
from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import Account, Plan, PlanPrice
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeSubscription, StripeSubscriptionItem

_SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="pro_monthly", plan="PRO"),
)
_LIVE = StripeSubscription(subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14))
_NEW = StripeSubscriptionItem(item_id="si_1", price_id="price_of_2026", product_id="prod_pro")
_OLD = StripeSubscriptionItem(item_id="si_2", price_id="price_pro", product_id="prod_pro")

CHECK = Check(
    id="unmapped-price",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    title="Live subscription to a price that is in no plan",
    why="It is unknown what these customers paid for. An application with the same gap treats them as free customers, "
    "and locks them out when they renew.",
    optional=(*EXCUSING, "stripe_customer", "account"),
    population="""
SELECT count(DISTINCT i.price_id)
FROM subscription_standing AS s
JOIN bought_item AS i ON i.subscription_id = s.subscription_id
WHERE s.is_live AND i.is_ours AND NOT i.metered
""",
    # An item beside a mapped one is an add-on; a metered one bills usage and means no plan by itself. What the config
    # says of a price may be that it sells no plan.
    violations="""
SELECT i.price_id                      AS subject,
       i.price_id,
       max(i.lookup_key)               AS lookup_key,
       max(i.product_id)               AS product_id,
       count(DISTINCT s.subscription_id) AS subscriptions,
       min(s.subscription_id)          AS first_subscription_id,
       min(h.account_id)               AS first_account_id,
       max(s.created_at)               AS last_subscribed_at
FROM subscription_standing AS s
JOIN bought_item AS i              ON i.subscription_id = s.subscription_id
LEFT JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
WHERE s.is_live
  AND s.is_settled
  AND s.plan IS NULL
  AND coalesce(i.price_name, '') NOT IN (SELECT price_name FROM sold_price)
  AND i.is_ours
  AND NOT i.metered
GROUP BY i.price_id
""",
    message="{subject} is in no plan, but is the price of {subscriptions:live subscription}, for example {first_subscription_id}.",
    cases=(
        Case(name="every price means a plan", given=(*_SOLD, _LIVE, dataclasses.replace(_OLD, item_id="si_1"))),
        Case(
            name="field failure 17: a price that the config does not name",
            given=(*_SOLD, Account(account_id="user_1", stripe_customer_id="cus_1"), _LIVE, _NEW),
            fires=("price_of_2026",),
            severities={"price_of_2026": Severity.ERROR},
            evidence={
                "price_of_2026": {
                    "product_id": "prod_pro",
                    "subscriptions": 1,
                    "first_subscription_id": "sub_1",
                    "first_account_id": "user_1",
                }
            },
        ),
        Case(
            name="the price is named by its lookup key",
            given=(*_SOLD, _LIVE, dataclasses.replace(_NEW, lookup_key="pro_monthly")),
        ),
        Case(
            name="subscribed to exactly as long ago as it takes to settle",
            given=(
                *_SOLD,
                dataclasses.replace(_LIVE, created_at=ago(minutes=15), current_period_start=ago(minutes=15)),
                _NEW,
            ),
        ),
        Case(
            name="subscribed to a second longer ago",
            given=(
                *_SOLD,
                dataclasses.replace(
                    _LIVE, created_at=ago(minutes=15, seconds=1), current_period_start=ago(minutes=15, seconds=1)
                ),
                _NEW,
            ),
            fires=("price_of_2026",),
        ),
    ),
)
