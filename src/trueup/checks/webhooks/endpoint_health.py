"""Each webhook endpoint for billing events is enabled, and asks for the types that bear credits, in a known version."""

from __future__ import annotations

from trueup.checks.case_rows import granted_event
from trueup.model.check import Case, Check
from trueup.model.finding import Area
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


_DISABLED = EndpointStatus.DISABLED

CHECK = Check(
    id="endpoint-health",
    area=Area.WEBHOOKS,
    severity=Severity.ERROR,
    title="Webhook endpoint does not carry what it should",
    why="Events that are not sent, or that the handler cannot read, look like quiet days from the inside: customers "
    "pay, and nothing happens.",
    population="SELECT count(*) FROM stripe_webhook_endpoint WHERE livemode = $livemode",
    # This ledger shows which types bear credits, and the events that have granted show which versions the handler
    # reads, unless the policy says it. A disabled endpoint whose billing events another endpoint carries was replaced,
    # and a type whose sibling has granted since was given up. An unknown version is not a wrong one.
    violations="""
WITH asked AS (
    SELECT DISTINCT type FROM endpoint_type WHERE status = 'enabled'
),
granting_type AS (
    SELECT type, family, max(received_at) AS last_at FROM granting_event WHERE family IS NOT NULL GROUP BY type, family
),
missing AS (                           -- bore credits, but neither it nor a sibling that has granted since is asked for
    SELECT g.type
    FROM granting_type AS g
    WHERE g.type NOT IN (SELECT type FROM asked)
      AND NOT EXISTS (SELECT 1 FROM granting_type AS sibling
                      WHERE sibling.family = g.family AND sibling.last_at > g.last_at
                        AND sibling.type IN (SELECT type FROM asked))
),
carrier AS (                           -- the enabled endpoint that is most likely the application's own
    SELECT arg_min(endpoint_id, (-types, endpoint_id)) AS endpoint_id
    FROM (SELECT endpoint_id, count(*) AS types FROM endpoint_type WHERE status = 'enabled' GROUP BY endpoint_id) AS c
),
lacking AS (                           -- what only a disabled endpoint carried; what the application's own does not
    SELECT endpoint_id, count(*) AS types, min(type) AS first_type
    FROM endpoint_type
    WHERE status = 'disabled' AND type NOT IN (SELECT type FROM asked)
    GROUP BY endpoint_id
    UNION ALL
    SELECT carrier.endpoint_id, count(*), min(missing.type)
    FROM carrier
    CROSS JOIN missing
    GROUP BY carrier.endpoint_id
),
money_carrier AS (
    SELECT DISTINCT endpoint_id, api_version FROM endpoint_type WHERE status = 'enabled' AND brings_money
),
unreadable AS (                        -- no endpoint sends events that bring money in a version that the handler reads
    SELECT c.endpoint_id, max(v.api_version) AS expected_api_version
    FROM money_carrier AS c
    CROSS JOIN readable_version AS v
    WHERE NOT EXISTS (SELECT 1 FROM money_carrier AS other
                      WHERE other.api_version IS NULL
                         OR other.api_version IN (SELECT api_version FROM readable_version))
    GROUP BY c.endpoint_id
)
SELECT w.endpoint_id AS subject,
       CASE WHEN l.types > 0 AND w.status = 'disabled'
                 THEN 'is disabled, and no other endpoint carries ' || l.first_type
            WHEN l.types > 0 THEN 'is not asked for ' || l.first_type || ', which bore credits'
            ELSE 'sends events of version ' || w.api_version || ', and the handler reads ' || u.expected_api_version
            END AS problem,
       w.url, w.status,
       l.first_type         AS missing_type,
       coalesce(l.types, 0) AS missing_types,
       w.api_version, u.expected_api_version
FROM stripe_webhook_endpoint AS w
LEFT JOIN lacking AS l    ON l.endpoint_id = w.endpoint_id
LEFT JOIN unreadable AS u ON u.endpoint_id = w.endpoint_id
WHERE w.livemode = $livemode AND (l.endpoint_id IS NOT NULL OR u.endpoint_id IS NOT NULL)
""",
    message="{subject} {problem} ({url}).",
    optional=("ledger_entry",),
    cases=(
        Case(name="enabled, and asked for everything", given=(_endpoint(), *granted_event())),
        Case(
            name="disabled",
            given=(_endpoint(status=_DISABLED),),
            fires=("we_1",),
            severities={"we_1": Severity.ERROR},
            evidence={
                "we_1": {
                    "status": "disabled",
                    "problem": "is disabled, and no other endpoint carries charge.dispute.closed",
                }
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
