"""More cases of `ending-plan`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses

from trueup.checks.entitlements.ending_plan import _ACCOUNT, _ITEM, _LIVE, _SOLD, _going
from trueup.model.check import Case, ago
from trueup.model.relations import Exemption
from trueup.model.stripe_objects import StripePrice, StripeSubscriptionItem, SubscriptionStatus

CASES: tuple[Case, ...] = (
    Case(
        name="field failure 29: a change to a lower plan is scheduled in Stripe alone",
        given=(*_SOLD, _ACCOUNT, *_going(next_price_id="price_pro", next_phase_at=ago(days=-14))),
        fires=("user_1",),
        evidence={"user_1": {"plan": "TEAM", "plan_then": "PRO", "ends_at": ago(days=-14)}},
    ),
    Case(
        name="the lower plan is known by its lookup key",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_going(next_price_id="price_of_2026", next_phase_at=ago(days=-14)),
            StripePrice(price_id="price_of_2026", lookup_key="pro_monthly"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"plan_then": "PRO"}},
    ),
    Case(
        name="the last phase of a schedule ends the subscription",
        given=(*_SOLD, _ACCOUNT, *_going(next_phase_at=ago(days=-14))),
        fires=("user_1",),
        evidence={"user_1": {"plan_then": "no paid plan", "ends_at": ago(days=-14)}},
    ),
    Case(
        name="one of two subscriptions ends, and the other goes on",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_going(cancel_at_period_end=True),
            dataclasses.replace(_LIVE, subscription_id="sub_2"),
            dataclasses.replace(_ITEM, item_id="si_2", subscription_id="sub_2"),
        ),
    ),
    Case(
        name="the higher of two subscriptions ends",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_going(cancel_at_period_end=True),
            dataclasses.replace(_LIVE, subscription_id="sub_2"),
            StripeSubscriptionItem(item_id="si_2", subscription_id="sub_2", price_id="price_pro"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"ending_plan": "TEAM", "plan_then": "PRO"}},
    ),
    Case(
        name="both of two equal subscriptions end, the later one decides",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_going(cancel_at=ago(days=-9)),
            dataclasses.replace(_LIVE, subscription_id="sub_2", cancel_at=ago(days=-5)),
            dataclasses.replace(_ITEM, item_id="si_2", subscription_id="sub_2"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"ends_at": ago(days=-9)}},
    ),
    Case(
        name="it ended already",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_going(status=SubscriptionStatus.CANCELED, cancel_at_period_end=True, ended_at=ago(days=2)),
        ),
    ),
    Case(
        name="a trial that will not go on",
        given=(*_SOLD, _ACCOUNT, *_going(status=SubscriptionStatus.TRIALING, cancel_at_period_end=True)),
        fires=("user_1",),
    ),
    Case(
        name="scheduled a minute ago",
        given=(*_SOLD, _ACCOUNT, *_going(cancel_at_period_end=True, canceled_at=ago(minutes=1))),
    ),
    Case(
        name="another application's subscription ends",
        given=(*_SOLD, _ACCOUNT, *_going(cancel_at_period_end=True, other_application=True)),
    ),
    Case(
        name="a subscription in test mode ends",
        given=(*_SOLD, _ACCOUNT, *_going(cancel_at_period_end=True, livemode=False)),
    ),
    Case(name="a subscription of no account ends", given=(*_SOLD, *_going(cancel_at_period_end=True))),
    Case(
        name="a closed account",
        given=(*_SOLD, dataclasses.replace(_ACCOUNT, active=False), *_going(cancel_at_period_end=True)),
    ),
    Case(
        name="known and accepted",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_going(cancel_at_period_end=True),
            Exemption(check_id="ending-plan", subject="user_1", owner="sales", reason="renews by contract"),
        ),
    ),
)
