"""More cases of `stale-local-subscription`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from typing import Any

from trueup.model.check import Case, ago
from trueup.model.relations import LocalSubscription, Plan, PlanPrice, Row
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeSubscription, StripeSubscriptionItem, SubscriptionStatus

SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True),
    Plan(plan="TEAM", rank=2, paid=True),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_team", plan="TEAM"),
)
RUNNING = StripeSubscription(
    subscription_id="sub_1",
    created_at=ago(days=60),
    current_period_start=ago(days=14),
    current_period_end=ago(days=-16),
)
ITEM = StripeSubscriptionItem(item_id="si_1")
SEAT = StripeSubscriptionItem(item_id="si_2", price_id="price_seat", quantity=3)
COPY = LocalSubscription(local_subscription_id="1", stripe_subscription_id="sub_1", status=SubscriptionStatus.ACTIVE)


def stripe(**changes: Any) -> StripeSubscription:
    return dataclasses.replace(RUNNING, **changes)


def copy(**changes: Any) -> LocalSubscription:
    return dataclasses.replace(COPY, **changes)


def differs(name: str, *given: Row, by: str, severity: Severity = Severity.WARNING) -> Case:
    return Case(
        name=name,
        given=(*SOLD, *given),
        fires=("sub_1",),
        severities={"sub_1": severity},
        evidence={"sub_1": {"difference": by}},
    )


def agrees(name: str, *given: Row) -> Case:
    return Case(name=name, given=(*SOLD, *given))


CASES = (
    differs("another plan", RUNNING, ITEM, copy(plan="TEAM"), by="plan"),
    differs("another price", RUNNING, ITEM, copy(price_id="price_team"), by="price"),
    differs("another start of its period", RUNNING, ITEM, copy(current_period_start=ago(days=44)), by="period"),
    differs("fewer seats", RUNNING, ITEM, SEAT, copy(seats=2), by="seats"),
    differs(
        "paid at Stripe, and cancelled in the app",
        RUNNING,
        ITEM,
        copy(status=SubscriptionStatus.CANCELED),
        by="status",
        severity=Severity.ERROR,
    ),
    differs(
        "given up at Stripe, and late in the app",
        stripe(status=SubscriptionStatus.UNPAID),
        ITEM,
        copy(status=SubscriptionStatus.PAST_DUE),
        by="status",
    ),
    differs(
        "two copies, of which none agrees",
        RUNNING,
        ITEM,
        copy(plan="TEAM"),
        copy(local_subscription_id="2", plan="FREE"),
        by="plan",
    ),
    agrees("the price by its lookup key", RUNNING, dataclasses.replace(ITEM, lookup_key="pro"), copy(price_id="pro")),
    agrees("as many seats as one item has", RUNNING, ITEM, SEAT, copy(seats=3)),
    agrees("as many seats as all items have", RUNNING, ITEM, SEAT, copy(seats=4)),
    agrees(
        "an older copy beside one that agrees",
        RUNNING,
        ITEM,
        copy(plan="TEAM"),
        copy(local_subscription_id="2", plan="PRO"),
    ),
    agrees("changed a moment ago", stripe(current_period_start=ago(minutes=5)), ITEM, copy(plan="TEAM")),
    agrees("a plan that the config does not name", RUNNING, ITEM, copy(plan="LEGACY")),
    agrees("a price that means no plan", RUNNING, dataclasses.replace(ITEM, price_id="price_new"), copy(plan="PRO")),
    agrees("an active copy while the payment is late", stripe(status=SubscriptionStatus.PAST_DUE), ITEM, COPY),
    agrees("paused in both", stripe(paused=True), ITEM, copy(status=SubscriptionStatus.PAUSED)),
    agrees(
        "the period of one that has ended",
        stripe(status=SubscriptionStatus.CANCELED, canceled_at=ago(days=9), ended_at=ago(days=9)),
        ITEM,
        copy(status=SubscriptionStatus.CANCELED, current_period_end=ago(days=90), plan="TEAM", seats=9),
    ),
    agrees(
        "never paid, by either of its words",
        stripe(status=SubscriptionStatus.INCOMPLETE_EXPIRED),
        ITEM,
        copy(status=SubscriptionStatus.CANCELED),
    ),
    agrees("a copy without Stripe's id", RUNNING, ITEM, copy(stripe_subscription_id=None, plan="TEAM")),
    agrees("of a subscription that was not read", copy(plan="TEAM")),
    agrees("a copy that says nothing", RUNNING, ITEM, copy(status=None)),
)
