"""Each account on a paid plan is served the plan that its subscription's price means."""

from __future__ import annotations

import dataclasses
from datetime import date

from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.derived_subscriptions import EXCUSING
from trueup.model.finding import Area
from trueup.model.relations import (
    Account,
    Exemption,
    Member,
    Plan,
    PlanChange,
    PlanPrice,
    Role,
    StripeProduct,
)
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    StripeEvent,
    StripeInvoice,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

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


def _second(price: str, **changes: object) -> tuple[StripeSubscription, StripeSubscriptionItem]:
    """Another subscription of the same customer, to this price."""
    return (
        dataclasses.replace(_LIVE, subscription_id="sub_2", **changes),  # type: ignore[arg-type]
        StripeSubscriptionItem(item_id="si_2", subscription_id="sub_2", price_id=price),
    )


CHECK = Check(
    id="plan-mismatch",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Another paid plan than the one paid for",
    why="The account is served a plan that it does not pay for, or a price was renamed and the next renewal will put "
    "every such account on the wrong one.",
    optional=(*EXCUSING, "stripe_customer"),
    population="""
SELECT count(DISTINCT h.account_id)
FROM subscription_standing AS s
JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
JOIN account AS a             ON a.account_id = h.account_id
JOIN plan AS mine             ON mine.plan = a.plan
WHERE s.is_owed AND s.plan_paid AND a.active AND mine.paid
""",
    # Where the local plan is the lower one, the customer is blocked: that is paid-but-blocked.
    violations="""
WITH other_plan AS (
    SELECT a.account_id, a.plan, mine.rank AS rank_served,
           s.subscription_id, s.customer_id, s.status, s.plan AS paid_for, s.rank AS rank_paid, s.current_period_end,
           s.charged_minor, s.charged_currency,
           row_number() OVER (PARTITION BY a.account_id
                              ORDER BY s.rank DESC, s.created_at DESC, s.subscription_id) AS place
    FROM subscription_standing AS s
    JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
    JOIN account AS a             ON a.account_id = h.account_id
    JOIN plan AS mine             ON mine.plan = a.plan
    WHERE s.is_owed
      AND s.plan_paid
      AND s.plan <> a.plan
      AND h.rivals = 1
      AND a.active
      AND a.role = 'user'
      AND NOT a.unlimited_credits
      AND mine.paid
      AND (a.created_at IS NULL OR a.created_at < $settled_before)
),
excused AS (
    SELECT l.account_id                -- another of its subscriptions explains the plan, now or at its next phase
    FROM other_plan AS o
    JOIN subscription_link AS l     ON l.account_id = o.account_id
    JOIN subscription_standing AS s ON s.subscription_id = l.subscription_id
    WHERE s.may_serve AND (s.plan = o.plan OR s.next_plan = o.plan)
    UNION
    SELECT l.account_id                -- something here may mean any plan, or is on its way
    FROM other_plan AS o
    JOIN subscription_link AS l     ON l.account_id = o.account_id
    JOIN subscription_standing AS s ON s.subscription_id = l.subscription_id
    WHERE NOT s.is_settled OR (s.may_serve AND s.plan IS NULL)
    UNION
    SELECT account_id FROM plan_change WHERE changed_at >= $settled_before
    UNION
    SELECT account_id FROM paid_seat
)
SELECT account_id AS subject,
       account_id, plan, paid_for, subscription_id, customer_id, status, current_period_end,
       charged_minor, charged_currency
FROM other_plan AS o
WHERE place = 1
  AND rank_served >= rank_paid
  AND NOT EXISTS (SELECT 1 FROM excused AS e WHERE e.account_id = o.account_id)
""",
    message="{subject} pays for {paid_for} ({subscription_id}) and is served {plan}.",
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
            name="a free account that pays is another finding",
            given=(*_SOLD, dataclasses.replace(_TEAM, plan="FREE"), *_PAYS_PRO),
        ),
        Case(
            name="the highest of a subscription's items counts",
            given=(
                *_SOLD,
                _TEAM,
                *_PAYS_PRO,
                StripeSubscriptionItem(item_id="si_2", price_id="price_team"),
            ),
        ),
        Case(
            name="an add-on beside a mapped price",
            given=(
                *_SOLD,
                dataclasses.replace(_TEAM, plan="PRO"),
                *_PAYS_PRO,
                StripeSubscriptionItem(item_id="si_2", price_id="price_support"),
            ),
        ),
        Case(
            name="a scheduled change that is not due yet, and is served already",
            given=(
                *_SOLD,
                _TEAM,
                dataclasses.replace(_LIVE, next_price_id="price_team", next_phase_at=ago(days=-10)),
                _ITEM,
            ),
        ),
        Case(
            name="a scheduled change that is not due yet, to a plan that is not served",
            given=(
                *_SOLD,
                _TEAM,
                dataclasses.replace(_LIVE, next_price_id="price_pro_old", next_phase_at=ago(days=-10)),
                _ITEM,
            ),
            fires=("user_1",),
        ),
        Case(
            name="a price in no plan may mean any",
            given=(*_SOLD, _TEAM, _LIVE, StripeSubscriptionItem(item_id="si_1", price_id="price_of_2026")),
        ),
        Case(
            name="a second subscription in no plan may mean any",
            given=(*_SOLD, _TEAM, *_PAYS_PRO, *_second("price_of_2026")),
        ),
        Case(
            name="a second subscription pays for it",
            given=(*_SOLD, dataclasses.replace(_TEAM, plan="PRO_OLD"), *_PAYS_PRO, *_second("price_pro_old")),
        ),
        Case(
            name="the subscription that paid for it is cancelled",
            given=(
                *_SOLD,
                _TEAM,
                *_PAYS_PRO,
                *_second("price_team", status=SubscriptionStatus.CANCELED, ended_at=ago(days=5)),
            ),
            fires=("user_1",),
        ),
        Case(
            name="the subscription that paid for it is past due inside the grace",
            given=(
                *_SOLD,
                _TEAM,
                *_PAYS_PRO,
                *_second("price_team", status=SubscriptionStatus.PAST_DUE, current_period_start=ago(days=10)),
            ),
        ),
        Case(
            name="the subscription that paid for it is cancelled at period end and still inside it",
            given=(*_SOLD, _TEAM, *_PAYS_PRO, *_second("price_team", cancel_at_period_end=True)),
        ),
        Case(
            name="a product that is not ours pays for no plan of ours",
            given=(
                *_SOLD,
                StripeProduct(product_id="prod_pro"),
                dataclasses.replace(_TEAM, plan="PRO"),
                *_PAYS_PRO,
                StripeSubscription(subscription_id="sub_2", created_at=ago(days=60)),
                StripeSubscriptionItem(
                    item_id="si_2", subscription_id="sub_2", price_id="x", product_id="prod_tickets"
                ),
            ),
        ),
        Case(
            name="cancelled: another finding",
            given=(
                *_SOLD,
                _TEAM,
                dataclasses.replace(_LIVE, status=SubscriptionStatus.CANCELED, ended_at=ago(days=9)),
                _ITEM,
            ),
        ),
        Case(name="paused: nothing is paid now", given=(*_SOLD, _TEAM, dataclasses.replace(_LIVE, paused=True), _ITEM)),
        Case(
            name="test mode pays for nothing", given=(*_SOLD, _TEAM, dataclasses.replace(_LIVE, livemode=False), _ITEM)
        ),
        Case(
            name="one customer on two accounts is another finding",
            given=(*_SOLD, _TEAM, dataclasses.replace(_TEAM, account_id="user_2", plan="PRO"), *_PAYS_PRO),
        ),
        Case(
            name="team member whose organisation pays for it",
            given=(
                *_SOLD,
                _TEAM,
                *_PAYS_PRO,
                Account(account_id="org_1", plan="TEAM", stripe_customer_id="cus_2"),
                Member(account_id="org_1", member_id="user_1"),
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
        Case(
            name="changed in the middle of its period a minute ago, as its event says",
            given=(
                *_SOLD,
                _TEAM,
                *_PAYS_PRO,
                StripeEvent(event_id="evt_1", object_id="sub_1", created_at=ago(minutes=1)),
            ),
        ),
        Case(
            name="changed in the middle of its period an hour ago",
            given=(
                *_SOLD,
                _TEAM,
                *_PAYS_PRO,
                StripeEvent(event_id="evt_1", object_id="sub_1", created_at=ago(hours=1)),
            ),
            fires=("user_1",),
        ),
        Case(
            name="the plan was changed here a minute ago",
            given=(
                *_SOLD,
                _TEAM,
                *_PAYS_PRO,
                PlanChange(account_id="user_1", from_plan="PRO", to_plan="TEAM", changed_at=ago(minutes=1)),
            ),
        ),
        Case(
            name="account created a minute ago",
            given=(*_SOLD, dataclasses.replace(_TEAM, created_at=ago(minutes=1)), *_PAYS_PRO),
        ),
        Case(
            name="a plan that the config does not know",
            given=(*_SOLD, dataclasses.replace(_TEAM, plan="LEGACY"), *_PAYS_PRO),
        ),
        Case(
            name="a super admin is served what is needed",
            given=(*_SOLD, dataclasses.replace(_TEAM, role=Role.SUPER_ADMIN), *_PAYS_PRO),
        ),
        Case(
            name="unlimited credits are given by hand, and are their own finding",
            given=(*_SOLD, dataclasses.replace(_TEAM, unlimited_credits=True), *_PAYS_PRO),
        ),
        Case(
            name="a closed account is not served",
            given=(*_SOLD, dataclasses.replace(_TEAM, active=False), *_PAYS_PRO),
        ),
        Case(
            name="upgraded by sales, exempted until it renews",
            given=(
                *_SOLD,
                _TEAM,
                *_PAYS_PRO,
                Exemption(
                    check_id="plan-mismatch",
                    subject="user_1",
                    owner="sales",
                    reason="a month of TEAM to try",
                    expires_at=date(2026, 3, 14),
                ),
            ),
        ),
    ),
)
