"""More cases of `orphan-subscription`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses

from trueup.checks.entitlements.orphan_subscription import _BEFORE, _CUSTOMER, _ITEM, _LIVE, _SOLD, _SOMEBODY
from trueup.model.check import Case
from trueup.model.relations import Account, Exemption, StripeProduct
from trueup.model.stripe_objects import (
    StripeInvoice,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

CASES: tuple[Case, ...] = (
    Case(
        name="the account is closed, and another with the same customer is open",
        given=(
            *_BEFORE,
            Account(account_id="user_1", stripe_customer_id="cus_1", active=False),
            Account(account_id="user_2", stripe_customer_id="cus_1"),
            _LIVE,
            _ITEM,
        ),
    ),
    Case(
        name="the account is closed, and the subscription lives",
        given=(*_BEFORE, Account(account_id="user_1", stripe_customer_id="cus_1", active=False), _LIVE, _ITEM),
        fires=("sub_1",),
        evidence={"sub_1": {"belongs_to": "a closed account", "account_id": "user_1"}},
    ),
    Case(
        name="the closed account is the one that the subscription names, and an open one has its customer",
        given=(
            *_BEFORE,
            Account(account_id="user_1", active=False),
            Account(account_id="user_2", stripe_customer_id="cus_1"),
            dataclasses.replace(_LIVE, account_id="user_1"),
            _ITEM,
        ),
    ),
    Case(
        name="the account is closed, and the subscription ends with its period",
        given=(
            *_BEFORE,
            Account(account_id="user_1", stripe_customer_id="cus_1", active=False),
            dataclasses.replace(_LIVE, cancel_at_period_end=True),
            _ITEM,
        ),
    ),
    Case(
        name="metadata names the account",
        given=(
            *_BEFORE,
            Account(account_id="user_1", stripe_customer_id="cus_2"),
            dataclasses.replace(_LIVE, account_id="user_1"),
            _ITEM,
        ),
    ),
    Case(
        name="the customer's metadata names the account",
        given=(
            *_SOLD,
            dataclasses.replace(_CUSTOMER, account_id="user_1"),
            Account(account_id="user_1"),
            _LIVE,
            _ITEM,
        ),
    ),
    Case(
        name="the account names the subscription",
        given=(*_BEFORE, Account(account_id="user_1", stripe_subscription_id="sub_1"), _LIVE, _ITEM),
    ),
    Case(
        name="the customer was not read, and might name an account",
        given=(*_SOLD, _SOMEBODY, _LIVE, _ITEM),
    ),
    Case(
        name="other application on the same Stripe account, by its metadata",
        given=(*_BEFORE, dataclasses.replace(_LIVE, other_application=True), _ITEM),
    ),
    Case(
        name="other application on the same Stripe account, by its product",
        given=(
            *_BEFORE,
            StripeProduct(product_id="prod_pro"),
            _LIVE,
            StripeSubscriptionItem(item_id="si_1", price_id="price_tickets", product_id="prod_tickets"),
        ),
    ),
    Case(
        name="a price in no plan is still charged for",
        given=(
            *_BEFORE,
            dataclasses.replace(_LIVE, latest_invoice_id="in_1"),
            StripeSubscriptionItem(item_id="si_1", price_id="price_of_2026"),
            StripeInvoice(invoice_id="in_1", total=12_500, currency="bhd"),
        ),
        fires=("sub_1",),
        evidence={"sub_1": {"plan": None, "charged_minor": 12_500, "charged_currency": "bhd"}},
    ),
    Case(
        name="past due, and tried again and again",
        given=(*_BEFORE, dataclasses.replace(_LIVE, status=SubscriptionStatus.PAST_DUE), _ITEM),
        fires=("sub_1",),
    ),
    *(
        Case(
            name=f"nobody's subscription that is {status}",
            given=(*_BEFORE, dataclasses.replace(_LIVE, status=status), _ITEM),
        )
        for status in (
            SubscriptionStatus.CANCELED,
            SubscriptionStatus.INCOMPLETE,
            SubscriptionStatus.INCOMPLETE_EXPIRED,
            SubscriptionStatus.UNPAID,
            SubscriptionStatus.PAUSED,
        )
    ),
    Case(name="collection is paused", given=(*_BEFORE, dataclasses.replace(_LIVE, paused=True), _ITEM)),
    Case(name="test mode", given=(*_BEFORE, dataclasses.replace(_LIVE, livemode=False), _ITEM)),
    Case(
        name="a supporter without an account, exempted",
        given=(
            *_BEFORE,
            _LIVE,
            _ITEM,
            Exemption(check_id="orphan-subscription", subject="sub_1", owner="finance", reason="a supporter"),
        ),
    ),
)
