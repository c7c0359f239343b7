"""Rows of Stripe's side as the objects that Stripe's API shows, in its version of 2026-10-28.

One view for each kind, ``stripe.KIND_object``, whose columns are the fields. Left out is what says nothing here (taxes,
shipping, branding, the settings of payment methods).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def make_objects(connection: DuckDBPyConnection) -> None:
    """Make the views."""
    connection.execute("CREATE MACRO seconds(moment) AS CAST(epoch(moment) AS BIGINT)")
    connection.execute("CREATE MACRO charge_of(payment) AS 'ch_' || substr(payment, 4)")
    connection.execute(
        "CREATE MACRO naming(account) AS "
        "CASE WHEN account IS NULL THEN CAST('{}' AS JSON) ELSE json_object('user_id', account) END"
    )
    for name, sql in _VIEWS:
        connection.execute(f"CREATE VIEW stripe.{name}_object AS {sql}")


_CUSTOMER = """
SELECT c.customer_id AS id, 'customer' AS object, 0 AS balance, seconds(c.created_at) AS created, 'usd' AS currency,
       FALSE AS delinquent, NULL AS description, NULL AS discount, u.email, c.livemode,
       naming(c.account_id) AS metadata, NULL AS name, NULL AS phone, 'none' AS tax_exempt
FROM stripe.customer AS c
LEFT JOIN users AS u ON u.id = c.account_id
"""

_PRICE = """
SELECT price_id AS id, 'price' AS object, active, 'per_unit' AS billing_scheme, currency, livemode, lookup_key,
       CAST('{}' AS JSON) AS metadata, NULL AS nickname, product_id AS product,
       (SELECT seconds(min(created_at)) FROM users) AS created,
       CASE WHEN "interval" IS NOT NULL
            THEN json_object('interval', "interval", 'interval_count', interval_count, 'meter', NULL,
                             'usage_type', CASE WHEN metered THEN 'metered' ELSE 'licensed' END) END AS recurring,
       CASE WHEN "interval" IS NULL THEN 'one_time' ELSE 'recurring' END AS type,
       unit_amount, CAST(unit_amount AS VARCHAR) AS unit_amount_decimal
FROM stripe.price
"""

_PRODUCT = """
SELECT product_id AS id, 'product' AS object, TRUE AS active, (SELECT seconds(min(created_at)) FROM users) AS created,
       NULL AS description,
       {'object': 'list', 'data': [], 'has_more': FALSE,
        'url': '/v1/products/' || product_id || '/features'} AS features, TRUE AS livemode,
       CAST('{}' AS JSON) AS metadata, replace(product_id, 'prod_', '') AS name, 'service' AS type
FROM (SELECT DISTINCT product_id FROM stripe.price) AS sold
"""

_SUBSCRIPTION = """
SELECT s.subscription_id AS id, 'subscription' AS object, seconds(s.created_at) AS billing_cycle_anchor,
       seconds(s.cancel_at) AS cancel_at, s.cancel_at_period_end, seconds(s.canceled_at) AS canceled_at,
       s.collection_method, seconds(s.created_at) AS created, 'usd' AS currency, s.customer_id AS customer,
       CASE WHEN s.collection_method = 'send_invoice' THEN 30 END AS days_until_due, NULL AS description,
       [] AS discounts, seconds(s.ended_at) AS ended_at,
       {'object': 'list', 'data': i.items, 'has_more': FALSE,
        'url': '/v1/subscription_items?subscription=' || s.subscription_id} AS items,
       s.latest_invoice_id AS latest_invoice, s.livemode, naming(s.account_id) AS metadata,
       CASE WHEN s.paused THEN json_object('behavior', 'void', 'resumes_at', NULL) END AS pause_collection,
       CASE WHEN s.next_phase_at IS NOT NULL THEN 'sub_sched_' || substr(s.subscription_id, 5) END AS schedule,
       seconds(s.created_at) AS start_date, s.status, seconds(s.trial_end) AS trial_end,
       CASE WHEN s.trial_end IS NOT NULL THEN seconds(s.created_at) END AS trial_start
FROM stripe.subscription AS s
JOIN (
    SELECT item.subscription_id,
           list({'id': item.item_id, 'object': 'subscription_item', 'created': seconds(whole.created_at),
                 'current_period_end': seconds(whole.current_period_end),
                 'current_period_start': seconds(whole.current_period_start), 'discounts': [],
                 'metadata': CAST('{}' AS JSON), 'price': to_json(p), 'quantity': item.quantity,
                 'subscription': item.subscription_id} ORDER BY item.item_id) AS items
    FROM stripe.subscription_item AS item
    JOIN stripe.subscription AS whole USING (subscription_id)
    JOIN stripe.price_object AS p     ON p.id = item.price_id
    GROUP BY item.subscription_id
) AS i USING (subscription_id)
"""

_SCHEDULE = """
SELECT 'sub_sched_' || substr(s.subscription_id, 5) AS id, 'subscription_schedule' AS object, NULL AS canceled_at,
       NULL AS completed_at, seconds(s.current_period_start) AS created,
       {'start_date': seconds(s.current_period_start), 'end_date': seconds(s.next_phase_at)} AS current_phase,
       s.customer_id AS customer, CASE WHEN s.next_price_id IS NULL THEN 'cancel' ELSE 'release' END AS end_behavior,
       s.livemode, CAST('{}' AS JSON) AS metadata,
       list_concat(
           [{'items': [{'price': i.price_id, 'quantity': 1}], 'start_date': seconds(s.current_period_start),
             'end_date': seconds(s.next_phase_at)}],
           CASE WHEN s.next_price_id IS NOT NULL
                THEN [{'items': list_transform(string_split(s.next_price_id, ','),
                                               lambda price: {'price': price, 'quantity': 1}),
                       'start_date': seconds(s.next_phase_at),
                       'end_date': seconds(s.next_phase_at + to_days(30))}] END) AS phases,
       'active' AS status, s.subscription_id AS subscription
FROM stripe.subscription AS s
JOIN (SELECT subscription_id, min(price_id) AS price_id FROM stripe.subscription_item GROUP BY subscription_id) AS i
  USING (subscription_id)
WHERE s.next_phase_at IS NOT NULL
"""

_INVOICE = """
SELECT v.invoice_id AS id, 'invoice' AS object, v.amount_due, v.amount_paid,
       v.amount_due - v.amount_paid AS amount_remaining, v.billing_reason, v.collection_method,
       seconds(v.created_at) AS created, v.currency, v.customer_id AS customer, NULL AS description,
       [] AS discounts, seconds(v.due_at) AS due_date,
       {'object': 'list', 'data': l.lines, 'has_more': FALSE,
        'url': '/v1/invoices/' || v.invoice_id || '/lines'} AS lines,
       v.livemode, CAST('{}' AS JSON) AS metadata, NULL AS next_payment_attempt,
       CASE WHEN v.subscription_id IS NOT NULL
            THEN json_object('type', 'subscription_details', 'quote_details', NULL, 'subscription_details',
                             json_object('metadata', CAST('{}' AS JSON), 'subscription', v.subscription_id))
            END AS parent,
       seconds(v.created_at) AS period_end, seconds(v.created_at) AS period_start,
       v.credited AS post_payment_credit_notes_amount, v.status,
       {'finalized_at': CASE WHEN v.status <> 'draft' THEN seconds(v.created_at) END, 'marked_uncollectible_at': NULL,
        'paid_at': seconds(v.paid_at), 'voided_at': CASE WHEN v.status = 'void' THEN seconds(v.created_at) END}
           AS status_transitions,
       v.subtotal, v.total
FROM stripe.invoice AS v
JOIN (
    SELECT line.invoice_id,
           list({'id': line.line_id, 'object': 'line_item', 'amount': line.amount, 'currency': line.currency,
                 'description': line.quantity || ' of ' || line.price_id, 'discountable': TRUE, 'discounts': [],
                 'invoice': line.invoice_id, 'livemode': line.livemode, 'metadata': CAST('{}' AS JSON),
                 'parent': {'type': 'subscription_item_details', 'invoice_item_details': NULL,
                            'subscription_item_details': {'proration': line.proration,
                                                          'subscription': line.subscription_id}},
                 'period': {'start': seconds(line.period_start), 'end': seconds(line.period_end)},
                 'pricing': {'type': 'price_details',
                             'price_details': {'price': line.price_id, 'product': line.product_id}},
                 'quantity': line.quantity, 'subtotal': line.amount} ORDER BY line.line_id) AS lines
    FROM stripe.invoice_line AS line
    GROUP BY line.invoice_id
) AS l USING (invoice_id)
"""

_INVOICE_PAYMENT = """
SELECT p.invoice_payment_id AS id, 'invoice_payment' AS object, p.amount_paid, v.amount_due AS amount_requested,
       seconds(v.created_at) AS created, p.currency, p.invoice_id AS invoice, TRUE AS is_default, p.livemode,
       {'type': 'payment_intent', 'payment_intent': p.payment_intent_id} AS payment, p.status,
       {'canceled_at': NULL, 'paid_at': seconds(v.paid_at)} AS status_transitions
FROM stripe.invoice_payment AS p
JOIN stripe.invoice AS v USING (invoice_id)
"""

_PAYMENT_INTENT = """
SELECT p.payment_intent_id AS id, 'payment_intent' AS object, p.amount, 0 AS amount_capturable, p.amount_received,
       NULL AS canceled_at, 'automatic' AS capture_method, seconds(p.created_at) AS created, p.currency,
       p.customer_id AS customer, p.description, NULL AS last_payment_error,
       CASE WHEN p.status = 'succeeded' THEN charge_of(p.payment_intent_id) END AS latest_charge, p.livemode,
       CASE WHEN p.purpose IS NULL THEN CAST('{}' AS JSON)
            ELSE json_merge_patch(naming(c.account_id), json_object('order', p.purpose)) END AS metadata,
       NULL AS next_action, NULL AS payment_method,
       [CASE WHEN p.delayed THEN 'sepa_debit' ELSE 'card' END] AS payment_method_types, p.status
FROM stripe.payment_intent AS p
LEFT JOIN stripe.customer AS c USING (customer_id)
"""

_CHARGE = """
SELECT charge_of(p.payment_intent_id) AS id, 'charge' AS object, p.amount, p.amount_received AS amount_captured,
       coalesce(r.refunded, 0) AS amount_refunded, TRUE AS captured, seconds(p.created_at) AS created, p.currency,
       p.customer_id AS customer, p.description, d.payment_intent_id IS NOT NULL AS disputed, p.livemode,
       CAST('{}' AS JSON) AS metadata, TRUE AS paid, p.payment_intent_id AS payment_intent,
       coalesce(r.refunded, 0) = p.amount AS refunded, 'succeeded' AS status
FROM stripe.payment_intent AS p
LEFT JOIN (
    SELECT payment_intent_id, CAST(sum(amount) AS BIGINT) AS refunded
    FROM stripe.refund WHERE status = 'succeeded' GROUP BY payment_intent_id
) AS r USING (payment_intent_id)
LEFT JOIN (SELECT DISTINCT payment_intent_id FROM stripe.dispute) AS d USING (payment_intent_id)
WHERE p.status = 'succeeded'
"""

_REFUND = """
SELECT refund_id AS id, 'refund' AS object, amount, charge_of(payment_intent_id) AS charge,
       seconds(created_at) AS created, currency, CAST('{}' AS JSON) AS metadata, payment_intent_id AS payment_intent,
       'requested_by_customer' AS reason, status
FROM stripe.refund
"""

_DISPUTE = """
SELECT dispute_id AS id, 'dispute' AS object, amount, charge_of(payment_intent_id) AS charge,
       seconds(created_at) AS created, currency, livemode, CAST('{}' AS JSON) AS metadata,
       payment_intent_id AS payment_intent, 'fraudulent' AS reason, status
FROM stripe.dispute
"""

_CHECKOUT_SESSION = """
SELECT s.checkout_session_id AS id, 'checkout.session' AS object, s.amount_total AS amount_subtotal, s.amount_total,
       c.account_id AS client_reference_id, seconds(s.created_at) AS created, s.currency, s.customer_id AS customer,
       seconds(s.created_at) + 86400 AS expires_at, s.invoice_id AS invoice, s.livemode, CAST('{}' AS JSON) AS metadata,
       s.mode, s.payment_intent_id AS payment_intent, s.payment_status, s.status, s.subscription_id AS subscription
FROM stripe.checkout_session AS s
LEFT JOIN stripe.customer AS c USING (customer_id)
"""

_WEBHOOK_ENDPOINT = """
SELECT endpoint_id AS id, 'webhook_endpoint' AS object, api_version,
       (SELECT seconds(min(created_at)) FROM users) AS created, NULL AS description,
       string_split(trim(enabled_events, ','), ',') AS enabled_events, livemode,
       CAST('{}' AS JSON) AS metadata, status, url
FROM stripe.webhook_endpoint
"""

# An event shows its object as it is now: what these events are about happened once.
_EVENT = f"""
SELECT e.event_id AS id, 'event' AS object, e.api_version, seconds(e.created_at) AS created,
       {{'object': about.body}} AS data, e.livemode, e.pending_webhooks,
       {{'id': NULL, 'idempotency_key': NULL}} AS request, e.type
FROM stripe.event AS e
JOIN (
    {
    " UNION ALL ".join(
        f"SELECT id, to_json(object_row) AS body FROM stripe.{kind}_object AS object_row "
        "WHERE id IN (SELECT object_id FROM stripe.event)"
        for kind in ("subscription", "invoice", "payment_intent", "charge", "checkout_session", "refund", "dispute")
    )
}
) AS about ON about.id = e.object_id
"""

_VIEWS = (
    ("customer", _CUSTOMER),
    ("price", _PRICE),
    ("product", _PRODUCT),
    ("subscription", _SUBSCRIPTION),
    ("subscription_schedule", _SCHEDULE),
    ("invoice", _INVOICE),
    ("invoice_payment", _INVOICE_PAYMENT),
    ("payment_intent", _PAYMENT_INTENT),
    ("charge", _CHARGE),
    ("refund", _REFUND),
    ("dispute", _DISPUTE),
    ("checkout_session", _CHECKOUT_SESSION),
    ("webhook_endpoint", _WEBHOOK_ENDPOINT),
    ("event", _EVENT),
)
