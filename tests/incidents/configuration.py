"""Configuration: failures 44 to 46 of the design's list."""

from __future__ import annotations

from tests.support.incidents import others
from tests.support.incidents.people import somebody, subscriber
from tests.support.incidents.scenario import QUIET, Findings, Scenario, found
from tests.support.incidents.stage import Stage
from tests.support.stripe.objects import VERSION
from trueup.model.severity import Severity

MOVED_VERSION = "2027-02-24.next"
"""What the endpoint sends since somebody pressed the button."""


def _test_mode_event(stage: Stage) -> Findings:
    event = stage.id("evt")
    stage.recorded(event, "customer.subscription.created", stage.ago(6), livemode=False)
    return (found("mode-mismatch", event, expected_livemode=True),)


def _live_event(stage: Stage) -> Findings:
    stage.recorded(stage.id("evt"), "customer.subscription.created", stage.ago(6))
    return QUIET


def _moved_version(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(62, 32), days=62, period_days=2)
    bill = user.billed(subscription, 2, received=False)
    return (
        found("endpoint-health", others.ENDPOINT, api_version=MOVED_VERSION, expected_api_version=VERSION),
        found("missing-grant", bill.id, account_id=str(user), plan=stage.tier.plan),
        found("undelivered-event", bill.event, account_id=str(user)),
    )


def _version_as_it_was(stage: Stage) -> Findings:
    subscriber(stage, renewed=(62, 32, 2), days=62, period_days=2)
    return QUIET


def _unlimited_by_self_service(stage: Stage) -> Findings:
    user = somebody(stage)
    user.credited(user.buys(9))
    user.change(unlimited_credits=True)
    return (found("unlimited-credits", user, severity=Severity.CRITICAL, repair="switch-off-unlimited", role="user"),)


def _unlimited_administrator(stage: Stage) -> Findings:
    somebody(stage, role="admin", unlimited_credits=True)
    return QUIET


SCENARIOS = (
    Scenario(
        number=44,
        name="test mode in production",
        source="several",
        happened="An event of Stripe's test mode was taken for a live one.",
        catches=("mode-mismatch",),
        incident=_test_mode_event,
        twin=_live_event,
    ),
    Scenario(
        number=45,
        name="the endpoint's version moved",
        source="feedzero PR #69",
        happened="The endpoint was set to a new version of the API, where an invoice's subscription is elsewhere: "
        "the handler found none, answered 200 and did nothing.",
        catches=("endpoint-health", "missing-grant"),
        remark="The handler stopped before it recorded anything, so that undelivered-event is right as well: nothing "
        "shows that the event was received, and it can still be sent again.",
        incident=_moved_version,
        twin=_version_as_it_was,
        endpoint_version=MOVED_VERSION,
    ),
    Scenario(
        number=46,
        name="unlimited by self-service",
        source="several",
        happened="A form that users could send to wrote the flag for unlimited credits.",
        catches=("unlimited-credits",),
        incident=_unlimited_by_self_service,
        twin=_unlimited_administrator,
    ),
)
