"""Each live subscription belongs to an account that can use it."""

from __future__ import annotations

import dataclasses

from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.derived_subscriptions import EXCUSING
from trueup.model.finding import Area
from trueup.model.relations import Account, Exemption, Plan, PlanPrice, StripeProduct
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    StripeCustomer,
    StripeInvoice,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

_SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, price_minor=2900, price_currency="usd"),
    PlanPrice(price_id="price_pro", plan="PRO"),
)
_CUSTOMER = StripeCustomer(customer_id="cus_1", email="ada@example.com")
_SOMEBODY = Account(account_id="user_9", plan="PRO", stripe_customer_id="cus_9", created_at=ago(days=90))
_LIVE = StripeSubscription(subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14))
_ITEM = StripeSubscriptionItem(item_id="si_1", product_id="prod_pro")
_BEFORE = (*_SOLD, _CUSTOMER, _SOMEBODY)

CHECK = Check(
    id="orphan-subscription",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Live subscription of no account",
    why="Somebody is charged, period after period, for what nobody can use: a customer who never got an account, or one "
    "who deleted it and believes to have left.",
    optional=EXCUSING,
    population="""
SELECT count(*)
FROM subscription_standing AS s
JOIN stripe_customer AS c ON c.customer_id = s.customer_id
WHERE s.is_live
""",
    # A customer that was not read might name its account: what is not known is not blamed.
    violations="""
SELECT s.subscription_id AS subject,
       s.subscription_id, s.customer_id, s.status, s.plan, s.created_at, s.current_period_end,
       a.account_id,
       CASE WHEN a.account_id IS NOT NULL        THEN 'a closed account'
            WHEN s.named_account_id IS NOT NULL  THEN 'an account that does not exist'
            ELSE 'no account' END AS belongs_to,
       s.named_account_id,
       s.charged_minor, s.charged_currency
FROM subscription_standing AS s
JOIN stripe_customer AS c          ON c.customer_id = s.customer_id
LEFT JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
LEFT JOIN account AS a             ON a.account_id = h.account_id
WHERE s.is_live
  AND s.is_settled
  AND s.ends_at IS NULL
  AND (a.account_id IS NULL OR NOT a.active)
""",
    message="{subject} of {customer_id} is {status} and belongs to {belongs_to}.",
    impact=money_at_risk("charged_minor", "charged_currency"),
    cases=(
        Case(
            name="the account names the customer",
            given=(*_BEFORE, Account(account_id="user_1", stripe_customer_id="cus_1"), _LIVE, _ITEM),
        ),
        Case(
            name="field failure 24: paid, and no account was ever linked",
            given=(*_BEFORE, _LIVE, _ITEM),
            fires=("sub_1",),
            severities={"sub_1": Severity.ERROR},
            evidence={
                "sub_1": {
                    "customer_id": "cus_1",
                    "belongs_to": "no account",
                    "account_id": None,
                    "charged_minor": 2900,
                    "charged_currency": "usd",
                }
            },
        ),
        Case(
            name="field failure 28: the account is deleted, and the subscription lives",
            given=(*_BEFORE, dataclasses.replace(_LIVE, account_id="user_1"), _ITEM),
            fires=("sub_1",),
            evidence={"sub_1": {"belongs_to": "an account that does not exist", "named_account_id": "user_1"}},
        ),
        Case(
            name="the account is closed, and the subscription lives",
            given=(*_BEFORE, Account(account_id="user_1", stripe_customer_id="cus_1", active=False), _LIVE, _ITEM),
            fires=("sub_1",),
            evidence={"sub_1": {"belongs_to": "a closed account", "account_id": "user_1"}},
        ),
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
            name="exactly as old as it takes to settle",
            given=(
                *_BEFORE,
                dataclasses.replace(_LIVE, created_at=ago(minutes=15), current_period_start=ago(minutes=15)),
                _ITEM,
            ),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(
                *_BEFORE,
                dataclasses.replace(
                    _LIVE, created_at=ago(minutes=15, seconds=1), current_period_start=ago(minutes=15, seconds=1)
                ),
                _ITEM,
            ),
            fires=("sub_1",),
        ),
        Case(
            name="a supporter without an account, exempted",
            given=(
                *_BEFORE,
                _LIVE,
                _ITEM,
                Exemption(check_id="orphan-subscription", subject="sub_1", owner="finance", reason="a supporter"),
            ),
        ),
    ),
)
