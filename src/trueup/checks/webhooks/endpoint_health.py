"""Each webhook endpoint that carries billing events is enabled, asks for those that bear credits, in a known version."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import EntryKind, LedgerEntry, Row, WebhookEvent
from trueup.model.severity import Severity
from trueup.model.stripe_objects import EndpointStatus, StripeWebhookEndpoint


def _endpoint(
    events: str = "*",
    *,
    number: int = 1,
    status: EndpointStatus = EndpointStatus.ENABLED,
    api_version: str | None = None,
    livemode: bool = True,
) -> StripeWebhookEndpoint:
    return StripeWebhookEndpoint(
        endpoint_id=f"we_{number}",
        enabled_events=events,
        status=status,
        api_version=api_version,
        livemode=livemode,
    )


def _granted(
    event_type: str = "invoice.paid",
    *,
    number: int = 1,
    when: datetime | None = None,
    api_version: str | None = None,
) -> tuple[Row, ...]:
    """An event that was received and granted credits."""
    received_at = when or ago(days=10)
    return (
        WebhookEvent(
            event_id=f"evt_{number}",
            type=event_type,
            received_at=received_at,
            processed_at=received_at,
            api_version=api_version,
        ),
        LedgerEntry(
            entry_id=number,
            kind=EntryKind.SUBSCRIPTION_GRANT,
            amount=Decimal(1000),
            stripe_event_id=f"evt_{number}",
            created_at=received_at,
        ),
    )


_DISABLED = EndpointStatus.DISABLED

CHECK = Check(
    id="endpoint-health",
    area=Area.WEBHOOKS,
    severity=Severity.ERROR,
    title="Webhook endpoint does not carry what it should",
    why="Events that are not sent, or arrive in a shape that the handler does not read, look from inside like quiet days: "
    "customers pay, and nothing happens.",
    population="SELECT count(*) FROM stripe_webhook_endpoint WHERE livemode = $livemode",
    # Which types bear credits is learned from this ledger; which versions the handler reads, from the events that have
    # granted, unless the policy says it. A disabled endpoint whose billing events another one carries was replaced, and
    # a type whose sibling has granted since was given up. An unknown version is not a wrong one.
    violations="""
WITH billing_type AS (
    SELECT 'invoice.paid' AS type, 'invoice' AS family
    UNION ALL SELECT 'invoice.payment_succeeded', 'invoice'
    UNION ALL SELECT 'checkout.session.completed', 'purchase'
    UNION ALL SELECT 'checkout.session.async_payment_succeeded', 'delayed purchase'
    UNION ALL SELECT 'payment_intent.succeeded', 'purchase'
    UNION ALL SELECT 'charge.succeeded', 'purchase'
    UNION ALL SELECT 'charge.refunded', 'refund'
    UNION ALL SELECT 'charge.dispute.created', 'dispute'
    UNION ALL SELECT 'charge.dispute.closed', 'dispute end'
    UNION ALL SELECT 'customer.subscription.created', 'subscription'
    UNION ALL SELECT 'customer.subscription.updated', 'subscription change'
    UNION ALL SELECT 'customer.subscription.deleted', 'subscription end'
),
carried AS (                           -- which billing types each endpoint asks for
    SELECT w.endpoint_id, w.status, w.api_version, b.type, b.family
    FROM stripe_webhook_endpoint AS w
    JOIN billing_type AS b ON w.enabled_events = '*' OR strpos(w.enabled_events, ',' || b.type || ',') > 0
    WHERE w.livemode = $livemode
),
granting AS (                          -- the events that led to credits lately
    SELECT w.type, w.api_version, w.received_at
    FROM webhook_event AS w
    JOIN stripe_event_total AS t ON t.stripe_event_id = w.event_id
    WHERE t.grants > 0 AND w.received_at >= $period_start
),
granting_type AS (
    SELECT b.type, b.family, max(g.received_at) AS last_at
    FROM granting AS g
    JOIN billing_type AS b ON b.type = g.type
    GROUP BY b.type, b.family
),
subscribed AS (
    SELECT DISTINCT type FROM carried WHERE status = 'enabled'
),
missing AS (
    SELECT g.type
    FROM granting_type AS g
    WHERE g.type NOT IN (SELECT type FROM subscribed)
      AND NOT EXISTS (SELECT 1 FROM granting_type AS sibling
                      WHERE sibling.family = g.family AND sibling.last_at > g.last_at
                        AND sibling.type IN (SELECT type FROM subscribed))
),
missing_total AS (
    SELECT count(*) AS types, min(type) AS first_type FROM missing
),
carrier AS (                           -- the enabled endpoint that is most likely the application's own
    SELECT arg_min(endpoint_id, (-types, endpoint_id)) AS endpoint_id
    FROM (SELECT endpoint_id, count(*) AS types FROM carried WHERE status = 'enabled' GROUP BY endpoint_id) AS counted
),
replaced AS (                          -- disabled, and what it carried is not carried any more
    SELECT c.endpoint_id, count(*) AS types, min(c.type) AS first_type
    FROM carried AS c
    WHERE c.status = 'disabled' AND c.type NOT IN (SELECT type FROM subscribed)
    GROUP BY c.endpoint_id
),
version AS (
    SELECT $webhook_api_version AS api_version WHERE $webhook_api_version <> ''
    UNION
    SELECT api_version FROM granting WHERE $webhook_api_version = '' AND api_version IS NOT NULL
),
version_total AS (
    SELECT count(*) AS versions, max(api_version) AS newest FROM version
),
credit_carrier AS (
    SELECT DISTINCT c.endpoint_id, c.api_version
    FROM carried AS c
    WHERE c.status = 'enabled' AND c.family IN ('invoice', 'purchase', 'delayed purchase')
),
readable AS (
    SELECT count(*) AS endpoints
    FROM credit_carrier
    WHERE api_version IS NULL OR api_version IN (SELECT api_version FROM version)
),
unreadable_version AS (
    SELECT c.endpoint_id, c.api_version
    FROM credit_carrier AS c
    CROSS JOIN readable
    CROSS JOIN version_total
    WHERE readable.endpoints = 0 AND version_total.versions > 0
),
judged AS (
    SELECT w.endpoint_id, w.url, w.status, w.api_version,
           coalesce(r.types, CASE WHEN k.endpoint_id IS NOT NULL THEN m.types END, 0) AS missing_types,
           coalesce(r.first_type, CASE WHEN k.endpoint_id IS NOT NULL THEN m.first_type END) AS missing_type,
           CASE WHEN u.endpoint_id IS NOT NULL THEN v.newest END                      AS expected_api_version,
           r.endpoint_id IS NOT NULL                                                  AS is_disabled
    FROM stripe_webhook_endpoint AS w
    CROSS JOIN missing_total AS m
    CROSS JOIN version_total AS v
    LEFT JOIN replaced AS r           ON r.endpoint_id = w.endpoint_id
    LEFT JOIN carrier AS k            ON k.endpoint_id = w.endpoint_id
    LEFT JOIN unreadable_version AS u ON u.endpoint_id = w.endpoint_id
    WHERE w.livemode = $livemode
)
SELECT endpoint_id AS subject,
       CASE WHEN is_disabled THEN 'is disabled, and nothing else carries ' || missing_type
            WHEN missing_types > 0 THEN 'is not asked for ' || missing_type || ', which bore credits'
            ELSE 'sends events of version ' || api_version || ', and the handler reads ' || expected_api_version
            END AS problem,
       url,
       status,
       missing_type,
       missing_types,
       api_version,
       expected_api_version
FROM judged
WHERE is_disabled OR missing_types > 0 OR expected_api_version IS NOT NULL
""",
    message="{subject} {problem} ({url}).",
    optional=("ledger_entry",),
    cases=(
        Case(name="enabled, and asked for everything", given=(_endpoint(), *_granted())),
        Case(
            name="disabled",
            given=(_endpoint(status=_DISABLED),),
            fires=("we_1",),
            severities={"we_1": Severity.ERROR},
            evidence={
                "we_1": {"status": "disabled", "problem": "is disabled, and nothing else carries charge.dispute.closed"}
            },
        ),
        Case(
            name="disabled, and replaced by another",
            given=(
                _endpoint(",invoice.paid,", status=_DISABLED),
                _endpoint(",invoice.paid,charge.refunded,", number=2),
            ),
        ),
        Case(
            name="disabled, and replaced but for one type",
            given=(
                _endpoint(",invoice.paid,charge.refunded,", status=_DISABLED),
                _endpoint(",invoice.paid,", number=2),
            ),
            fires=("we_1",),
            evidence={"we_1": {"missing_type": "charge.refunded", "missing_types": 1}},
        ),
        Case(
            name="disabled, and never carried anything about billing",
            given=(_endpoint(",radar.early_fraud_warning.created,", status=_DISABLED), _endpoint(number=2)),
        ),
        Case(
            name="a disabled endpoint of the test mode",
            given=(_endpoint(status=_DISABLED, livemode=False),),
        ),
    ),
)
