"""Every credit-bearing event that is marked processed has a ledger entry that names it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import EntryKind, EventStatus, LedgerEntry, WebhookEvent
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeEvent, StripeInvoice


def _event(number: int, when: datetime, *, event_type: str = "invoice.paid") -> WebhookEvent:
    return WebhookEvent(event_id=f"evt_{number}", type=event_type, received_at=when, processed_at=when)


def _handled(number: int, when: datetime, *, event_type: str = "invoice.paid") -> tuple[WebhookEvent, LedgerEntry]:
    """An event and the grant it led to."""
    grant = LedgerEntry(
        entry_id=number,
        kind=EntryKind.SUBSCRIPTION_GRANT,
        amount=Decimal(100),
        stripe_event_id=f"evt_{number}",
        created_at=when,
    )
    return _event(number, when, event_type=event_type), grant


CHECK = Check(
    id="hollow-event",
    area=Area.WEBHOOKS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Event is marked processed but granted nothing",
    why="The customer paid and received no credits, and because the event counts as processed, every retry is skipped.",
    requires=("ledger_entry.stripe_event_id",),
    optional=("stripe_event", "stripe_invoice"),
    population="""
SELECT count(*) FROM webhook_event
WHERE status = 'processed' AND received_at >= $period_start AND received_at < $settled_before
""",
    # Which types bear credits is learned from this ledger: an app grants on invoice.paid or on
    # invoice.payment_succeeded, never on both. A type counts when half of its events granted, in the period or, so that
    # a failure of most of them is not mistaken for the rule, in all time while some in the period still grant.
    # An invoice that costs nothing (a trial) owes nothing, where Stripe's side says so; one paid from the customer's
    # balance brings no money either, and does. Without Stripe's side, a type's few such invoices are found too.
    # A dispute is closed as won or as lost, and only a won one gives credits back: its type does not say which.
    violations="""
WITH handled AS (
    SELECT w.event_id, w.type, w.received_at, w.processed_at,
           CASE WHEN t.stripe_event_id IS NOT NULL THEN 1 ELSE 0 END AS is_named,
           CASE WHEN t.grants > 0 THEN 1 ELSE 0 END                  AS has_granted,
           CASE WHEN w.received_at >= $period_start THEN 1 ELSE 0 END AS is_recent
    FROM webhook_event AS w
    LEFT JOIN stripe_event_total AS t ON t.stripe_event_id = w.event_id
    WHERE w.status = 'processed' AND w.received_at < $settled_before AND w.type <> 'charge.dispute.closed'
),
credit_bearing AS (
    SELECT type, sum(is_recent) AS events_of_type, sum(is_recent * has_granted) AS of_which_granted
    FROM handled
    GROUP BY type
    HAVING (sum(is_recent * has_granted) * 2 >= sum(is_recent) OR sum(has_granted) * 2 >= count(*))
       AND sum(is_recent * has_granted) > 0
)
SELECT h.event_id AS subject,
       h.type, h.received_at, h.processed_at, c.events_of_type, c.of_which_granted
FROM handled AS h
JOIN credit_bearing AS c         ON c.type = h.type
LEFT JOIN stripe_event AS told   ON told.event_id = h.event_id
LEFT JOIN stripe_invoice AS bill ON bill.invoice_id = told.invoice_id
WHERE h.is_named = 0
  AND h.is_recent = 1
  AND coalesce(bill.total, told.amount, 1) <> 0
""",
    message="{subject} ({type}) was processed at {processed_at} and no ledger entry names it; "
    "{of_which_granted} of {events_of_type} such events granted credits.",
    cases=(
        Case(name="every event granted", given=(*_handled(1, ago(days=2)), *_handled(2, ago(days=1)))),
        Case(
            name="field failure 4: marked processed before its effect, and the effect failed",
            given=(*_handled(1, ago(days=3)), *_handled(2, ago(days=2)), _event(3, ago(days=1))),
            fires=("evt_3",),
            severities={"evt_3": Severity.ERROR},
            evidence={"evt_3": {"type": "invoice.paid", "events_of_type": 3, "of_which_granted": 2}},
        ),
        Case(
            name="half of a type's events granted",
            given=(*_handled(1, ago(days=2)), _event(2, ago(days=1))),
            fires=("evt_2",),
        ),
        Case(
            name="zero-amount invoices: fewer than half of a type's events granted",
            given=(*_handled(1, ago(days=3)), _event(2, ago(days=2)), _event(3, ago(days=1))),
        ),
        Case(
            name="trial with no invoice to pay, as Stripe's side says",
            given=(
                *_handled(1, ago(days=3)),
                *_handled(2, ago(days=2)),
                _event(3, ago(days=1)),
                StripeEvent(event_id="evt_3", invoice_id="in_3", amount=0, currency="usd"),
                StripeInvoice(invoice_id="in_3", subtotal=0, total=0, amount_paid=0),
            ),
        ),
        Case(
            name="an event of no money, its invoice not read",
            given=(
                *_handled(1, ago(days=3)),
                *_handled(2, ago(days=2)),
                _event(3, ago(days=1)),
                StripeEvent(event_id="evt_3", invoice_id="in_3", amount=0, currency="usd"),
            ),
        ),
        Case(
            name="invoice paid from customer balance: no money moved, and credits are owed",
            given=(
                *_handled(1, ago(days=3)),
                *_handled(2, ago(days=2)),
                _event(3, ago(days=1)),
                StripeEvent(event_id="evt_3", invoice_id="in_3", amount=0, currency="usd"),
                StripeInvoice(invoice_id="in_3", subtotal=2900, total=2900, amount_paid=0),
            ),
            fires=("evt_3",),
        ),
        Case(
            name="event types that never grant",
            given=(
                *_handled(1, ago(days=2)),
                _event(2, ago(days=1), event_type="customer.updated"),
                _event(3, ago(days=1), event_type="invoice.payment_succeeded"),
            ),
        ),
        Case(
            name="a dispute that was lost, where those that were won gave the credits back",
            given=(
                *_handled(1, ago(days=3), event_type="charge.dispute.closed"),
                _event(2, ago(days=1), event_type="charge.dispute.closed"),
            ),
        ),
        Case(
            name="most events of the period failed, of a type that always granted before",
            given=(
                *(row for n in range(1, 6) for row in _handled(n, ago(days=100 + n))),
                *_handled(6, ago(days=9)),
                _event(7, ago(days=8)),
                _event(8, ago(days=7)),
            ),
            fires=("evt_7", "evt_8"),
        ),
        Case(
            name="a type that the app stopped granting on",
            given=(
                *(row for n in range(1, 6) for row in _handled(n, ago(days=100 + n))),
                _event(7, ago(days=8)),
                *_handled(8, ago(days=8), event_type="checkout.session.completed"),
            ),
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(*_handled(1, ago(days=2)), _event(2, ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(*_handled(1, ago(days=2)), _event(2, ago(minutes=15, seconds=1))),
            fires=("evt_2",),
        ),
        Case(
            name="the first moment of the period",
            given=(*_handled(1, ago(days=2)), _event(2, ago(days=45))),
            fires=("evt_2",),
        ),
        Case(
            name="before the period",
            given=(*_handled(1, ago(days=2)), _event(2, ago(days=45, seconds=1))),
        ),
        Case(
            name="an event whose credits are pending",
            given=(
                *_handled(1, ago(days=2)),
                _event(2, ago(days=1)),
                LedgerEntry(
                    entry_id=2,
                    kind=EntryKind.SUBSCRIPTION_GRANT,
                    posted=False,
                    amount=Decimal(100),
                    stripe_event_id="evt_2",
                ),
            ),
        ),
        Case(
            name="an event that is not marked processed is stuck, not hollow",
            given=(
                *_handled(1, ago(days=2)),
                WebhookEvent(event_id="evt_2", status=EventStatus.FAILED, received_at=ago(days=1)),
            ),
        ),
    ),
)
