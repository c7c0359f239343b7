"""Each Stripe customer that an account names exists in Stripe."""

from __future__ import annotations

import dataclasses

from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import Account
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeCustomer, StripeReading

_READ = StripeReading(relation="stripe_customer")
_ACCOUNT = Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1", created_at=ago(days=90))
_CUSTOMER = StripeCustomer(customer_id="cus_1")

CHECK = Check(
    id="missing-customer",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    title="Account's Stripe customer does not exist",
    why="The account can neither pay nor change nor cancel anything: its checkout and its billing portal fail, and "
    "Stripe's events about the customer who replaced this one never reach it.",
    population="""
SELECT count(DISTINCT a.stripe_customer_id)
FROM account AS a
LEFT JOIN stripe_customer AS c ON c.customer_id = a.stripe_customer_id
WHERE a.active
  AND a.stripe_customer_id IS NOT NULL
  AND (c.customer_id IS NOT NULL
       OR EXISTS (SELECT 1 FROM stripe_reading AS r WHERE r.relation = 'stripe_customer' AND r.complete_since IS NULL))
""",
    # A customer that exists in the other mode is not a missing one.
    violations="""
SELECT a.stripe_customer_id                                            AS subject,
       a.stripe_customer_id,
       min(a.account_id)                                               AS account_id,
       count(*)                                                        AS accounts,
       CASE WHEN count(c.customer_id) > 0 THEN 'deleted' ELSE 'unknown' END AS customer_is
FROM account AS a
JOIN account_standing AS o ON o.account_id = a.account_id AND o.is_settled AND NOT o.is_closed
LEFT JOIN stripe_customer AS c ON c.customer_id = a.stripe_customer_id
WHERE a.stripe_customer_id IS NOT NULL
  AND (c.deleted
       OR (c.customer_id IS NULL
           AND EXISTS (SELECT 1 FROM stripe_reading AS r
                       WHERE r.relation = 'stripe_customer' AND r.complete_since IS NULL)))
GROUP BY a.stripe_customer_id
""",
    message="{subject}, the Stripe customer of {account_id}, is {customer_is} in Stripe.",
    cases=(
        Case(name="the customer is there", given=(_READ, _ACCOUNT, _CUSTOMER)),
        Case(
            name="Stripe does not know the customer",
            given=(_READ, _ACCOUNT),
            fires=("cus_1",),
            severities={"cus_1": Severity.ERROR},
            evidence={"cus_1": {"account_id": "user_1", "accounts": 1, "customer_is": "unknown"}},
        ),
        Case(
            name="field failure 26: the customer was deleted in Stripe",
            given=(_READ, _ACCOUNT, dataclasses.replace(_CUSTOMER, deleted=True)),
            fires=("cus_1",),
            evidence={"cus_1": {"customer_is": "deleted"}},
        ),
        Case(
            name="the listing of customers is not complete: unknown is not absent",
            given=(_ACCOUNT, StripeReading(relation="stripe_customer", complete_since=ago(days=365))),
        ),
        Case(
            name="exactly as old as it takes to settle",
            given=(_READ, dataclasses.replace(_ACCOUNT, created_at=ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(_READ, dataclasses.replace(_ACCOUNT, created_at=ago(minutes=15, seconds=1))),
            fires=("cus_1",),
        ),
    ),
)
