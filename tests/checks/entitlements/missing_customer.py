"""More cases of `missing-customer`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses

from trueup.checks.entitlements.missing_customer import _ACCOUNT, _CUSTOMER, _READ
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import Exemption
from trueup.model.stripe_objects import StripeReading

CASES: tuple[Case, ...] = (
    Case(
        name="deleted, as Stripe answered for this one customer",
        given=(_ACCOUNT, dataclasses.replace(_CUSTOMER, deleted=True)),
        fires=("cus_1",),
    ),
    Case(
        name="two accounts name it: one finding",
        given=(_READ, _ACCOUNT, dataclasses.replace(_ACCOUNT, account_id="user_2")),
        fires=("cus_1",),
        evidence={"cus_1": {"account_id": "user_1", "accounts": 2}},
    ),
    Case(name="nobody says how far the listing reaches", given=(_ACCOUNT,)),
    Case(
        name="another listing is complete, this one is not",
        given=(_ACCOUNT, StripeReading(relation="stripe_subscription")),
    ),
    Case(
        name="a customer of the other mode exists",
        given=(_READ, _ACCOUNT, dataclasses.replace(_CUSTOMER, livemode=False)),
    ),
    Case(
        name="a test customer in a test environment",
        given=(_READ, _ACCOUNT, dataclasses.replace(_CUSTOMER, livemode=False)),
        policy=Policy(livemode=False),
    ),
    Case(
        name="an account without a customer names none",
        given=(_READ, dataclasses.replace(_ACCOUNT, stripe_customer_id=None)),
    ),
    Case(
        name="a free account's customer must exist too",
        given=(_READ, dataclasses.replace(_ACCOUNT, plan="FREE")),
        fires=("cus_1",),
    ),
    Case(name="a closed account", given=(_READ, dataclasses.replace(_ACCOUNT, active=False))),
    Case(
        name="account created a minute ago",
        given=(_READ, dataclasses.replace(_ACCOUNT, created_at=ago(minutes=1))),
    ),
    Case(
        name="the age of the account is unknown",
        given=(_READ, dataclasses.replace(_ACCOUNT, created_at=None)),
        fires=("cus_1",),
    ),
    Case(
        name="moved from another Stripe account, exempted",
        given=(
            _READ,
            _ACCOUNT,
            Exemption(check_id="missing-customer", subject="cus_1", owner="finance", reason="moved in spring"),
        ),
    ),
)
