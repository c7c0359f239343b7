"""More cases of `unmapped-price`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses

from trueup.checks.entitlements.unmapped_price import _LIVE, _NEW, _OLD, _SOLD
from trueup.model.check import Case, ago
from trueup.model.relations import Exemption, PlanPrice, StripeProduct
from trueup.model.stripe_objects import StripeEvent, SubscriptionStatus

CASES: tuple[Case, ...] = (
    Case(
        name="one price of many subscriptions is one finding",
        given=(
            *_SOLD,
            _LIVE,
            _NEW,
            dataclasses.replace(_LIVE, subscription_id="sub_2", customer_id="cus_2"),
            dataclasses.replace(_NEW, item_id="si_2", subscription_id="sub_2"),
        ),
        fires=("price_of_2026",),
        evidence={"price_of_2026": {"subscriptions": 2, "first_account_id": None}},
    ),
    Case(
        name="a lookup key that the config does not name",
        given=(*_SOLD, _LIVE, dataclasses.replace(_NEW, lookup_key="pro_monthly_2026")),
        fires=("price_of_2026",),
        evidence={"price_of_2026": {"lookup_key": "pro_monthly_2026"}},
    ),
    Case(name="add-on price beside a mapped plan", given=(*_SOLD, _LIVE, _OLD, _NEW)),
    Case(
        name="metered usage, and nothing else",
        given=(*_SOLD, _LIVE, dataclasses.replace(_NEW, metered=True, quantity=None)),
    ),
    Case(
        name="a price that means a plan which the config does not sell",
        given=(PlanPrice(price_id="price_of_2026", plan="GONE"), *_SOLD, _LIVE, _NEW),
        fires=("price_of_2026",),
    ),
    Case(
        name="second product on the same Stripe account",
        given=(*_SOLD, StripeProduct(product_id="prod_other"), _LIVE, _NEW),
    ),
    Case(
        name="a product of ours, named as one",
        given=(*_SOLD, StripeProduct(product_id="prod_pro"), _LIVE, _NEW),
        fires=("price_of_2026",),
    ),
    Case(
        name="another application on the same Stripe account",
        given=(*_SOLD, dataclasses.replace(_LIVE, other_application=True), _NEW),
    ),
    Case(name="test mode", given=(*_SOLD, dataclasses.replace(_LIVE, livemode=False), _NEW)),
    Case(
        name="a trial is a live subscription",
        given=(*_SOLD, dataclasses.replace(_LIVE, status=SubscriptionStatus.TRIALING), _NEW),
        fires=("price_of_2026",),
    ),
    Case(
        name="past due is a live subscription",
        given=(*_SOLD, dataclasses.replace(_LIVE, status=SubscriptionStatus.PAST_DUE), _NEW),
        fires=("price_of_2026",),
    ),
    Case(
        name="only a cancelled subscription is to it",
        given=(*_SOLD, dataclasses.replace(_LIVE, status=SubscriptionStatus.CANCELED, ended_at=ago(days=9)), _NEW),
    ),
    Case(name="paused: it bills nobody", given=(*_SOLD, dataclasses.replace(_LIVE, paused=True), _NEW)),
    Case(
        name="changed to this price a minute ago, as its event says",
        given=(*_SOLD, _LIVE, _NEW, StripeEvent(event_id="evt_1", object_id="sub_1", created_at=ago(minutes=1))),
    ),
    Case(
        name="a pilot's price, exempted",
        given=(
            *_SOLD,
            _LIVE,
            _NEW,
            Exemption(check_id="unmapped-price", subject="price_of_2026", owner="sales", reason="one pilot"),
        ),
    ),
)
