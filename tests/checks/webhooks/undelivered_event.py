"""More cases of `undelivered-event`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from decimal import Decimal

from trueup.checks.webhooks.undelivered_event import _BEGAN, _ENDPOINT, _GIVEN, _LATELY, _event
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind, EventStatus, LedgerEntry, WebhookEvent
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    EndpointStatus,
    StripeInvoicePayment,
    StripePaymentIntent,
    StripeReading,
    StripeWebhookEndpoint,
)


def _endpoint(
    events: str, *, number: int = 1, status: EndpointStatus = EndpointStatus.ENABLED, livemode: bool = True
) -> StripeWebhookEndpoint:
    return StripeWebhookEndpoint(endpoint_id=f"we_{number}", enabled_events=events, status=status, livemode=livemode)


CASES: tuple[Case, ...] = (
    Case(
        name="an unusual type, which leads to nothing here",
        given=(
            *_GIVEN,
            WebhookEvent(event_id="evt_2", type="customer.subscription.updated", received_at=ago(days=9)),
            _event(event_type="customer.subscription.updated", amount=None),
        ),
    ),
    Case(
        name="received, and failed, is not undelivered",
        given=(
            *_GIVEN,
            _event(),
            WebhookEvent(event_id="evt_1", status=EventStatus.FAILED, received_at=_LATELY),
        ),
    ),
    Case(
        name="an entry names it: it was received, and its record is another finding",
        given=(
            *_GIVEN,
            _event(),
            LedgerEntry(entry_id=1, kind=EntryKind.SUBSCRIPTION_GRANT, amount=Decimal(5), stripe_event_id="evt_1"),
        ),
    ),
    Case(
        name="the credits came another way",
        given=(
            *_GIVEN,
            _event(),
            LedgerEntry(entry_id=1, kind=EntryKind.SUBSCRIPTION_GRANT, amount=Decimal(5), stripe_invoice_id="in_1"),
        ),
        fires=("evt_1",),
        severities={"evt_1": Severity.WARNING},
        evidence={"evt_1": {"credited": True, "amount_at_risk": None, "account_id": "user_1"}},
    ),
    Case(
        name="the credits came by the payment of its invoice",
        given=(
            *_GIVEN,
            _event(),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            StripePaymentIntent(payment_intent_id="pi_1"),
            LedgerEntry(
                entry_id=1, kind=EntryKind.SUBSCRIPTION_GRANT, amount=Decimal(5), stripe_payment_intent_id="pi_1"
            ),
        ),
        fires=("evt_1",),
        severities={"evt_1": Severity.WARNING},
    ),
    Case(
        name="Stripe is still trying",
        given=(*_GIVEN, _event(ago(hours=1), pending_webhooks=1)),
        fires=("evt_1",),
        evidence={"evt_1": {"pending_webhooks": 1, "days_left": 30}},
    ),
    Case(
        name="an event that bears no credits",
        given=(
            *_GIVEN,
            WebhookEvent(event_id="evt_9", type="customer.updated", received_at=_LATELY),
            _event(event_type="customer.updated"),
        ),
    ),
    Case(
        name="a type that the application has never recorded",
        given=(*_GIVEN, _event(event_type="invoice.payment_succeeded")),
    ),
    Case(
        name="a type that no endpoint subscribes to",
        given=(_BEGAN, _endpoint(",invoice.payment_succeeded,customer.updated,"), _event()),
    ),
    Case(
        name="a type whose name only begins like one that is subscribed to",
        given=(_BEGAN, _endpoint(",invoice.paid_later,"), _event()),
    ),
    Case(
        name="a type that the endpoint names among others",
        given=(_BEGAN, _endpoint(",customer.updated,invoice.paid,"), _event()),
        fires=("evt_1",),
    ),
    Case(
        name="another endpoint subscribes to it",
        given=(_BEGAN, _endpoint(",customer.updated,"), _endpoint(",invoice.paid,", number=2), _event()),
        fires=("evt_1",),
    ),
    Case(
        name="only a retired endpoint subscribed to it",
        given=(
            _BEGAN,
            _endpoint(",invoice.paid,", status=EndpointStatus.DISABLED),
            _endpoint(",customer.updated,", number=2),
            _event(),
        ),
    ),
    Case(
        name="only another system's endpoint asks for it: the application recorded one once, and asks for it no more",
        given=(
            _BEGAN,
            WebhookEvent(event_id="evt_9", type="charge.succeeded", received_at=ago(days=150)),
            _endpoint(",invoice.paid,"),
            _endpoint("*", number=2),
            _event(event_type="charge.succeeded"),
        ),
    ),
    Case(
        name="an event of a connected account, which another endpoint gets",
        given=(
            *_GIVEN,
            StripeReading(relation="stripe_event", stripe_account="acct_own"),
            dataclasses.replace(_event(), stripe_account="acct_seller"),
        ),
    ),
    Case(
        name="an event that names the account that was read",
        given=(
            *_GIVEN,
            StripeReading(relation="stripe_event", stripe_account="acct_own"),
            dataclasses.replace(_event(), stripe_account="acct_own"),
        ),
        fires=("evt_1",),
    ),
    Case(
        name="every endpoint is disabled: nothing is delivered at all",
        given=(_BEGAN, _endpoint(",invoice.paid,", status=EndpointStatus.DISABLED), _event()),
        fires=("evt_1",),
    ),
    Case(
        name="no endpoint is known",
        given=(_BEGAN, _event()),
    ),
    Case(
        name="an endpoint of the test mode subscribes to it",
        given=(_BEGAN, _endpoint("*", livemode=False), _event()),
    ),
    Case(
        name="a test-mode event",
        given=(*_GIVEN, _event(livemode=False)),
    ),
    Case(
        name="older than the oldest record: it may have been recorded and pruned",
        given=(_ENDPOINT, WebhookEvent(event_id="evt_0", received_at=ago(days=4, seconds=-1)), _event()),
    ),
    Case(
        name="as old as the oldest record",
        given=(_ENDPOINT, WebhookEvent(event_id="evt_0", received_at=_LATELY), _event()),
        fires=("evt_1",),
    ),
    Case(
        name="an application without a single record has not begun",
        given=(_ENDPOINT, _event()),
    ),
    Case(
        name="older than the idempotency table",
        given=(*_GIVEN, _event(datetime.fromisoformat("2026-02-09T23:59:59"))),
        policy=Policy(idempotency_since=date(2026, 2, 10)),
    ),
    Case(
        name="the first event that owes a record",
        given=(*_GIVEN, _event(datetime.fromisoformat("2026-02-10"))),
        policy=Policy(idempotency_since=date(2026, 2, 10)),
        fires=("evt_1",),
    ),
    Case(
        name="its last day on Stripe's list",
        given=(*_GIVEN, _event(ago(days=29))),
        fires=("evt_1",),
        evidence={"evt_1": {"days_left": 1}},
    ),
    Case(
        name="field failure 16: thirty days have passed, and it can no longer be listed",
        given=(*_GIVEN, _event(ago(days=31))),
        fires=("evt_1",),
        evidence={"evt_1": {"days_left": 0}},
    ),
    Case(
        name="before the period",
        given=(*_GIVEN, _event(ago(days=45, seconds=1))),
    ),
    Case(
        name="an event without an amount, in no currency",
        given=(*_GIVEN, _event(amount=None)),
        fires=("evt_1",),
        evidence={"evt_1": {"amount_at_risk": None}},
    ),
)
