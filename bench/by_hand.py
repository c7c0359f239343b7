"""The contract's first checks as an engineer would write them by hand, inside Postgres, on the app's own tables."""

from __future__ import annotations

QUERIES = {
    "balance against the latest entry": """
        SELECT u.id, u.credits, l.balance_after
        FROM users AS u
        JOIN (SELECT DISTINCT ON (user_id) user_id, balance_after
              FROM credit_transactions WHERE posted
              ORDER BY user_id, sequence DESC, created_at DESC, id DESC) AS l ON l.user_id = u.id
        WHERE u.credits <> l.balance_after AND NOT u.unlimited_credits
    """,
    "running balance": """
        SELECT id FROM (
            SELECT id, balance_after, amount,
                   lag(balance_after) OVER (PARTITION BY user_id ORDER BY sequence, created_at, id) AS previous
            FROM credit_transactions WHERE posted) AS step
        WHERE previous + amount <> balance_after
    """,
    "sequence gaps": """
        SELECT user_id FROM credit_transactions
        GROUP BY user_id HAVING max(sequence) - min(sequence) + 1 <> count(DISTINCT sequence)
    """,
    "missing idempotency records": """
        SELECT t.stripe_event_id FROM credit_transactions AS t
        LEFT JOIN stripe_webhook_events AS e ON e.event_id = t.stripe_event_id
        WHERE t.stripe_event_id IS NOT NULL AND e.event_id IS NULL
    """,
    "duplicate events": """
        SELECT stripe_event_id, user_id, type FROM credit_transactions
        WHERE stripe_event_id IS NOT NULL AND amount > 0
        GROUP BY stripe_event_id, user_id, type HAVING count(*) > 1
    """,
    "duplicate payments": """
        SELECT stripe_payment_intent_id, user_id, type FROM credit_transactions
        WHERE stripe_payment_intent_id IS NOT NULL AND amount > 0
        GROUP BY stripe_payment_intent_id, user_id, type HAVING count(*) > 1
    """,
    "duplicate invoices": """
        SELECT stripe_invoice_id, user_id, type, date_trunc('month', created_at) FROM credit_transactions
        WHERE stripe_invoice_id IS NOT NULL AND amount > 0
        GROUP BY stripe_invoice_id, user_id, type, date_trunc('month', created_at) HAVING count(*) > 1
    """,
}
