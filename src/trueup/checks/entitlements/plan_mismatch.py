"""Each account on a paid plan is served the plan that its subscription's price means."""

from __future__ import annotations

import dataclasses

from trueup.derived.subscriptions import EXCUSING
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, Plan, PlanPrice
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeInvoice, StripeSubscription, StripeSubscriptionItem

_SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, price_minor=2900, price_currency="usd"),
    Plan(plan="PRO_OLD", rank=1, paid=True, price_minor=1900, price_currency="usd"),
    Plan(plan="TEAM", rank=2, paid=True, price_minor=9900, price_currency="usd"),
    PlanPrice(price_id="price_free", plan="FREE"),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_pro_old", plan="PRO_OLD"),
    PlanPrice(price_id="price_team", plan="TEAM"),
)
_TEAM = Account(account_id="user_1", plan="TEAM", stripe_customer_id="cus_1", created_at=ago(days=90))
_LIVE = StripeSubscription(subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14))
_ITEM = StripeSubscriptionItem(item_id="si_1", product_id="prod_pro")
_PAYS_PRO = (_LIVE, _ITEM)


CHECK = Check(
    id="plan-mismatch",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Served another paid plan than the one paid for",
    why="The account is served a plan that it does not pay for, or a price was renamed and the next renewal will put "
    "every such account on the wrong one.",
    optional=(*EXCUSING, "stripe_customer"),
    population="""
SELECT count(DISTINCT a.account_id)
FROM account AS a
JOIN plan AS mine                    ON mine.plan = a.plan
LEFT JOIN subscription_holder AS h   ON h.account_id = a.account_id
LEFT JOIN subscription_standing AS s ON s.subscription_id = h.subscription_id
LEFT JOIN owed_purchase AS o         ON o.account_id = a.account_id
WHERE a.active AND mine.paid AND (s.is_owed AND s.plan_paid OR o.account_id IS NOT NULL)
""",
    # Where the local plan is the lower one, the customer is blocked: that is paid-but-blocked.
    violations="""
WITH other_plan AS (
    SELECT a.account_id, a.plan, mine.rank AS rank_served, o.subscription_id, o.paid_by, o.customer_id, o.status,
           o.plan AS paid_for, o.rank AS rank_paid, o.current_period_end, o.charged_minor, o.charged_currency,
           row_number() OVER (PARTITION BY a.account_id ORDER BY o.rank DESC, o.created_at DESC, o.paid_by) AS place
    FROM owed_plan AS o
    JOIN account AS a           ON a.account_id = o.account_id
    JOIN account_standing AS mature ON mature.account_id = a.account_id AND mature.is_settled AND NOT mature.is_closed
    JOIN plan AS mine           ON mine.plan = a.plan
    WHERE o.plan <> a.plan
      AND a.role = 'user'
      AND NOT a.unlimited_credits
      AND mine.paid
),
excused AS (
    SELECT t.account_id                -- another span of its time explains the plan, or one for a plan that is not known
    FROM other_plan AS o
    JOIN account_time AS t ON t.account_id = o.account_id
    WHERE t.is_running AND coalesce(t.plan, o.plan) = o.plan
    UNION
    SELECT l.account_id                -- it comes to the plan at its next phase, or a change is on its way
    FROM other_plan AS o
    JOIN subscription_link AS l     ON l.account_id = o.account_id
    JOIN subscription_standing AS s ON s.subscription_id = l.subscription_id
    WHERE NOT s.is_settled OR (s.served_as IS NOT NULL AND coalesce(s.next_plan = o.plan OR s.plan IS NULL, FALSE))
    UNION
    SELECT account_id FROM paid_seat
)
SELECT account_id AS subject,
       account_id, plan, paid_for, paid_by, subscription_id, customer_id, status, current_period_end,
       charged_minor, charged_currency
FROM other_plan AS o
WHERE place = 1
  AND rank_served >= rank_paid
  AND NOT EXISTS (SELECT 1 FROM excused AS e WHERE e.account_id = o.account_id)
""",
    message="{subject} pays for {paid_for} ({paid_by}) but is served {plan}.",
    impact=money_at_risk("charged_minor", "charged_currency"),
    cases=(
        Case(name="served what is paid for", given=(*_SOLD, dataclasses.replace(_TEAM, plan="PRO"), *_PAYS_PRO)),
        Case(
            name="pays for PRO and is served TEAM",
            given=(*_SOLD, _TEAM, *_PAYS_PRO),
            fires=("user_1",),
            severities={"user_1": Severity.ERROR},
            evidence={"user_1": {"plan": "TEAM", "paid_for": "PRO", "subscription_id": "sub_1", "charged_minor": 2900}},
        ),
        Case(
            name="pays for another plan of the same rank",
            given=(
                *_SOLD,
                dataclasses.replace(_TEAM, plan="PRO_OLD"),
                dataclasses.replace(_LIVE, latest_invoice_id="in_1"),
                _ITEM,
                StripeInvoice(invoice_id="in_1", total=8_900, currency="kwd", created_at=ago(days=14)),
            ),
            fires=("user_1",),
            evidence={"user_1": {"charged_minor": 8_900, "charged_currency": "kwd"}},
        ),
        Case(
            name="a lower plan than the one paid for is another finding",
            given=(
                *_SOLD,
                dataclasses.replace(_TEAM, plan="PRO"),
                _LIVE,
                StripeSubscriptionItem(item_id="si_1", price_id="price_team"),
            ),
        ),
        Case(
            name="renewed to another price exactly as long ago as it takes to settle",
            given=(*_SOLD, _TEAM, dataclasses.replace(_LIVE, current_period_start=ago(minutes=15)), _ITEM),
        ),
        Case(
            name="renewed to another price a second longer ago",
            given=(*_SOLD, _TEAM, dataclasses.replace(_LIVE, current_period_start=ago(minutes=15, seconds=1)), _ITEM),
            fires=("user_1",),
        ),
    ),
)
