"""Derived relations about webhooks: the event types of billing, the endpoints that get them, and those that granted."""

from __future__ import annotations

from trueup.derived.derivation import Derived

BILLING_TYPE = Derived(
    name="billing_type",
    holds="The types of Stripe's events that are about billing. Those of one family say the same thing, so that an "
    "application handles one of them; `brings_money`: what is paid may owe credits.",
    sql="""
SELECT billing.type, billing.family, billing.brings_money
FROM (VALUES ('invoice.paid',                             'invoice',             TRUE),
             ('invoice.payment_succeeded',                'invoice',             TRUE),
             ('checkout.session.completed',               'purchase',            TRUE),
             ('checkout.session.async_payment_succeeded', 'delayed purchase',    TRUE),
             ('payment_intent.succeeded',                 'purchase',            TRUE),
             ('charge.succeeded',                         'purchase',            TRUE),
             ('charge.refunded',                          'refund',              FALSE),
             ('charge.dispute.created',                   'dispute',             FALSE),
             ('charge.dispute.closed',                    'dispute end',         FALSE),
             ('customer.subscription.created',            'subscription',        FALSE),
             ('customer.subscription.updated',            'subscription change', FALSE),
             ('customer.subscription.deleted',            'subscription end',    FALSE))
     AS billing(type, family, brings_money)
""",
)

OWN_ENDPOINT = Derived(
    name="own_endpoint",
    holds="The webhook endpoints of this mode that the application's events come through. One that lists its types is "
    "its own if at least half of those of them that occurred were recorded; one that asks for everything, if "
    "the lists leave out a type that was recorded in the period. Where that is true of none, every endpoint may be.",
    optional=("stripe_event",),
    sql="""
WITH recorded AS (
    SELECT DISTINCT type FROM webhook_event
),
occurred AS (
    SELECT type FROM recorded
    UNION
    SELECT type FROM stripe_event WHERE livemode = $livemode
),
listed AS (
    SELECT w.endpoint_id, o.type, CASE WHEN r.type IS NULL THEN 0 ELSE 1 END AS is_recorded
    FROM stripe_webhook_endpoint AS w
    JOIN occurred AS o      ON strpos(w.enabled_events, ',' || o.type || ',') > 0
    LEFT JOIN recorded AS r ON r.type = o.type
    WHERE w.livemode = $livemode
),
by_list AS (
    SELECT endpoint_id FROM listed GROUP BY endpoint_id HAVING 2 * sum(is_recorded) >= count(*)
),
left_out AS (
    SELECT type FROM webhook_event
    WHERE received_at >= $period_start
      AND type NOT IN (SELECT l.type FROM listed AS l JOIN by_list ON by_list.endpoint_id = l.endpoint_id)
),
known AS (
    SELECT endpoint_id FROM by_list
    UNION
    SELECT endpoint_id
    FROM stripe_webhook_endpoint
    WHERE enabled_events = '*' AND livemode = $livemode AND EXISTS (SELECT 1 FROM left_out)
)
SELECT w.endpoint_id
FROM stripe_webhook_endpoint AS w
WHERE w.livemode = $livemode
  AND (w.endpoint_id IN (SELECT endpoint_id FROM known) OR NOT EXISTS (SELECT 1 FROM known))
""",
)

ENDPOINT_TYPE = Derived(
    name="endpoint_type",
    holds="Each webhook endpoint of the application's beside each type of event about billing that it asks for.",
    optional=("stripe_event",),
    sql="""
SELECT w.endpoint_id, w.status, w.api_version, b.type, b.brings_money
FROM stripe_webhook_endpoint AS w
JOIN own_endpoint AS own ON own.endpoint_id = w.endpoint_id
JOIN billing_type AS b   ON w.enabled_events = '*' OR strpos(w.enabled_events, ',' || b.type || ',') > 0
WHERE w.livemode = $livemode
""",
)

GRANTING_EVENT = Derived(
    name="granting_event",
    holds="The period's received events that led to credits, with the family of their type where it is about billing.",
    sql="""
SELECT w.event_id, w.type, b.family, w.api_version, w.received_at
FROM webhook_event AS w
JOIN stripe_event_total AS t ON t.stripe_event_id = w.event_id
LEFT JOIN billing_type AS b  ON b.type = w.type
WHERE t.grants > 0 AND w.received_at >= $period_start
""",
)

CREDITING_TYPE = Derived(
    name="crediting_type",
    holds="The types of which at least half of the period's received events led to credits.",
    sql="""
SELECT w.type
FROM webhook_event AS w
LEFT JOIN stripe_event_total AS t ON t.stripe_event_id = w.event_id
WHERE w.received_at >= $period_start
GROUP BY w.type
HAVING 2 * sum(CASE WHEN t.grants > 0 THEN 1 ELSE 0 END) >= count(*)
""",
)

READABLE_VERSION = Derived(
    name="readable_version",
    holds="The API versions that the application's webhook handler reads: the one that the policy says, or else those "
    "of the events that have granted.",
    sql="""
SELECT readable.api_version
FROM (
    SELECT $webhook_api_version AS api_version WHERE $webhook_api_version <> ''
    UNION
    SELECT api_version FROM granting_event WHERE $webhook_api_version = '' AND api_version IS NOT NULL
) AS readable
""",
)

WEBHOOKS: tuple[Derived, ...] = (
    BILLING_TYPE,
    OWN_ENDPOINT,
    ENDPOINT_TYPE,
    GRANTING_EVENT,
    CREDITING_TYPE,
    READABLE_VERSION,
)
