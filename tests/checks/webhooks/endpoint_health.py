"""More cases of `endpoint-health`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.case_rows import granted_event
from trueup.checks.webhooks.endpoint_health import _DISABLED, _endpoint
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import Exemption, WebhookEvent
from trueup.model.stripe_objects import StripeEvent

_OLD, _NEW = "2024-06-20", "2026-10-28.endive"

CASES: tuple[Case, ...] = (
    Case(
        name="a type that bore credits is no longer asked for",
        given=(_endpoint(",customer.subscription.updated,"), *granted_event()),
        fires=("we_1",),
        evidence={
            "we_1": {
                "missing_type": "invoice.paid",
                "problem": "is not asked for invoice.paid, which bore credits",
            }
        },
    ),
    Case(
        name="one of two types that bear credits is no longer asked for",
        given=(
            _endpoint(",invoice.paid,"),
            *granted_event(),
            *granted_event("checkout.session.completed", number=2, when=ago(days=20)),
        ),
        fires=("we_1",),
        evidence={"we_1": {"missing_type": "checkout.session.completed"}},
    ),
    Case(
        name="each of two endpoints asks for one of the types",
        given=(
            _endpoint(",invoice.paid,"),
            _endpoint(",checkout.session.completed,", number=2),
            *granted_event(),
            *granted_event("checkout.session.completed", number=2),
        ),
    ),
    Case(
        name="missing everywhere is the finding of the endpoint that carries most",
        given=(
            _endpoint(",charge.refunded,"),
            _endpoint(",charge.refunded,charge.dispute.closed,", number=2),
            *granted_event(),
        ),
        fires=("we_2",),
    ),
    Case(
        name="a type that was given up for its sibling, which has granted since",
        given=(
            _endpoint(",invoice.paid,"),
            *granted_event("invoice.payment_succeeded", when=ago(days=20)),
            *granted_event(number=2, when=ago(days=10)),
        ),
    ),
    Case(
        name="a type that was given up for its sibling, which has granted nothing since",
        given=(
            _endpoint(",invoice.paid,"),
            *granted_event("invoice.payment_succeeded", when=ago(days=10)),
            *granted_event(number=2, when=ago(days=20)),
        ),
        fires=("we_1",),
    ),
    Case(
        name="a type that last bore credits before the period",
        given=(_endpoint(",customer.subscription.updated,"), *granted_event(when=ago(days=45, seconds=1))),
    ),
    Case(
        name="a type that last bore credits on the first moment of the period",
        given=(_endpoint(",customer.subscription.updated,"), *granted_event(when=ago(days=45))),
        fires=("we_1",),
    ),
    Case(
        name="the version that the granting events carried",
        given=(_endpoint(api_version=_OLD), *granted_event(api_version=_OLD)),
    ),
    Case(
        name="field failure 45: the endpoint's version moved",
        given=(
            _endpoint(api_version=_NEW),
            *granted_event(api_version=_OLD),
            WebhookEvent(event_id="evt_9", received_at=ago(days=1), api_version=_NEW),
        ),
        fires=("we_1",),
        evidence={"we_1": {"api_version": _NEW, "expected_api_version": _OLD}},
    ),
    Case(
        name="the version moved, and events of the new one have granted",
        given=(
            _endpoint(api_version=_NEW),
            *granted_event(api_version=_OLD),
            *granted_event(number=2, api_version=_NEW, when=ago(days=1)),
        ),
    ),
    Case(
        name="an endpoint without a version of its own: unknown is not wrong",
        given=(_endpoint(), *granted_event(api_version=_OLD)),
    ),
    Case(
        name="nobody recorded which version the events carried",
        given=(_endpoint(api_version=_NEW), *granted_event()),
    ),
    Case(
        name="another system's endpoint of another version, beside the application's own",
        given=(_endpoint(api_version=_OLD), _endpoint(number=2, api_version=_NEW), *granted_event(api_version=_OLD)),
    ),
    Case(
        name="an endpoint of another version that carries nothing that bears credits",
        given=(
            _endpoint(api_version=_OLD),
            _endpoint(",customer.subscription.deleted,", number=2, api_version=_NEW),
            *granted_event(api_version=_OLD),
        ),
    ),
    Case(
        name="another version than the policy says",
        given=(_endpoint(api_version=_NEW),),
        policy=Policy(webhook_api_version=_OLD),
        fires=("we_1",),
        evidence={"we_1": {"expected_api_version": _OLD}},
    ),
    Case(
        name="the version that the policy says, whatever older events carried",
        given=(_endpoint(api_version=_NEW), *granted_event(api_version=_OLD)),
        policy=Policy(webhook_api_version=_NEW),
    ),
    Case(
        name="another system's endpoint is disabled: the types that it lists were never recorded",
        given=(
            _endpoint(",invoice.paid,"),
            _endpoint(",charge.dispute.created,charge.refunded,", number=2, status=_DISABLED),
            *granted_event(),
            StripeEvent(event_id="evt_8", type="charge.refunded"),
        ),
    ),
    Case(
        name="another system's endpoint of another version, and the application's own of the wrong one",
        given=(
            _endpoint(",invoice.paid,", api_version=_NEW),
            _endpoint(",customer.created,charge.succeeded,charge.refunded,", number=2, api_version="2026-01-01.x"),
            *granted_event(api_version=_OLD),
            StripeEvent(event_id="evt_8", type="charge.refunded"),
        ),
        fires=("we_1",),
    ),
    Case(
        name="switched off on purpose, exempted",
        given=(
            _endpoint(status=_DISABLED),
            Exemption(check_id="endpoint-health", subject="we_1", owner="platform", reason="moved to a queue"),
        ),
    ),
)
