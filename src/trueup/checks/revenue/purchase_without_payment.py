"""Each purchase of credits names the payment, the invoice or the checkout that paid for it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.derived.money import MONEY_NAMES
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.severity import Severity

_purchase = partial(entry, "entry_1", amount=500)


CHECK = Check(
    id="purchase-without-payment",
    area=Area.REVENUE,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Purchased credits without a payment",
    why="Credits were given out as bought, but nothing shows that they were paid for. If they were paid for, a refund "
    "or a dispute will not find them either.",
    population="""
SELECT count(*)
FROM ledger_entry
WHERE kind = 'purchase' AND posted AND created_at >= $period_start AND created_at < $settled_before
""",
    violations="""
SELECT entry_id AS subject,
       account_id,
       amount,
       created_at,
       stripe_event_id
FROM ledger_entry
WHERE kind = 'purchase'
  AND posted
  AND amount > 0
  AND stripe_payment_intent_id IS NULL
  AND stripe_charge_id IS NULL
  AND stripe_invoice_id IS NULL
  AND stripe_checkout_session_id IS NULL     -- a fully discounted checkout has no payment
  AND created_at >= $period_start
  AND created_at < $settled_before
  AND entry_id NOT IN (SELECT entry_id FROM money_entry WHERE money_id IS NOT NULL)     -- its event says which it is
""",
    message="Entry {subject} gave {account_id} {amount} purchased credits, but names no payment.",
    optional=("ledger_entry.stripe_invoice_id", "ledger_entry.stripe_event_id", *MONEY_NAMES),
    impact=credits_at_risk("amount"),
    cases=(
        Case(
            name="a purchase with its payment intent",
            given=(_purchase(ago(days=3), payment="pi_1"),),
        ),
        Case(
            name="a purchase with nothing behind it",
            given=(_purchase(ago(days=3)),),
            fires=("entry_1",),
            evidence={"entry_1": {"account_id": "user_1", "amount": Decimal(500)}},
        ),
        Case(
            name="an order of zero credits",
            given=(_purchase(ago(days=3), amount=0),),
        ),
        Case(
            name="100 % coupon: a checkout that needed no payment",
            given=(_purchase(ago(days=3), checkout="cs_1"),),
        ),
        Case(
            name="settled for exactly the settle time",
            given=(_purchase(ago(minutes=15)),),
        ),
        Case(
            name="a second past the settle time",
            given=(_purchase(ago(minutes=15, seconds=1)),),
            fires=("entry_1",),
        ),
    ),
)
