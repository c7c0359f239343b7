"""The company's rows in each of the app's tables: views in the scratch database over the mass and the scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.demo.offer import API_VERSION

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueup.demo.history import Span


def make_rows(connection: DuckDBPyConnection, *, span: Span) -> None:
    """Make a view of each app table's name out of ``person``, ``movement``, ``team_seat`` and the ``scene_`` tables."""
    connection.execute("CREATE MACRO account_id(number) AS format('user_{:06}', number)")
    connection.execute(_LEDGER_LINE)
    connection.execute("DROP TABLE movement")
    for name, sql in (
        ("users", _USERS),
        ("credit_transactions", _LEDGER),
        ("plan_changes", _PLANS),
        ("members", _MEMBERS),
        ("credit_grants", _GRANTS),
        ("subscriptions", _COPIES),
    ):
        connection.execute(f"CREATE VIEW {name} AS {sql}")
    since = f"TIMESTAMP '{span.recorded_since:%Y-%m-%d %H:%M:%S}'"
    connection.execute(f"CREATE VIEW stripe_webhook_events AS {_EVENTS.format(since=since, api_version=API_VERSION)}")


# In the order of ids. ``scene`` leads to the row of ``scene_note`` that a scene wrote.
_LEDGER_LINE = """
CREATE TABLE ledger_line AS
SELECT number, sequence, source, occasion, made_at, amount, balance_after, scene
FROM (
    SELECT number, sequence, source, occasion, made_at, amount, balance_after, NULL AS scene, made_at AS placed_at
    FROM movement
    UNION ALL
    SELECT number, sequence, 'scene', 0, made_at, amount, balance_after, scene, placed_at FROM scene_move
)
ORDER BY placed_at, number, sequence, scene
"""

_CHARGED = "(source = 'grant' OR source = 'yearly grant' AND occasion % 12 = 0)"
_BOUGHT = "source IN ('purchase', 'refunded purchase')"
_EVENT_ID = (
    f"CASE WHEN {_CHARGED} THEN stripe_id('evt', number, occasion) "
    f"WHEN {_BOUGHT} THEN stripe_id('evt', number, 1000 + occasion) "
    "WHEN source = 'refund' THEN stripe_id('evt', number, 2000 + occasion) END"
)

_LEDGER = f"""
SELECT line.rowid + 1 AS id, account_id(number) AS user_id, sequence,
       CASE WHEN scene IS NOT NULL THEN note.kind
            WHEN source IN ('signup', 'trial') THEN 'promotional_grant'
            WHEN source IN ('grant', 'yearly grant') THEN 'subscription_grant'
            WHEN {_BOUGHT} THEN 'purchase'
            WHEN source = 'refund' THEN 'refund'
            WHEN source = 'goodwill' THEN 'adjustment'
            ELSE 'usage' END AS type,
       amount, balance_after, coalesce(note.posted, TRUE) AS posted,
       CASE WHEN scene IS NOT NULL THEN note.event_id ELSE {_EVENT_ID} END AS stripe_event_id,
       CASE WHEN scene IS NOT NULL THEN note.payment_intent_id
            WHEN {_BOUGHT} OR source = 'refund' THEN stripe_id('pi', number, occasion) END AS stripe_payment_intent_id,
       CASE WHEN scene IS NOT NULL THEN note.invoice_id
            WHEN source = 'grant' THEN stripe_id('in', number, occasion)
            WHEN source = 'yearly grant' THEN stripe_id('in', number, occasion // 12) END AS stripe_invoice_id,
       CASE WHEN scene IS NOT NULL THEN note.checkout_session_id
            WHEN {_BOUGHT} THEN stripe_id('cs_live', number, occasion) END AS stripe_checkout_session_id,
       made_at AS created_at,
       CASE WHEN scene IS NOT NULL THEN note.actor
            WHEN source = 'goodwill' THEN 'support' END AS actor,
       CASE WHEN scene IS NOT NULL THEN note.reason
            WHEN source = 'goodwill' THEN 'Sorry for the slow week' END AS reason
FROM ledger_line AS line
LEFT JOIN scene_note AS note USING (scene)
"""

_FIRST = "['ada', 'bo', 'carmen', 'dmitri', 'emeka', 'fatima', 'hana', 'ines', 'jun', 'kofi', 'lena', 'noor']"
_LAST = "['adler', 'bianchi', 'castro', 'eze', 'fischer', 'garcia', 'haddad', 'ito', 'jensen', 'kim', 'lund', 'moreau']"
_EMAIL = (
    f"{_FIRST}[1 + draw('first', number, 0) % 12] || '.' || {_LAST}[1 + draw('last', number, 0) % 12] "
    "|| number || '@example.com'"
)

_USERS = f"""
SELECT account_id(number) AS id, {_EMAIL} AS email,
       CASE WHEN standing = 'staff' THEN 'admin' ELSE 'user' END AS role,
       CASE WHEN standing IN ('monthly', 'yearly', 'trial') THEN 'PRO' WHEN standing = 'team' THEN 'TEAM'
            WHEN seat.member IS NOT NULL THEN 'TEAM' ELSE 'FREE' END AS plan,
       CASE WHEN standing IN ('cancelled', 'monthly', 'yearly', 'team', 'trial') OR bought
            THEN stripe_id('cus', number, 0) END AS stripe_customer_id,
       CASE WHEN standing IN ('monthly', 'yearly', 'team', 'trial')
            THEN stripe_id('sub', number, 0) END AS stripe_subscription_id,
       coalesce(latest.balance_after, 0) AS credits,
       standing = 'staff' AND number % 2 = 0 AS unlimited_credits, TRUE AS active, created_at
FROM person
LEFT JOIN team_seat AS seat ON seat.member = number
LEFT JOIN (
    SELECT number, arg_max(balance_after, sequence) AS balance_after, bool_or({_BOUGHT}) AS bought
    FROM ledger_line WHERE scene IS NULL GROUP BY number
) AS latest USING (number)
UNION ALL
SELECT account_id(number), {_EMAIL}, role, plan, customer_id, subscription_id, credits, unlimited_credits, active,
       created_at
FROM scene_person
ORDER BY id
"""

_PLANS = """
SELECT row_number() OVER (ORDER BY made_at, number, to_plan) AS id, account_id(number) AS user_id,
       from_plan, to_plan, made_at AS changed_at, actor, reason
FROM (
    SELECT number, 'FREE' AS from_plan, CASE WHEN standing = 'team' THEN 'TEAM' ELSE 'PRO' END AS to_plan,
           paid_from - to_seconds(3) AS made_at, 'stripe' AS actor, 'checkout' AS reason
    FROM person WHERE standing IN ('cancelled', 'monthly', 'yearly', 'team', 'trial')
    UNION ALL
    SELECT number, 'PRO', 'FREE', paid_until, 'stripe', 'subscription ended' FROM person WHERE standing = 'cancelled'
    UNION ALL
    SELECT member, 'FREE', 'TEAM', joined_at, 'stripe', 'joined a team' FROM team_seat
    UNION ALL
    SELECT number, from_plan, to_plan, made_at, actor, reason FROM scene_plan_switch
)
ORDER BY id
"""

_MEMBERS = """
SELECT account_id(organisation) AS account_id, account_id(member) AS member_id, 'member' AS role, TRUE AS billable
FROM team_seat
UNION ALL
SELECT account_id(organisation), account_id(member), role, TRUE FROM scene_membership
ORDER BY account_id, member_id
"""

_GRANTS = """
SELECT row_number() OVER (ORDER BY expires_at, number, amount) AS id, account_id(number) AS user_id, amount, remaining,
       expires_at
FROM scene_grant
ORDER BY id
"""

_COPIES = """
SELECT row_number() OVER (ORDER BY number, subscription_id) AS id, account_id(number) AS user_id,
       subscription_id AS stripe_subscription_id, status, plan, period_ends_at AS current_period_end
FROM scene_copy
ORDER BY id
"""

_EVENTS = f"""
SELECT event_id, type, status, received_at, processed_at, livemode, api_version
FROM (
    SELECT event_id, type, 'processed' AS status, received_at, received_at + to_seconds(1) AS processed_at,
           TRUE AS livemode, '{{api_version}}' AS api_version
    FROM (
        SELECT {_EVENT_ID} AS event_id, made_at - to_seconds(2) AS received_at, made_at AS caused_at,
               CASE WHEN {_BOUGHT} THEN 'checkout.session.completed' WHEN source = 'refund' THEN 'charge.refunded'
                    ELSE 'invoice.paid' END AS type
        FROM ledger_line WHERE {_CHARGED} OR {_BOUGHT} OR source = 'refund'
        UNION ALL
        SELECT stripe_id('evt', number, 3000 + occasion), made_at - to_seconds(4), made_at,
               CASE WHEN draw('beside', number, occasion) % 7 = 0 THEN 'invoice.payment_failed'
                    ELSE 'customer.subscription.updated' END
        FROM ledger_line WHERE source = 'grant' AND draw('beside', number, occasion) % 5 <> 0
        UNION ALL
        SELECT stripe_id('evt', number, 4000), paid_from - to_seconds(5), paid_from, 'customer.subscription.created'
        FROM person WHERE standing IN ('cancelled', 'monthly', 'yearly', 'team', 'trial')
        UNION ALL
        SELECT stripe_id('evt', number, 5000), paid_until, paid_until, 'customer.subscription.deleted'
        FROM person WHERE standing = 'cancelled'
    )
    WHERE caused_at >= {{since}}
    UNION ALL
    SELECT event_id, type, status, received_at, processed_at, livemode, '{{api_version}}' FROM scene_event
)
"""
