"""More cases of `seat-drift`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses

from trueup.checks.entitlements.seat_drift import _BEFORE, _LIVE, _ORGANISATION, _SOLD, _members, _seats
from trueup.model.check import Case, ago
from trueup.model.relations import Account, Exemption, Member
from trueup.model.stripe_objects import (
    StripeEvent,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

CASES: tuple[Case, ...] = (
    Case(
        name="seats were bought, and nobody is a member",
        given=(*_BEFORE, _seats(2)),
        fires=("org_1",),
        evidence={"org_1": {"members": 0}},
    ),
    Case(
        name="one seat, at a price of which others buy several",
        given=(
            *_BEFORE,
            _seats(1),
            *_members(2),
            Account(account_id="org_2", plan="TEAM", stripe_customer_id="cus_2"),
            dataclasses.replace(_LIVE, subscription_id="sub_2", customer_id="cus_2"),
            StripeSubscriptionItem(item_id="si_2", subscription_id="sub_2", price_id="price_team", quantity=2),
            *_members(2, of="org_2"),
        ),
        fires=("org_1",),
    ),
    Case(
        name="owners and guests that are not billable",
        given=(
            *_BEFORE,
            _seats(3),
            *_members(3),
            Member(account_id="org_1", member_id="org_1", role="owner", billable=False),
            Member(account_id="org_1", member_id="user_9", role="guest", billable=False),
        ),
    ),
    Case(
        name="a member who is listed twice takes one seat",
        given=(*_BEFORE, _seats(3), *_members(3), *_members(1)),
    ),
    Case(
        name="seats on an add-on beside a flat price",
        given=(*_BEFORE, _seats(1), _seats(4, number=2, price="price_seat"), *_members(4)),
    ),
    Case(
        name="metered seats are billed as they are used",
        given=(
            *_BEFORE,
            dataclasses.replace(_seats(None), metered=True),
            *_members(5),
        ),
    ),
    Case(
        name="a member bought the seats for the organisation",
        given=(
            *_SOLD,
            _ORGANISATION,
            Account(account_id="user_1", plan="FREE"),
            dataclasses.replace(_LIVE, account_id="user_1"),
            _seats(3),
            *_members(4),
        ),
        fires=("org_1",),
    ),
    Case(
        name="an individual with one seat",
        given=(*_SOLD, dataclasses.replace(_ORGANISATION, account_id="user_1"), _LIVE, _seats(1)),
    ),
    Case(
        name="two live subscriptions are another finding",
        given=(
            *_BEFORE,
            _seats(3),
            *_members(5),
            dataclasses.replace(_LIVE, subscription_id="sub_2"),
            StripeSubscriptionItem(item_id="si_2", subscription_id="sub_2", price_id="price_team", quantity=2),
        ),
    ),
    Case(
        name="cancelled: it has no seats",
        given=(
            *_SOLD,
            _ORGANISATION,
            dataclasses.replace(_LIVE, status=SubscriptionStatus.CANCELED, ended_at=ago(days=9)),
            _seats(3),
            *_members(5),
        ),
    ),
    Case(
        name="the number of seats was changed a minute ago, as its event says",
        given=(
            *_BEFORE,
            _seats(3),
            *_members(5),
            StripeEvent(event_id="evt_1", object_id="sub_1", created_at=ago(minutes=1)),
        ),
    ),
    Case(
        name="a closed organisation",
        given=(*_SOLD, dataclasses.replace(_ORGANISATION, active=False), _LIVE, _seats(3), *_members(5)),
    ),
    Case(
        name="a second product with a quantity of its own",
        given=(
            *_SOLD,
            _ORGANISATION,
            _LIVE,
            StripeSubscriptionItem(item_id="si_1", price_id="price_tickets", quantity=9),
            *_members(5),
        ),
    ),
    Case(
        name="seats sold in advance, exempted",
        given=(
            *_BEFORE,
            _seats(9),
            *_members(5),
            Exemption(check_id="seat-drift", subject="org_1", owner="sales", reason="grows into them"),
        ),
    ),
)
