"""Each purchase and each subscription grant that names a payment or an invoice names one that was paid."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.model.check import Case, Check, EvidenceRow, ago
from trueup.model.finding import Area
from trueup.model.money import Impact
from trueup.model.relations import EntryKind, Exemption, LedgerEntry
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    CheckoutPayment,
    InvoiceStatus,
    PaymentStatus,
    StripeCheckoutSession,
    StripeInvoice,
    StripeInvoicePayment,
    StripePaymentIntent,
    StripeReading,
)

_LATELY = ago(days=3)
_WHOLE = (
    StripeReading(relation="stripe_invoice"),
    StripeReading(relation="stripe_payment_intent"),
    StripeReading(relation="stripe_checkout_session"),
)


def _impact(row: EvidenceRow) -> Impact:
    """The money that was never paid; of what Stripe does not have, only the credits are known."""
    amount, currency, kept = row["amount"], row["currency"], row["credits_kept"]
    if isinstance(amount, int) and isinstance(currency, str):
        return Impact(money={currency: abs(amount)})
    return Impact(credits=abs(kept)) if isinstance(kept, Decimal) else Impact()


def _grant(
    *,
    entry_id: int = 1,
    payment: str | None = None,
    invoice: str | None = None,
    checkout: str | None = None,
    event: str | None = None,
    amount: int = 500,
    kind: EntryKind = EntryKind.PURCHASE,
    created_at: datetime = _LATELY,
    posted: bool = True,
) -> LedgerEntry:
    return LedgerEntry(
        entry_id=entry_id,
        kind=kind,
        amount=Decimal(amount),
        posted=posted,
        stripe_event_id=event,
        stripe_payment_intent_id=payment,
        stripe_invoice_id=invoice,
        stripe_checkout_session_id=checkout,
        created_at=created_at,
    )


CHECK = Check(
    id="grant-without-money",
    area=Area.REVENUE,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Credits for money that Stripe does not have",
    why="The entry looks paid for, so nobody looks again, and it was not: the payment was canceled, belongs to the test "
    "mode, or was made up. This is what a forged purchase looks like.",
    population="SELECT count(*) FROM named_grant WHERE state <> 'unknown'",
    violations="""
WITH unfounded AS (
    SELECT money_id, min(account_id) AS account_id, count(*) AS grants, sum(amount) AS credits_granted,
           min(created_at) AS first_granted_at,
           CAST(arg_min(entry_id, (created_at, entry_id)) AS VARCHAR) AS first_entry_id
    FROM named_grant
    WHERE state = 'none'
    GROUP BY money_id
)
SELECT u.money_id AS subject,
       u.account_id,
       u.grants,
       u.credits_granted,
       c.granted + c.reinstated - c.reversed - c.adjusted_down AS credits_kept,
       u.first_entry_id,
       u.first_granted_at,
       CASE WHEN m.money_id IS NULL THEN 'not there'
            WHEN m.livemode = $livemode THEN m.status
            WHEN m.livemode THEN 'live mode'
            ELSE 'test mode' END                               AS status,
       m.customer_id,
       m.amount,
       m.currency
FROM unfounded AS u
JOIN money_credit AS c      ON c.money_id = u.money_id
LEFT JOIN stripe_money AS m ON m.money_id = u.money_id
WHERE c.granted + c.reinstated - c.reversed - c.adjusted_down > 0
  AND (m.money_id IS NULL OR m.amount > 0)
""",
    message="{account_id} was given {credits_granted} credits for {subject}, which Stripe calls {status}.",
    optional=(
        "ledger_entry.stripe_event_id",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
    ),
    impact=_impact,
    cases=(
        Case(
            name="the payment is there and succeeded",
            given=(*_WHOLE, StripePaymentIntent(payment_intent_id="pi_1"), _grant(payment="pi_1")),
        ),
        Case(
            name="a payment that Stripe does not have",
            given=(*_WHOLE, _grant(payment="pi_made_up")),
            fires=("pi_made_up",),
            severities={"pi_made_up": Severity.ERROR},
            evidence={
                "pi_made_up": {
                    "account_id": "user_1",
                    "status": "not there",
                    "credits_kept": Decimal(500),
                    "first_entry_id": "1",
                    "amount": None,
                }
            },
        ),
        Case(
            name="an invoice, and a checkout, that Stripe does not have",
            given=(
                *_WHOLE,
                _grant(invoice="in_made_up", kind=EntryKind.SUBSCRIPTION_GRANT),
                _grant(entry_id=2, checkout="cs_made_up"),
            ),
            fires=("cs_made_up", "in_made_up"),
        ),
        Case(
            name="nobody says how far back Stripe was read: unknown is not absent",
            given=(_grant(payment="pi_made_up"),),
        ),
        Case(
            name="another relation was read whole, this one was not",
            given=(StripeReading(relation="stripe_invoice"), _grant(payment="pi_made_up")),
        ),
        Case(
            name="read back far enough for a payment: sixty days before the grant",
            given=(
                StripeReading(relation="stripe_payment_intent", complete_since=ago(days=63)),
                _grant(payment="pi_made_up"),
            ),
            fires=("pi_made_up",),
        ),
        Case(
            name="the payment may be older than what was read",
            given=(
                StripeReading(relation="stripe_payment_intent", complete_since=ago(days=63, seconds=-1)),
                _grant(payment="pi_made_up"),
            ),
        ),
        Case(
            name="read back far enough for an invoice: a year before the grant",
            given=(
                StripeReading(relation="stripe_invoice", complete_since=ago(days=369)),
                _grant(invoice="in_made_up"),
            ),
            fires=("in_made_up",),
        ),
        Case(
            name="yearly invoice backing twelve monthly grants, older than what was read",
            given=(
                StripeReading(relation="stripe_invoice", complete_since=ago(days=369, seconds=-1)),
                _grant(invoice="in_last_year", kind=EntryKind.SUBSCRIPTION_GRANT),
            ),
        ),
        Case(
            name="made after Stripe was read",
            given=(
                StripeReading(relation="stripe_payment_intent", read_at=_LATELY),
                _grant(payment="pi_new"),
            ),
        ),
        Case(
            name="made a second before Stripe was read",
            given=(
                StripeReading(relation="stripe_payment_intent", read_at=ago(days=3, seconds=-1)),
                _grant(payment="pi_made_up"),
            ),
            fires=("pi_made_up",),
        ),
        Case(
            name="field failure 44: the payment belongs to the test mode",
            given=(
                *_WHOLE,
                StripePaymentIntent(payment_intent_id="pi_1", amount_received=1500, livemode=False),
                _grant(payment="pi_1"),
            ),
            fires=("pi_1",),
            evidence={"pi_1": {"status": "test mode", "amount": 1500, "currency": "usd"}},
        ),
        Case(
            name="a payment that was canceled",
            given=(
                *_WHOLE,
                StripePaymentIntent(payment_intent_id="pi_1", status=PaymentStatus.CANCELED, currency="jpy"),
                _grant(payment="pi_1"),
            ),
            fires=("pi_1",),
            evidence={"pi_1": {"status": "canceled", "currency": "jpy"}},
        ),
        Case(
            name="an invoice that was voided, and one that was given up",
            given=(
                *_WHOLE,
                StripeInvoice(invoice_id="in_1", status=InvoiceStatus.VOID),
                StripeInvoice(invoice_id="in_2", status=InvoiceStatus.UNCOLLECTIBLE),
                _grant(invoice="in_1"),
                _grant(entry_id=2, invoice="in_2"),
            ),
            fires=("in_1", "in_2"),
        ),
        Case(
            name="an invoice that is still open is another finding",
            given=(*_WHOLE, StripeInvoice(invoice_id="in_1", status=InvoiceStatus.OPEN), _grant(invoice="in_1")),
        ),
        Case(
            name="an invoice of zero was paid: 100 % coupon",
            given=(*_WHOLE, StripeInvoice(invoice_id="in_1", total=0, amount_paid=0), _grant(invoice="in_1")),
        ),
        Case(
            name="invoice paid from customer balance",
            given=(*_WHOLE, StripeInvoice(invoice_id="in_1", amount_paid=0), _grant(invoice="in_1")),
        ),
        Case(
            name="a voided invoice of zero",
            given=(
                *_WHOLE,
                StripeInvoice(invoice_id="in_1", total=0, status=InvoiceStatus.VOID),
                _grant(invoice="in_1"),
            ),
        ),
        Case(
            name="the payment was canceled, its invoice was paid another way",
            given=(
                *_WHOLE,
                StripeInvoice(invoice_id="in_1"),
                StripeInvoicePayment(invoice_payment_id="ip_1"),
                StripePaymentIntent(payment_intent_id="pi_1", status=PaymentStatus.CANCELED),
                _grant(payment="pi_1"),
            ),
        ),
        Case(
            name="the payment is there, its invoice is older than what was read",
            given=(
                *_WHOLE,
                StripeInvoicePayment(invoice_payment_id="ip_1", invoice_id="in_old"),
                StripePaymentIntent(payment_intent_id="pi_1"),
                _grant(payment="pi_1"),
            ),
        ),
        Case(
            name="one of the things it names was paid",
            given=(*_WHOLE, StripePaymentIntent(payment_intent_id="pi_1"), _grant(invoice="in_gone", payment="pi_1")),
        ),
        Case(
            name="a checkout that expired without a payment",
            given=(
                *_WHOLE,
                StripeCheckoutSession(
                    checkout_session_id="cs_1",
                    status="expired",
                    payment_status=CheckoutPayment.UNPAID,
                    payment_intent_id=None,
                ),
                _grant(checkout="cs_1"),
            ),
            fires=("cs_1",),
        ),
        Case(
            name="it names an event that is unknown, and nothing else",
            given=(*_WHOLE, _grant(event="evt_old")),
        ),
        Case(
            name="an id that is not Stripe's: a charge, another processor",
            given=(*_WHOLE, _grant(payment="ch_1"), _grant(entry_id=2, invoice="PAYPAL-7")),
        ),
        Case(
            name="taken back",
            given=(
                *_WHOLE,
                _grant(payment="pi_made_up"),
                _grant(entry_id=2, payment="pi_made_up", amount=-500, kind=EntryKind.CLAWBACK),
            ),
        ),
        Case(
            name="goodwill, and a promotional extra, owe no money",
            given=(
                *_WHOLE,
                _grant(payment="pi_made_up", kind=EntryKind.ADJUSTMENT),
                _grant(entry_id=2, payment="pi_made_up", kind=EntryKind.PROMOTIONAL_GRANT),
            ),
        ),
        Case(
            name="a pending entry has given nothing yet",
            given=(*_WHOLE, _grant(payment="pi_made_up", posted=False)),
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(*_WHOLE, _grant(payment="pi_made_up", created_at=ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(*_WHOLE, _grant(payment="pi_made_up", created_at=ago(minutes=15, seconds=1))),
            fires=("pi_made_up",),
        ),
        Case(
            name="on the first moment of the period",
            given=(*_WHOLE, _grant(payment="pi_made_up", created_at=ago(days=45))),
            fires=("pi_made_up",),
        ),
        Case(
            name="before the period",
            given=(*_WHOLE, _grant(payment="pi_made_up", created_at=ago(days=45, seconds=1))),
        ),
        Case(
            name="sold through another processor, exempted",
            given=(
                *_WHOLE,
                _grant(payment="pi_made_up"),
                Exemption(
                    check_id="grant-without-money", subject="pi_made_up", owner="finance", reason="migrated by hand"
                ),
            ),
        ),
    ),
)
