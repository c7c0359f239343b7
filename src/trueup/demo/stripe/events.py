"""Stripe's events of the last thirty days, and the endpoints that it sends them to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from trueup.demo.offer import API_VERSION
from trueup.model.stripe_objects import EVENT_DAYS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueup.demo.history import Span


def make_events(connection: DuckDBPyConnection, *, span: Span) -> None:
    """Add the ordinary accounts' events and those that no endpoint asks for; drop those too old for Stripe's list."""
    since = {"since": span.now - timedelta(days=EVENT_DAYS)}
    connection.execute(_OF_THE_APP, since)
    connection.execute(_NOT_ASKED_FOR, since)
    connection.execute("DELETE FROM stripe.event WHERE created_at < $since", since)
    connection.execute(f"UPDATE stripe.event SET api_version = '{API_VERSION}'")


# The app's own records of the ordinary accounts, each about the object that its id was made from.
_OF_THE_APP = """
INSERT INTO stripe.event BY NAME
SELECT w.event_id, w.type, about.object_id, w.received_at - to_seconds(1) AS created_at
FROM stripe_webhook_events AS w
JOIN (
    SELECT stripe_id('evt', number, occasion) AS event_id,
           stripe_id('in', number, CASE WHEN source = 'yearly grant' THEN occasion // 12 ELSE occasion END) AS object_id
    FROM ledger_line WHERE source IN ('grant', 'yearly grant')
    UNION ALL
    SELECT stripe_id('evt', number, 1000 + occasion), stripe_id('cs_live', number, occasion)
    FROM ledger_line WHERE source IN ('purchase', 'refunded purchase')
    UNION ALL
    SELECT stripe_id('evt', number, 2000 + occasion), 'ch_' || substr(stripe_id('pi', number, occasion), 4)
    FROM ledger_line WHERE source = 'refund'
    UNION ALL
    SELECT stripe_id('evt', number, 3000 + occasion),
           CASE WHEN draw('beside', number, occasion) % 7 = 0 THEN stripe_id('in', number, occasion)
                ELSE stripe_id('sub', number, 0) END
    FROM ledger_line WHERE source = 'grant'
    UNION ALL
    SELECT stripe_id('evt', number, nth), stripe_id('sub', number, 0)
    FROM person, (VALUES (4000), (5000)) AS first_and_last(nth)
) AS about USING (event_id)
WHERE w.received_at >= $since
"""

# Stripe tells of each payment and each paid invoice twice; the app's endpoints ask for the other one.
_NOT_ASKED_FOR = """
INSERT INTO stripe.event BY NAME
SELECT 'evt_' || substr(md5(object_id || type), 1, 16) AS event_id, type, object_id, created_at
FROM (
    SELECT 'payment_intent.succeeded' AS type, payment_intent_id AS object_id, created_at + to_seconds(1) AS created_at
    FROM stripe.payment_intent WHERE status = 'succeeded'
    UNION ALL
    SELECT 'invoice.payment_succeeded', invoice_id, paid_at + to_seconds(1)
    FROM stripe.invoice WHERE status = 'paid' AND NOT paid_out_of_band
) AS extra
WHERE created_at >= $since
  AND NOT EXISTS (SELECT 1 FROM stripe.event AS e WHERE e.object_id = extra.object_id AND e.type = extra.type)
"""
