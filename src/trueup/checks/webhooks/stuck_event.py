"""Every event that was received is processed within the settle time."""

from __future__ import annotations

from datetime import datetime

from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.policy import Policy
from trueup.model.relations import EventStatus, WebhookEvent
from trueup.model.severity import Severity


def _event(status: EventStatus, when: datetime) -> WebhookEvent:
    return WebhookEvent(event_id="evt_1", status=status, received_at=when)


CHECK = Check(
    id="stuck-event",
    area=Area.WEBHOOKS,
    severity=Severity.WARNING,
    title="Event was received and never processed",
    why="The payment, cancellation or refund that the event reports has not happened in the app.",
    requires=("webhook_event.status",),
    population="SELECT count(*) FROM webhook_event",
    violations="""
SELECT event_id AS subject,
       type, status, received_at,
       date_diff('second', received_at, $now) AS seconds_waiting
FROM webhook_event
WHERE status IN ('processing', 'failed')
  AND received_at < $settled_before
""",
    message="{subject} ({type}) was received at {received_at} and is still {status}.",
    cases=(
        Case(name="a processed event", given=(_event(EventStatus.PROCESSED, ago(days=2)),)),
        Case(
            name="an event that failed",
            given=(_event(EventStatus.FAILED, ago(days=2)),),
            fires=("evt_1",),
            severities={"evt_1": Severity.WARNING},
            evidence={"evt_1": {"type": "invoice.paid", "status": "failed", "seconds_waiting": 172800}},
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(_event(EventStatus.PROCESSING, ago(minutes=15)),),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(_event(EventStatus.PROCESSING, ago(minutes=15, seconds=1)),),
            fires=("evt_1",),
        ),
        Case(
            name="a settle time of the business's own",
            given=(_event(EventStatus.PROCESSING, ago(hours=2)),),
            policy=Policy(settle_minutes=180),
        ),
    ),
)
