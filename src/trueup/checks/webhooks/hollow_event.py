"""Every credit-bearing event that is marked processed has a ledger entry that names it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.derived.derivation import READ_FOR_OWED
from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import EntryKind, LedgerEntry, WebhookEvent
from trueup.model.severity import Severity


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
    optional=READ_FOR_OWED,
    compares_accounts=True,
    population="""
SELECT count(*) FROM webhook_event
WHERE status = 'processed' AND received_at >= $period_start AND received_at < $settled_before
""",
    # This ledger shows which types bear credits: an app grants on invoice.paid or on invoice.payment_succeeded, never
    # on both. A type counts when half of its events granted, in the period or, so that a failure of most of them does
    # not pass as the rule, in all time while some in the period still grant. Of an event that Stripe lists, its money
    # decides: what that owes, and whether another event of it was credited. An event that Stripe no longer lists may be
    # about anything: then only its money decides (missing-grant). Without Stripe's side, the few such events of a type
    # are reported too. A dispute is closed as won or as lost, and only a won one gives credits back: its type does not
    # say which.
    violations="""
WITH handled AS (
    SELECT w.event_id, w.type, w.received_at, w.processed_at,
           CASE WHEN t.stripe_event_id IS NOT NULL THEN 1 ELSE 0 END AS is_named,
           CASE WHEN t.grants > 0 THEN 1 ELSE 0 END                  AS has_granted,
           CASE WHEN w.received_at >= $period_start THEN 1 ELSE 0 END AS is_recent
    FROM webhook_event AS w
    LEFT JOIN stripe_event_total AS t ON t.stripe_event_id = w.event_id
    WHERE w.status = 'processed' AND w.received_at < $settled_before AND w.type <> 'charge.dispute.closed'
      AND coalesce(w.stripe_account, '') NOT IN (SELECT stripe_account FROM connected_account)
),
credit_bearing AS (
    SELECT type, sum(is_recent) AS events_of_type, sum(is_recent * has_granted) AS of_which_granted
    FROM handled
    GROUP BY type
    HAVING (sum(is_recent * has_granted) * 2 >= sum(is_recent) OR sum(has_granted) * 2 >= count(*))
       AND sum(is_recent * has_granted) > 0
),
hollow AS (
    SELECT h.event_id, h.type, h.received_at, h.processed_at, c.events_of_type, c.of_which_granted,
           listed.event_id IS NOT NULL AS is_listed,
           listed.amount               AS event_amount,
           coalesce(n.money_id, listed.invoice_id, listed.payment_intent_id) AS money_id
    FROM handled AS h
    JOIN credit_bearing AS c         ON c.type = h.type
    LEFT JOIN stripe_event AS listed ON listed.event_id = h.event_id
    LEFT JOIN money_name AS n        ON n.name = h.event_id
    WHERE h.is_named = 0 AND h.is_recent = 1
)
SELECT h.event_id AS subject, h.type, h.received_at, h.processed_at, h.events_of_type, h.of_which_granted,
       h.money_id, o.least_credits AS credits_owed, o.likeness AS guessed_by
FROM hollow AS h
LEFT JOIN stripe_money AS m   ON m.money_id = h.money_id
LEFT JOIN money_owed AS o     ON o.money_id = h.money_id
LEFT JOIN credited_event AS c ON c.event_id = h.event_id
LEFT JOIN customer_account AS k ON k.customer_id = m.customer_id
WHERE c.event_id IS NULL
  AND coalesce(m.account_id, k.account_id, '') NOT IN (SELECT account_id FROM account_standing WHERE is_closed)
  AND CASE WHEN m.money_id IS NOT NULL
           THEN m.state = 'paid' AND o.worth_minor > 0 AND (o.least_credits > 0 OR o.likeness IS NOT NULL)
           WHEN h.is_listed THEN h.event_amount > 0
           ELSE NOT EXISTS (SELECT 1 FROM stripe_reading AS r   -- Stripe may have tried for three days before it arrived
                            WHERE r.relation = 'stripe_event'
                              AND date_diff('second', r.complete_since, h.received_at) < $delivery_seconds) END
""",
    message="{subject} ({type}), received at {received_at}, is marked processed but no ledger entry names it; "
    "{of_which_granted} of {events_of_type:such event} granted credits.",
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
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(*_handled(1, ago(days=2)), _event(2, ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(*_handled(1, ago(days=2)), _event(2, ago(minutes=15, seconds=1))),
            fires=("evt_2",),
        ),
    ),
)
