"""A customer is charged once for one thing."""

from __future__ import annotations

from datetime import datetime

from trueup.derived.derivation import ENTRY_LINKS
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, Row
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    PaymentStatus,
    StripeInvoice,
    StripeInvoiceLine,
    StripeInvoicePayment,
    StripePaymentIntent,
)

_FIRST = ago(days=3)
_THREE_MINUTES_LATER = ago(days=3, minutes=-3)


def _payment(
    number: int,
    created_at: datetime,
    *,
    amount: int = 1500,
    currency: str = "usd",
    customer: str | None = "cus_1",
    purpose: str | None = '{"pack":"small"}',
    description: str | None = None,
    status: PaymentStatus = PaymentStatus.SUCCEEDED,
    livemode: bool = True,
) -> StripePaymentIntent:
    return StripePaymentIntent(
        payment_intent_id=f"pi_{number}",
        customer_id=customer,
        status=status,
        amount=amount,
        amount_received=amount,
        currency=currency,
        description=description,
        purpose=purpose,
        created_at=created_at,
        livemode=livemode,
    )


def _invoiced(
    number: int,
    created_at: datetime,
    *,
    price: str = "price_pack",
    subscription: str | None = None,
    billing_reason: str = "manual",
    credited: int = 0,
) -> tuple[Row, ...]:
    """A paid invoice with its line and its payment."""
    return (
        StripeInvoice(
            invoice_id=f"in_{number}",
            subscription_id=subscription,
            billing_reason=billing_reason,
            total=1500,
            amount_paid=1500,
            credited=credited,
            created_at=created_at,
        ),
        StripeInvoiceLine(line_id=f"il_{number}", invoice_id=f"in_{number}", price_id=price, amount=1500),
        StripeInvoicePayment(
            invoice_payment_id=f"ip_{number}", invoice_id=f"in_{number}", payment_intent_id=f"pi_{number}"
        ),
        _payment(number, created_at, purpose=None, description=f"Payment for Invoice {number}"),
    )


_TWICE = (_payment(1, _FIRST), _payment(2, _THREE_MINUTES_LATER))


CHECK = Check(
    id="duplicate-charge",
    area=Area.REVENUE,
    severity=Severity.WARNING,
    revenue_impacting=True,
    title="Charged twice for one thing",
    why="A retry or a second click took the customer's money again. A customer who finds it on a statement asks the "
    "bank for it back, and a dispute costs more than the refund would have.",
    population="""
SELECT count(*)
FROM stripe_payment_intent
WHERE status = 'succeeded' AND amount > 0 AND livemode = $livemode AND created_at >= $period_start
""",
    # A payment's metadata and description say what it was for; an invoice's line prices do. A subscription's invoices
    # repeat on purpose, and two subscriptions at once are another finding. Two payments by the customer that were both
    # credited are two purchases, unless their metadata name one order; two invoices are made by the application, which
    # may have repeated itself.
    violations="""
WITH sold AS (
    SELECT invoice_id, count(*) AS lines, sum(coalesce(quantity, 1)) AS quantity,
           min(coalesce(price_id, '')) AS lowest_price, max(coalesce(price_id, '')) AS highest_price
    FROM stripe_invoice_line
    GROUP BY invoice_id
),
charge AS (
    SELECT p.payment_intent_id, p.customer_id, p.amount, p.currency, p.created_at, coalesce(p.purpose, '') AS purpose,
           n.invoice_id IS NULL AND coalesce(c.granted, 0) > 0 AS is_credited,
           CASE WHEN i.invoice_id IS NULL THEN coalesce(p.description, '')
                ELSE s.lowest_price || ' ' || s.highest_price || ' ' || CAST(s.lines AS VARCHAR)
                     || ' ' || CAST(s.quantity AS VARCHAR) END                 AS what
    FROM stripe_payment_intent AS p
    LEFT JOIN stripe_invoice_payment AS n ON n.payment_intent_id = p.payment_intent_id
    LEFT JOIN stripe_invoice AS i         ON i.invoice_id = n.invoice_id AND i.subscription_id IS NULL
    LEFT JOIN sold AS s                   ON s.invoice_id = i.invoice_id
    LEFT JOIN money_back AS b             ON b.money_id = coalesce(n.invoice_id, p.payment_intent_id)
    LEFT JOIN money_credit AS c           ON c.money_id = coalesce(n.invoice_id, p.payment_intent_id)
    WHERE p.status = 'succeeded'
      AND p.amount > 0
      AND p.customer_id IS NOT NULL
      AND p.livemode = $livemode
      AND p.created_at < $settled_before
      AND (n.invoice_id IS NULL OR s.invoice_id IS NOT NULL)
      AND coalesce(b.returned, 0) + coalesce(b.under_way, 0) + coalesce(i.credited, 0) < p.amount
),
succession AS (
    SELECT payment_intent_id, customer_id, amount, currency, created_at, purpose,
           lag(payment_intent_id) OVER in_order                                        AS first_payment_id,
           is_credited AND lag(is_credited) OVER in_order                              AS both_credited,
           date_diff('second', lag(created_at) OVER in_order, created_at)              AS seconds_apart
    FROM charge
    WINDOW in_order AS (PARTITION BY customer_id, amount, currency, purpose, what
                        ORDER BY created_at, payment_intent_id)
)
SELECT s.payment_intent_id AS subject,
       k.account_id,
       s.customer_id,
       s.first_payment_id,
       s.seconds_apart,
       s.amount,
       s.currency,
       s.purpose,
       s.created_at
FROM succession AS s
LEFT JOIN customer_account AS k ON k.customer_id = s.customer_id
WHERE s.seconds_apart <= $duplicate_charge_seconds
  AND (NOT s.both_credited OR regexp_matches(lower(s.purpose), '"[a-z_]*(order|cart|booking|quote|request)[a-z_]*": "'))
  AND s.created_at >= $period_start
""",
    message="{subject} charged {customer_id} {seconds_apart:second} after {first_payment_id}: the same amount for the same thing.",
    optional=("account", "stripe_customer", "ledger_entry", *ENTRY_LINKS),
    impact=money_at_risk("amount", "currency"),
    cases=(
        Case(name="one charge", given=(_payment(1, _FIRST),)),
        Case(
            name="the same charge three minutes later",
            given=(*_TWICE, Account(account_id="user_1", stripe_customer_id="cus_1")),
            fires=("pi_2",),
            severities={"pi_2": Severity.WARNING},
            evidence={
                "pi_2": {
                    "account_id": "user_1",
                    "first_payment_id": "pi_1",
                    "seconds_apart": 180,
                    "amount": 1500,
                    "currency": "usd",
                }
            },
        ),
        Case(
            name="field failure 7: the app's retries made two paid invoices for one purchase",
            given=(*_invoiced(1, _FIRST), *_invoiced(2, _THREE_MINUTES_LATER)),
            fires=("pi_2",),
        ),
        Case(
            name="two seats bought one after the other with different metadata",
            given=(
                _payment(1, _FIRST, purpose='{"seat":"ada"}'),
                _payment(2, _THREE_MINUTES_LATER, purpose='{"seat":"grace"}'),
            ),
        ),
        Case(
            name="exactly as far apart as the policy says",
            given=(_payment(1, _FIRST), _payment(2, ago(days=3, minutes=-10))),
            fires=("pi_2",),
        ),
        Case(
            name="a second further apart than the policy says",
            given=(_payment(1, _FIRST), _payment(2, ago(days=3, minutes=-10, seconds=-1))),
        ),
    ),
)
