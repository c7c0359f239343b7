"""Each live subscription belongs to an account that can use it."""

from __future__ import annotations

import dataclasses

from trueup.derived.subscriptions import EXCUSING
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, Plan, PlanPrice
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeCustomer, StripeSubscription, StripeSubscriptionItem

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
    why="A customer is charged, period after period, for a plan that no account can use: one who never got an "
    "account, or one who deleted it and believes to have left.",
    optional=EXCUSING,
    population="""
SELECT count(*)
FROM subscription_standing AS s
JOIN stripe_customer AS c ON c.customer_id = s.customer_id
WHERE s.is_live
""",
    # A customer that was not read might name its account: what is unknown is not reported.
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
    ),
)
