"""Each purchase and each subscription grant that names a payment or an invoice names one that was paid."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.model.check import Case, Check, EvidenceRow, ago
from trueup.model.finding import Area
from trueup.model.money import Impact
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripePaymentIntent, StripeReading

_LATELY = ago(days=3)
_WHOLE = (
    StripeReading(relation="stripe_invoice"),
    StripeReading(relation="stripe_payment_intent"),
    StripeReading(relation="stripe_checkout_session"),
)


def _impact(row: EvidenceRow) -> Impact:
    """The money that was never paid; for an id that Stripe does not have, only the credits are known."""
    amount, currency, kept = row["amount"], row["currency"], row["credits_kept"]
    if isinstance(amount, int) and isinstance(currency, str):
        return Impact(money={currency: abs(amount)})
    return Impact(credits=abs(kept)) if isinstance(kept, Decimal) else Impact()


_grant = partial(entry, created_at=_LATELY, amount=500)


CHECK = Check(
    id="grant-without-money",
    area=Area.REVENUE,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Credits for money that Stripe does not have",
    why="The entry looks paid for, so it is not looked at again, but it was not: the payment was canceled, belongs to "
    "the test mode, or was made up. This is what a forged purchase looks like. What belongs to a connected account "
    "(Stripe Connect) is not among the objects that are read: where `stripe_account` of `ledger_entry` is mapped, it is "
    "unknown and no finding.",
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
            name="it is not known how far back Stripe was read: unknown is not absent",
            given=(_grant(payment="pi_made_up"),),
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
    ),
)
