"""More cases of `duplicate-subscription`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses

from trueup.checks.entitlements.duplicate_subscription import _ACCOUNT, _FIRST, _ITEM, _ONE, _SOLD, _another
from trueup.model.check import Case, ago
from trueup.model.relations import Account, Exemption, Member, PlanPrice, StripeProduct
from trueup.model.stripe_objects import (
    StripeCustomer,
    StripeInvoice,
    StripePrice,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

_FREE = (PlanPrice(price_id="price_free", plan="FREE"), *_another(2, price="price_free", product="prod_free"))
_GIFT = (PlanPrice(price_id="price_gift", plan="PRO"), *_another(2, price="price_gift"))


def _costs(price: str, amount: int | None) -> StripePrice:
    return StripePrice(price_id=price, unit_amount=amount, interval="month")


CASES: tuple[Case, ...] = (
    Case(
        name="the free plan is a subscription too, and stays beside the paid one",
        given=(*_SOLD, _ACCOUNT, *_ONE, *_FREE, _costs("price_free", 0)),
    ),
    Case(name="the free plan's subscription, its price not read", given=(*_SOLD, _ACCOUNT, *_ONE, *_FREE)),
    Case(
        name="two subscriptions to the free plan",
        given=(*_SOLD, _ACCOUNT, *_FREE, *_another(3, price="price_free", product="prod_free")),
    ),
    Case(
        name="a subscription to the free plan for which money is charged",
        given=(*_SOLD, _ACCOUNT, *_ONE, *_FREE, _costs("price_free", 500)),
        fires=("user_1",),
    ),
    Case(
        name="a price of zero of the paid plan beside a price of it that costs",
        given=(*_SOLD, _ACCOUNT, *_ONE, *_GIFT, _costs("price_gift", 0)),
    ),
    Case(
        name="a price of zero, and an item by usage beside it",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_ONE,
            *_GIFT,
            _costs("price_gift", 0),
            StripeSubscriptionItem(
                item_id="si_3", subscription_id="sub_2", price_id="price_calls", quantity=None, metered=True
            ),
            _costs("price_calls", None),
        ),
        fires=("user_1",),
    ),
    Case(
        name="a price in tiers, which has no amount of its own",
        given=(*_SOLD, _ACCOUNT, *_ONE, *_GIFT, _costs("price_gift", None)),
        fires=("user_1",),
    ),
    Case(
        name="field failure 22: a new customer at each checkout click",
        given=(
            *_SOLD,
            _ACCOUNT,
            StripeCustomer(customer_id="cus_2", account_id="user_1"),
            StripeCustomer(customer_id="cus_3", account_id="user_1"),
            *_another(2, customer_id="cus_2"),
            *_another(3, customer_id="cus_3"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"extra_subscriptions": 1}},
    ),
    Case(
        name="field failure 21: three subscriptions, one is cancelled and two go on",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_ONE,
            *_another(2),
            *_another(3, status=SubscriptionStatus.CANCELED, ended_at=ago(days=1)),
        ),
        fires=("user_1",),
        evidence={"user_1": {"extra_subscriptions": 1}},
    ),
    Case(
        name="abandoned checkouts beside the live subscription",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_ONE,
            *_another(2, status=SubscriptionStatus.INCOMPLETE),
            *_another(3, status=SubscriptionStatus.INCOMPLETE_EXPIRED),
        ),
    ),
    Case(
        name="one is past due and goes on being tried",
        given=(*_SOLD, _ACCOUNT, *_ONE, *_another(status=SubscriptionStatus.PAST_DUE)),
        fires=("user_1",),
    ),
    Case(
        name="the old one ends with its period",
        given=(*_SOLD, _ACCOUNT, dataclasses.replace(_FIRST, cancel_at_period_end=True), _ITEM, *_another()),
    ),
    Case(
        name="the old one ends at the last moment of its period",
        given=(
            *_SOLD,
            _ACCOUNT,
            dataclasses.replace(_FIRST, cancel_at=_FIRST.current_period_end),
            _ITEM,
            *_another(),
        ),
    ),
    Case(
        name="the old one renews before it ends",
        given=(*_SOLD, _ACCOUNT, dataclasses.replace(_FIRST, cancel_at=ago(days=-200)), _ITEM, *_another()),
        fires=("user_1",),
    ),
    Case(name="one is paused", given=(*_SOLD, _ACCOUNT, *_ONE, *_another(paused=True))),
    Case(
        name="different products on purpose",
        given=(*_SOLD, _ACCOUNT, *_ONE, *_another(price="price_tickets", product="prod_tickets")),
    ),
    Case(
        name="a product that is not ours, twice",
        given=(
            *_SOLD,
            StripeProduct(product_id="prod_pro"),
            _ACCOUNT,
            *_ONE,
            *_another(2, price="price_tickets", product="prod_tickets"),
            *_another(3, price="price_tickets", product="prod_tickets"),
        ),
    ),
    Case(
        name="the same product twice, in no plan",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_another(2, price="price_tickets", product="prod_tickets"),
            *_another(3, price="price_seats", product="prod_tickets"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"plan": None, "extra_minor": None}},
    ),
    Case(
        name="one customer pays for two workspaces, and each subscription names its own",
        given=(
            *_SOLD,
            _ACCOUNT,
            Account(account_id="user_2", plan="PRO"),
            dataclasses.replace(_FIRST, account_id="user_1"),
            _ITEM,
            *_another(account_id="user_2"),
        ),
    ),
    Case(
        name="one customer on two accounts is another finding",
        given=(*_SOLD, _ACCOUNT, dataclasses.replace(_ACCOUNT, account_id="user_2"), *_ONE, *_another()),
    ),
    Case(
        name="a team member with a subscription of the own beside the organisation's",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_ONE,
            Account(account_id="org_1", plan="TEAM", stripe_customer_id="cus_2"),
            Member(account_id="org_1", member_id="user_1"),
            *_another(customer_id="cus_2", price="price_team"),
        ),
    ),
    Case(
        name="a customer of no account",
        given=(*_SOLD, *_ONE, *_another()),
        fires=("cus_1",),
        evidence={"cus_1": {"account_id": None}},
    ),
    Case(
        name="extra ones in two currencies are not added up",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_another(4),
            *_another(2, latest_invoice_id="in_2", created_at=ago(days=40)),
            *_another(3, latest_invoice_id="in_3", created_at=ago(days=41)),
            StripeInvoice(invoice_id="in_2", total=3_300, currency="jpy"),
            StripeInvoice(invoice_id="in_3", total=2_900, currency="eur"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"extra_subscriptions": 2, "extra_minor": None, "extra_currency": None}},
    ),
    Case(name="one of them is of test mode", given=(*_SOLD, _ACCOUNT, *_ONE, *_another(livemode=False))),
    Case(
        name="one of them is another application's",
        given=(*_SOLD, _ACCOUNT, *_ONE, *_another(other_application=True)),
    ),
    Case(
        name="two on purpose, exempted",
        given=(
            *_SOLD,
            _ACCOUNT,
            *_ONE,
            *_another(),
            Exemption(
                check_id="duplicate-subscription", subject="user_1", owner="sales", reason="pays for a partner too"
            ),
        ),
    ),
)
