"""More cases of `seat-drift`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses

from trueup.checks.entitlements.seat_drift import _BEFORE, _LIVE, _ORGANISATION, _SOLD, _members, _seats
from trueup.model.check import Case, ago
from trueup.model.price_list import SoldPrice
from trueup.model.relations import Account, Exemption, Member, Row
from trueup.model.stripe_objects import (
    StripeEvent,
    StripeSubscriptionItem,
    SubscriptionStatus,
)


def _fitting(number: int, seats: int) -> tuple[Row, ...]:
    """Another organisation, whose add-on has as many units as it has members."""
    return (
        Account(account_id=f"org_{number}", plan="TEAM", stripe_customer_id=f"cus_{number}"),
        dataclasses.replace(_LIVE, subscription_id=f"sub_{number}", customer_id=f"cus_{number}"),
        StripeSubscriptionItem(
            item_id=f"si_{number}0", subscription_id=f"sub_{number}", price_id="price_team", quantity=1
        ),
        StripeSubscriptionItem(
            item_id=f"si_{number}1", subscription_id=f"sub_{number}", price_id="price_seat", quantity=seats
        ),
        *_members(seats, of=f"org_{number}"),
    )


_ADD_ON = (_seats(1), _seats(4, number=2, price="price_seat"))

CASES: tuple[Case, ...] = (
    Case(
        name="packs beside the plan: their number is no number of members",
        given=(*_BEFORE, *_ADD_ON, *_members(7)),
    ),
    Case(
        name="an add-on of which others have as many as they have members",
        given=(*_BEFORE, *_ADD_ON, *_members(7), *_fitting(2, 3), *_fitting(3, 6)),
        fires=("org_1",),
        evidence={"org_1": {"seats": 4, "members": 7, "seats_known_by": "quantities"}},
    ),
    Case(
        name="an add-on of which one other has as many as it has members, which may be chance",
        given=(*_BEFORE, *_ADD_ON, *_members(7), *_fitting(2, 3)),
    ),
    Case(
        name="the config says that an add-on is no seat",
        given=(
            *_BEFORE,
            *_ADD_ON,
            *_members(7),
            *_fitting(2, 3),
            *_fitting(3, 6),
            SoldPrice(price_name="price_seat", seats=0),
        ),
    ),
    Case(
        name="a plan that includes five members, and has four",
        given=(*_BEFORE, SoldPrice(price_name="price_team", included_seats=5), _seats(1), *_members(4)),
    ),
    Case(
        name="a plan that includes five members, and has six",
        given=(*_BEFORE, SoldPrice(price_name="price_team", included_seats=5), _seats(1), *_members(6)),
        fires=("org_1",),
    ),
    Case(
        name="a unit that pays for ten seats",
        given=(*_BEFORE, SoldPrice(price_name="price_team", seats=10), _seats(2), *_members(20)),
    ),
    Case(
        name="a unit that pays for ten seats, one of which was never given",
        given=(*_BEFORE, SoldPrice(price_name="price_team", seats=10), _seats(2), *_members(19)),
        fires=("org_1",),
    ),
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
