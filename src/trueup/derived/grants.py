"""Derived relations about grants that repeat one another: what they name together, and what was taken back of them."""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived

REPEATED_GRANT = Derived(
    name="repeated_grant",
    holds="The posted grants of each event, payment or invoice that more than one of them names (`repeats` says which "
    "of them, `name` its id); how many seconds after the account's previous one of the same kind each came, NULL for "
    "the first; and the credits that were taken back from the same accounts in that name. A promotional grant repeats "
    "an event only, and an invoice is repeated by subscription grants only.",
    optional=ENTRY_LINKS,
    sql="""
WITH granted AS (
    SELECT stripe_event_id, stripe_payment_intent_id, stripe_invoice_id, account_id, kind, entry_id, amount, created_at
    FROM stripe_entry
    WHERE posted AND amount > 0 AND kind IN ('purchase', 'subscription_grant', 'promotional_grant')
),
payment AS (
    SELECT stripe_payment_intent_id FROM granted WHERE kind <> 'promotional_grant'
    GROUP BY stripe_payment_intent_id HAVING count(*) > 1
),
invoice AS (
    SELECT stripe_invoice_id FROM granted WHERE kind = 'subscription_grant'
    GROUP BY stripe_invoice_id HAVING count(*) > 1
),
repeated AS (
    SELECT 'event' AS repeats, g.stripe_event_id AS name, g.*
    FROM granted AS g
    JOIN stripe_event_total AS t ON t.stripe_event_id = g.stripe_event_id AND t.grants > 1
    UNION ALL
    SELECT 'payment', g.stripe_payment_intent_id, g.*
    FROM granted AS g
    JOIN payment AS p ON p.stripe_payment_intent_id = g.stripe_payment_intent_id
    WHERE g.kind <> 'promotional_grant'
    UNION ALL
    SELECT 'invoice', g.stripe_invoice_id, g.*
    FROM granted AS g
    JOIN invoice AS i ON i.stripe_invoice_id = g.stripe_invoice_id
    WHERE g.kind = 'subscription_grant'
),
reversal AS (   -- what took credits back and names the same payment or invoice, or the event that is repeated
    SELECT DISTINCT g.repeats, g.name, e.entry_id, e.amount
    FROM stripe_entry AS e
    JOIN repeated AS g ON g.account_id = e.account_id
                      AND (g.stripe_payment_intent_id = e.stripe_payment_intent_id
                        OR g.stripe_invoice_id = e.stripe_invoice_id
                        OR g.stripe_event_id = e.stripe_event_id AND g.repeats = 'event')
    WHERE e.posted AND e.amount < 0 AND e.kind IN ('refund', 'clawback', 'adjustment')
),
reversed AS (
    SELECT repeats, name, -sum(amount) AS credits FROM reversal GROUP BY repeats, name
)
SELECT g.repeats, g.name, g.stripe_event_id, g.stripe_payment_intent_id, g.stripe_invoice_id,
       g.account_id, g.kind, g.entry_id, g.amount, g.created_at,
       date_diff('second', lag(g.created_at) OVER in_order, g.created_at) AS seconds_later,
       coalesce(r.credits, 0)                                            AS credits_reversed
FROM repeated AS g
LEFT JOIN reversed AS r ON r.repeats = g.repeats AND r.name = g.name
WINDOW in_order AS (PARTITION BY g.repeats, g.name, g.account_id, g.kind ORDER BY g.created_at, g.entry_id)
""",
)

GRANTS: tuple[Derived, ...] = (REPEATED_GRANT,)
