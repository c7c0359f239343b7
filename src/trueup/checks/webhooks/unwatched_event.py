"""Each type of Stripe's events that leads to credits is one whose events are read from Stripe."""

from __future__ import annotations

from trueup.checks.case_rows import granted_event
from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import WebhookEvent
from trueup.model.severity import Severity
from trueup.model.stripe_objects import EVENT_TYPES, StripeEvent

_KEPT = ", ".join(f"'{event_type}'" for event_type in EVENT_TYPES)
_READ = StripeEvent(event_id="evt_9", created_at=ago(days=3))


CHECK = Check(
    id="unwatched-event",
    area=Area.WEBHOOKS,
    severity=Severity.ERROR,
    inconclusive=True,
    title="Events that lead to credits but are not read from Stripe",
    why="Whether one of them never arrived is unknown: Stripe's side keeps no events of this type, so a day on which "
    "all of them were lost would look like a quiet one. The checks of invoices and payments still see the money.",
    population="""
SELECT count(DISTINCT w.type)
FROM webhook_event AS w
JOIN stripe_event_total AS t ON t.stripe_event_id = w.event_id
WHERE t.grants > 0 AND w.received_at >= $period_start
""",
    # A type bears credits when half of its events in the period granted: a single entry that names an event of another
    # kind does not make a rule. In some applications the same table also holds events that are not Stripe's.
    violations=f"""
WITH lately AS (
    SELECT w.type,
           count(*)                                      AS events_of_type,
           sum(CASE WHEN t.grants > 0 THEN 1 ELSE 0 END) AS of_which_granted,
           max(w.received_at)                            AS last_received_at
    FROM webhook_event AS w
    LEFT JOIN stripe_event_total AS t ON t.stripe_event_id = w.event_id
    WHERE w.received_at >= $period_start
      AND starts_with(w.event_id, 'evt_')
    GROUP BY w.type
),
read AS (                              -- how many of its events Stripe's side has in any case
    SELECT type, count(*) AS events FROM stripe_event GROUP BY type
)
SELECT l.type AS subject, l.events_of_type, l.of_which_granted, l.last_received_at
FROM lately AS l
LEFT JOIN read ON read.type = l.type
WHERE l.type NOT IN ({_KEPT})
  AND read.type IS NULL
  AND l.of_which_granted > 0
  AND 2 * l.of_which_granted >= l.events_of_type
""",
    message="{of_which_granted} of {events_of_type} {subject} events led to credits, but none of this type is read from "
    "Stripe: whether any never arrived is unknown",
    requires=("ledger_entry.stripe_event_id",),
    cases=(
        Case(name="credits come with a type that is read", given=(_READ, *granted_event("invoice.paid"))),
        Case(
            name="credits come with a type that is not read",
            given=(_READ, *granted_event("invoice.finalized")),
            fires=("invoice.finalized",),
            evidence={"invoice.finalized": {"events_of_type": 1, "of_which_granted": 1}},
        ),
        Case(
            name="a type that is not read and led to nothing",
            given=(_READ, WebhookEvent(event_id="evt_1", type="invoice.finalized", received_at=ago(days=10))),
        ),
        Case(
            name="half of a type's events granted",
            given=(
                _READ,
                *granted_event("invoice.finalized"),
                WebhookEvent(event_id="evt_2", type="invoice.finalized", received_at=ago(days=9)),
            ),
            fires=("invoice.finalized",),
        ),
        Case(
            name="fewer than half of a type's events granted",
            given=(
                _READ,
                *granted_event("invoice.finalized"),
                WebhookEvent(event_id="evt_2", type="invoice.finalized", received_at=ago(days=9)),
                WebhookEvent(event_id="evt_3", type="invoice.finalized", received_at=ago(days=8)),
            ),
        ),
        Case(name="before the period", given=(_READ, *granted_event("invoice.finalized", when=ago(days=46)))),
    ),
)
