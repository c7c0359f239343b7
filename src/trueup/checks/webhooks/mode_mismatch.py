"""Every webhook event is of the Stripe mode that this environment serves."""

from __future__ import annotations

from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.policy import Policy
from trueup.model.relations import WebhookEvent
from trueup.model.severity import Severity

CHECK = Check(
    id="mode-mismatch",
    area=Area.WEBHOOKS,
    severity=Severity.ERROR,
    title="Event of the wrong Stripe mode",
    why="A test-mode payment costs nothing: a person who can make one is granted plans and credits for free. A live "
    "event in a test environment is a payment that production never hears of.",
    population="SELECT count(*) FROM webhook_event WHERE livemode IS NOT NULL",
    violations="""
SELECT event_id AS subject,
       type, livemode,
       $livemode AS expected_livemode,
       status, received_at
FROM webhook_event
WHERE livemode <> $livemode
""",
    message="{subject} ({type}) of {received_at}: live mode {livemode}, expected {expected_livemode}.",
    cases=(
        Case(name="a live event in production", given=(WebhookEvent(event_id="evt_1"),)),
        Case(
            name="field failure 44: a test-mode event among live ones",
            given=(
                WebhookEvent(event_id="evt_1", received_at=ago(days=2)),
                WebhookEvent(event_id="evt_2", received_at=ago(days=1), livemode=False),
            ),
            fires=("evt_2",),
            severities={"evt_2": Severity.ERROR},
            evidence={"evt_2": {"livemode": False, "expected_livemode": True, "received_at": ago(days=1)}},
        ),
        Case(
            name="a test-mode event in a test environment",
            given=(WebhookEvent(event_id="evt_1", livemode=False),),
            policy=Policy(livemode=False),
        ),
        Case(
            name="a live event in a test environment",
            given=(WebhookEvent(event_id="evt_1"),),
            policy=Policy(livemode=False),
            fires=("evt_1",),
        ),
    ),
)
