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

ENDPOINT_TYPE = Derived(
    name="endpoint_type",
    holds="Each webhook endpoint of this mode beside each type of event about billing that it asks for.",
    sql="""
SELECT w.endpoint_id, w.status, w.api_version, b.type, b.brings_money
FROM stripe_webhook_endpoint AS w
JOIN billing_type AS b ON w.enabled_events = '*' OR strpos(w.enabled_events, ',' || b.type || ',') > 0
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

WEBHOOKS: tuple[Derived, ...] = (BILLING_TYPE, ENDPOINT_TYPE, GRANTING_EVENT, CREDITING_TYPE, READABLE_VERSION)
