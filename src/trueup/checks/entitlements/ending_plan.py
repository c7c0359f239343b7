"""No account is about to lose the plan it is on."""

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
    Plan(plan="TEAM", rank=2, paid=True),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_team", plan="TEAM"),
    PlanPrice(price_id="pro_monthly", plan="PRO"),
)
_ACCOUNT = Account(account_id="user_1", plan="TEAM", stripe_customer_id="cus_1", created_at=ago(days=90))
_LIVE = StripeSubscription(subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14))
_ITEM = StripeSubscriptionItem(item_id="si_1", price_id="price_team")
_END = _LIVE.current_period_end


def _going(**changes: object) -> tuple[StripeSubscription, StripeSubscriptionItem]:
    """The subscription to TEAM, with what is scheduled for it."""
    return dataclasses.replace(_LIVE, **changes), _ITEM  # type: ignore[arg-type]


CHECK = Check(
    id="ending-plan",
    area=Area.ENTITLEMENTS,
    severity=Severity.INFO,
    title="Plan is scheduled to end",
    why="The people who talk to this customer should know, and the application must take the plan away at that moment "
    "and not before; an application that has not heard of it will not.",
    requires=("stripe_subscription.next_phase_at",),
    optional=(*EXCUSING, "stripe_customer"),
    population="""
SELECT count(DISTINCT h.account_id)
FROM subscription_standing AS s
JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
WHERE s.is_owed AND s.plan_paid
""",
    # The account keeps the best of what its subscriptions will be. A price in no plan may mean any plan.
    violations="""
WITH scheduled AS (
    SELECT DISTINCT h.account_id
    FROM subscription_standing AS s
    JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
    WHERE s.is_owed AND (s.ends_at > $now OR s.next_phase_at > $now)
),
outlook AS (
    SELECT h.account_id, s.subscription_id, s.plan, s.rank, s.customer_id,
           coalesce(s.ends_at, s.next_phase_at) AS changes_at,
           CASE WHEN s.ends_at IS NOT NULL        THEN -1
                WHEN s.next_phase_at IS NOT NULL  THEN s.next_rank
                ELSE s.rank END                 AS rank_then,
           CASE WHEN s.ends_at IS NOT NULL        THEN NULL
                WHEN s.next_phase_at IS NOT NULL  THEN s.next_plan
                ELSE s.plan END                 AS plan_then
    FROM subscription_standing AS s
    JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
    JOIN scheduled AS c           ON c.account_id = h.account_id
    WHERE s.is_owed AND s.is_settled
),
account_outlook AS (
    SELECT account_id,
           max(rank)                                         AS rank_now,
           max(rank_then)                                    AS rank_then,
           arg_max(subscription_id, (rank, changes_at, subscription_id)) AS subscription_id,
           max(CASE WHEN plan IS NULL THEN 1 WHEN rank_then IS NULL THEN 1 ELSE 0 END) AS is_unknown,
           arg_max(plan_then, (rank_then, plan_then))        AS plan_then
    FROM outlook
    GROUP BY account_id
)
SELECT a.account_id AS subject,
       a.account_id, a.plan,
       o.plan                                  AS ending_plan,
       coalesce(t.plan_then, 'no paid plan')   AS plan_then,
       o.changes_at                            AS ends_at,
       o.subscription_id, o.customer_id
FROM account_outlook AS t
JOIN outlook AS o ON o.account_id = t.account_id AND o.subscription_id = t.subscription_id
JOIN account AS a ON a.account_id = t.account_id
JOIN plan AS p    ON p.plan = o.plan
WHERE a.active
  AND p.paid
  AND t.is_unknown = 0
  AND t.rank_then < t.rank_now
  AND o.changes_at > $now
""",
    message="{subject} is on {ending_plan} until {ends_at}, and then on {plan_then} ({subscription_id}).",
    cases=(
        Case(name="nothing is scheduled", given=(*_SOLD, _ACCOUNT, *_going())),
        Case(
            name="cancelled at period end",
            given=(*_SOLD, _ACCOUNT, *_going(cancel_at_period_end=True)),
            fires=("user_1",),
            severities={"user_1": Severity.INFO},
            evidence={"user_1": {"ending_plan": "TEAM", "plan_then": "no paid plan", "ends_at": _END}},
        ),
        Case(
            name="cancelled at a moment of its own",
            given=(*_SOLD, _ACCOUNT, *_going(cancel_at=ago(days=-40))),
            fires=("user_1",),
            evidence={"user_1": {"ends_at": ago(days=-40)}},
        ),
        Case(
            name="a change to a higher plan is scheduled",
            given=(
                *_SOLD,
                _ACCOUNT,
                dataclasses.replace(_LIVE, next_price_id="price_team", next_phase_at=ago(days=-14)),
                dataclasses.replace(_ITEM, price_id="price_pro"),
            ),
        ),
        Case(
            name="a new price for the same plan is scheduled",
            given=(*_SOLD, _ACCOUNT, *_going(next_price_id="price_team", next_phase_at=ago(days=-14))),
        ),
        Case(
            name="a price that is in no plan is scheduled",
            given=(*_SOLD, _ACCOUNT, *_going(next_price_id="price_of_2026", next_phase_at=ago(days=-14))),
        ),
    ),
)
