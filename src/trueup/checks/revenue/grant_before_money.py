"""Credits are given for a payment once it has succeeded, or on terms that have not run out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.severity import Severity
from trueup.model.stripe_objects import InvoiceStatus, PaymentStatus, StripeInvoice, StripePaymentIntent

_LATELY = ago(days=3)


def _payment(
    status: PaymentStatus, *, created_at: datetime = _LATELY, delayed: bool = False, amount: int = 1500
) -> StripePaymentIntent:
    received = amount if status is PaymentStatus.SUCCEEDED else 0
    return StripePaymentIntent(
        payment_intent_id="pi_1",
        status=status,
        amount=amount,
        amount_received=received,
        delayed=delayed,
        created_at=created_at,
    )


def _invoice(
    status: InvoiceStatus, *, collection_method: str = "charge_automatically", due_at: datetime | None = None
) -> StripeInvoice:
    return StripeInvoice(
        invoice_id="in_1",
        status=status,
        collection_method=collection_method,
        amount_paid=0,
        created_at=_LATELY,
        due_at=due_at,
    )


_grant = partial(entry, created_at=_LATELY, amount=500)


CHECK = Check(
    id="grant-before-money",
    area=Area.REVENUE,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Credits for a payment that has not succeeded",
    why="The credits can be spent before the money arrives, and when the payment fails they are not taken back.",
    population="SELECT count(*) FROM named_grant WHERE state <> 'unknown'",
    violations="""
WITH early AS (
    SELECT money_id, min(account_id) AS account_id, count(*) AS grants, sum(amount) AS credits_granted,
           min(created_at) AS first_granted_at
    FROM named_grant
    WHERE state = 'pending'
    GROUP BY money_id
),
judged AS (
    SELECT e.money_id, e.account_id, m.customer_id, m.form, m.status, m.is_delayed, e.grants, e.credits_granted,
           e.first_granted_at, m.created_at, m.amount, m.currency,
           m.status <> 'requires_payment_method' AND m.is_delayed AND m.created_at >= $delayed_since AS is_awaited
    FROM early AS e
    JOIN stripe_money AS m ON m.money_id = e.money_id
    JOIN money_credit AS c ON c.money_id = e.money_id
    WHERE c.granted + c.reinstated - c.reversed - c.adjusted_down > 0
      AND m.amount > 0
      AND NOT (m.on_terms AND (m.due_at IS NULL OR m.due_at >= $past_due_since))
)
SELECT money_id AS subject,
       CASE WHEN is_awaited THEN 'info' END       AS severity,
       account_id,
       customer_id,
       form,
       status,
       is_delayed,
       grants,
       credits_granted,
       first_granted_at,
       created_at,
       amount,
       currency,
       CASE WHEN NOT is_awaited THEN amount END AS amount_at_risk
FROM judged
""",
    message="{account_id} was given {credits_granted} credits for {subject}, which is {status}.",
    optional=(
        "ledger_entry.stripe_event_id",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
    ),
    impact=money_at_risk("amount_at_risk", "currency"),
    cases=(
        Case(
            name="the payment has succeeded",
            given=(_payment(PaymentStatus.SUCCEEDED), _grant(payment="pi_1")),
        ),
        Case(
            name="field failure 42: credits before delayed money, and the payment failed later",
            given=(_payment(PaymentStatus.REQUIRES_PAYMENT_METHOD, delayed=True), _grant(payment="pi_1")),
            fires=("pi_1",),
            severities={"pi_1": Severity.ERROR},
            evidence={"pi_1": {"account_id": "user_1", "amount_at_risk": 1500, "credits_granted": Decimal(500)}},
        ),
        Case(
            name="a delayed method inside its window",
            given=(
                _payment(PaymentStatus.PROCESSING, delayed=True, created_at=ago(days=14)),
                _grant(payment="pi_1"),
            ),
            fires=("pi_1",),
            severities={"pi_1": Severity.INFO},
            evidence={"pi_1": {"amount": 1500, "amount_at_risk": None}},
        ),
        Case(
            name="a payment that was canceled is no longer awaited: another finding",
            given=(_payment(PaymentStatus.CANCELED), _grant(payment="pi_1")),
        ),
        Case(
            name="an invoice on terms, on the last moment of the grace after it was due",
            given=(
                _invoice(InvoiceStatus.OPEN, collection_method="send_invoice", due_at=ago(days=16)),
                _grant(invoice="in_1"),
            ),
        ),
        Case(
            name="an invoice on terms, a second past the grace after it was due",
            given=(
                _invoice(InvoiceStatus.OPEN, collection_method="send_invoice", due_at=ago(days=16, seconds=1)),
                _grant(invoice="in_1"),
            ),
            fires=("in_1",),
        ),
    ),
)
