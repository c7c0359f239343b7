"""Each customer who pays for a plan in Stripe is served that plan."""

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
_BLOCKED = Account(account_id="user_1", plan="FREE", stripe_customer_id="cus_1", created_at=ago(days=90))
_SERVED = dataclasses.replace(_BLOCKED, plan="PRO")
_PRO = StripeSubscription(
    subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14), latest_invoice_id="in_1"
)
_ITEM = StripeSubscriptionItem(item_id="si_1", product_id="prod_pro")
_PAID = (_PRO, _ITEM)
_LATE = dataclasses.replace(_PRO, status=SubscriptionStatus.PAST_DUE)


CHECK = Check(
    id="paid-but-blocked",
    area=Area.ENTITLEMENTS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="Paying customer is served a lower plan",
    why="A customer pays and is locked out of what was paid for. They ask for the money back, or dispute the charge, "
    "and whatever caused it is likely to be doing the same to others.",
    optional=(*EXCUSING, "stripe_customer", "ledger_entry"),
    population="""
SELECT count(DISTINCT a.account_id)
FROM account AS a
LEFT JOIN subscription_holder AS h   ON h.account_id = a.account_id
LEFT JOIN subscription_standing AS s ON s.subscription_id = h.subscription_id
LEFT JOIN owed_purchase AS o         ON o.account_id = a.account_id
WHERE a.active AND (s.is_owed OR o.account_id IS NOT NULL)
""",
    violations="""
WITH in_order AS (                     -- of the plans that an account is owed, the highest counts
    SELECT b.*,
           row_number() OVER (PARTITION BY b.account_id
                              ORDER BY coalesce(b.rank, -1) DESC, b.created_at DESC, b.paid_by) AS place
    FROM blocked_payer AS b
)
SELECT account_id AS subject,
       account_id, plan, paid_for, paid_by, subscription_id, status, current_period_end,
       customer_id, stripe_customer_id, unmapped_price_id,
       rivals AS accounts_of_customer,
       charged_minor, charged_currency
FROM in_order
WHERE place = 1
""",
    message="{subject} pays for {paid_for} ({paid_by} is {status}) but is served {plan}.",
    impact=money_at_risk("charged_minor", "charged_currency"),
    cases=(
        Case(name="served what is paid for", given=(*_SOLD, _SERVED, *_PAID)),
        Case(
            name="an active subscription and a free account",
            given=(*_SOLD, _BLOCKED, *_PAID),
            fires=("user_1",),
            severities={"user_1": Severity.CRITICAL},
            evidence={
                "user_1": {
                    "plan": "FREE",
                    "paid_for": "PRO",
                    "subscription_id": "sub_1",
                    "charged_minor": 2900,
                    "charged_currency": "usd",
                }
            },
        ),
        Case(
            name="past due until the last moment of the grace",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_LATE, current_period_start=ago(days=16)), _ITEM),
            fires=("user_1",),
        ),
        Case(
            name="past due beyond the grace is owed nothing",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_LATE, current_period_start=ago(days=16, seconds=1)), _ITEM),
        ),
    ),
)
