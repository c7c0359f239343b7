"""Every credit-bearing event that is marked processed has a ledger entry that names it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

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
    optional=(
        "stripe_event",
        "stripe_invoice",
        "stripe_invoice_line",
        "stripe_invoice_payment",
        "plan",
        "plan_price",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
    ),
    compares_accounts=True,
    population="""
SELECT count(*) FROM webhook_event
WHERE status = 'processed' AND received_at >= $period_start AND received_at < $settled_before
""",
    # This ledger shows which types bear credits: an app grants on invoice.paid or on invoice.payment_succeeded, never
    # on both. A type counts when half of its events granted, in the period or, so that a failure of most of them does
    # not pass as the rule, in all time while some in the period still grant. An invoice that costs nothing (a trial)
    # owes nothing, where Stripe's side says so; one paid from the customer's balance brings no money either, but owes
    # its credits. An event also owes nothing if another event of the same money was credited, if it is about a
    # subscription's invoice whose lines owe no credits (a plan without any, another application's product, a change of
    # plan), or about a checkout that is not paid yet. An event that Stripe no longer lists may be any of these: then
    # only its money decides (missing-grant). Without Stripe's side, the few such events of a type are reported too. A
    # dispute is closed as won or as lost, and only a won one gives credits back: its type does not say which.
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
           listed.event_id IS NOT NULL         AS is_listed,
           listed.object_id, listed.payment_intent_id,
           bill.invoice_id, bill.subscription_id,
           coalesce(bill.total, listed.amount) AS amount
    FROM handled AS h
    JOIN credit_bearing AS c         ON c.type = h.type
    LEFT JOIN stripe_event AS listed   ON listed.event_id = h.event_id
    LEFT JOIN stripe_invoice AS bill ON bill.invoice_id = listed.invoice_id
    WHERE h.is_named = 0 AND h.is_recent = 1
),
named AS (                             -- the ids by which an entry may name the event's money
    SELECT event_id, invoice_id AS name FROM hollow
    UNION
    SELECT event_id, payment_intent_id FROM hollow
    UNION
    SELECT event_id, object_id FROM hollow
    UNION
    SELECT h.event_id, p.payment_intent_id
    FROM hollow AS h
    JOIN stripe_invoice_payment AS p ON p.invoice_id = h.invoice_id
    UNION
    SELECT h.event_id, p.invoice_id
    FROM hollow AS h
    JOIN stripe_invoice_payment AS p ON p.payment_intent_id = h.payment_intent_id
    UNION
    SELECT h.event_id, other.event_id
    FROM hollow AS h
    JOIN stripe_event AS other ON other.invoice_id = h.invoice_id
    UNION
    SELECT h.event_id, other.event_id
    FROM hollow AS h
    JOIN stripe_event AS other ON other.payment_intent_id = h.payment_intent_id
),
credit AS (
    SELECT stripe_event_id, stripe_payment_intent_id, stripe_invoice_id, stripe_checkout_session_id
    FROM stripe_entry
    WHERE kind <> 'promotional_grant' AND amount > 0
),
credited AS (                          -- through another event of the same money
    SELECT n.event_id FROM named AS n JOIN credit AS c ON c.stripe_invoice_id = n.name
    UNION
    SELECT n.event_id FROM named AS n JOIN credit AS c ON c.stripe_payment_intent_id = n.name
    UNION
    SELECT n.event_id FROM named AS n JOIN credit AS c ON c.stripe_checkout_session_id = n.name
    UNION
    SELECT n.event_id FROM named AS n JOIN credit AS c ON c.stripe_event_id = n.name
),
line AS (                              -- whether a line of a subscription's invoice owes credits
    SELECT l.invoice_id,
           CASE WHEN l.proration AND ($proration <> 'proportional' OR l.amount <= 0) THEN 0
                ELSE coalesce(p.credits_per_period, 0) END AS credits
    FROM stripe_invoice_line AS l
    JOIN hollow                    ON hollow.invoice_id = l.invoice_id AND hollow.subscription_id IS NOT NULL
    LEFT JOIN plan_price AS by_id  ON by_id.price_id = l.price_id
    LEFT JOIN plan_price AS by_key ON by_key.price_id = l.lookup_key
    LEFT JOIN plan AS p            ON p.plan = coalesce(by_id.plan, by_key.plan)
),
without_credits AS (
    SELECT invoice_id FROM line GROUP BY invoice_id HAVING max(credits) = 0
)
SELECT event_id AS subject, type, received_at, processed_at, events_of_type, of_which_granted
FROM hollow
WHERE coalesce(amount, CASE WHEN is_listed THEN 0 ELSE 1 END) <> 0
  AND event_id NOT IN (SELECT event_id FROM credited)
  AND (invoice_id IS NULL OR invoice_id NOT IN (SELECT invoice_id FROM without_credits))
  AND (is_listed
       OR NOT EXISTS (SELECT 1 FROM stripe_reading AS r   -- Stripe may have tried for three days before it arrived
                      WHERE r.relation = 'stripe_event'
                        AND date_diff('second', r.complete_since, hollow.received_at) < $delivery_seconds))
""",
    message="{subject} ({type}), received at {received_at}, is marked processed but no ledger entry names it; "
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
