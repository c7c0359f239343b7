"""More cases of `plan-mismatch`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from datetime import date

from trueup.checks.entitlements.plan_mismatch import _ITEM, _LIVE, _PAYS_PRO, _SOLD, _TEAM
from trueup.model.check import Case, ago
from trueup.model.relations import (
    Account,
    AccountRole,
    Exemption,
    Member,
    PlanChange,
    StripeProduct,
)
from trueup.model.stripe_objects import (
    StripeEvent,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)


def _second(price: str, **changes: object) -> tuple[StripeSubscription, StripeSubscriptionItem]:
    """Another subscription of the same customer, to this price."""
    return (
        dataclasses.replace(_LIVE, subscription_id="sub_2", **changes),  # type: ignore[arg-type]
        StripeSubscriptionItem(item_id="si_2", subscription_id="sub_2", price_id=price),
    )


CASES: tuple[Case, ...] = (
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
            StripeSubscriptionItem(item_id="si_2", subscription_id="sub_2", price_id="x", product_id="prod_tickets"),
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
    Case(name="test mode pays for nothing", given=(*_SOLD, _TEAM, dataclasses.replace(_LIVE, livemode=False), _ITEM)),
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
        given=(*_SOLD, dataclasses.replace(_TEAM, role=AccountRole.SUPER_ADMIN), *_PAYS_PRO),
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
)
