"""Derived relations about grants that repeat one another: what they name together, and what was taken back of them."""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived
from trueup.derived.money import MONEY_NAMES

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
    SELECT 'event' AS repeats, t.stripe_event_id AS name, g.*  -- g.stripe_event_id would be there twice: Spark fails
    FROM granted AS g
    JOIN stripe_event_total AS t ON t.stripe_event_id = g.stripe_event_id AND t.grants > 1
    UNION ALL
    SELECT 'payment', p.stripe_payment_intent_id, g.*
    FROM granted AS g
    JOIN payment AS p ON p.stripe_payment_intent_id = g.stripe_payment_intent_id
    WHERE g.kind <> 'promotional_grant'
    UNION ALL
    SELECT 'invoice', i.stripe_invoice_id, g.*
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

RENAMED_GRANT = Derived(
    name="renamed_grant",
    holds="The posted grants of one size and kind that an account got for one money more than once, under different "
    "names of it, as where one handler names the checkout and another its payment; or under a name by which nothing "
    "else compares them, a checkout's or a subscription's. `repeats` and `name`: the invoice or payment that it is.",
    optional=(*ENTRY_LINKS, *MONEY_NAMES, "plan"),
    sql="""
WITH granted AS (
    SELECT m.money_id, e.stripe_event_id, e.stripe_payment_intent_id, e.stripe_invoice_id, e.account_id, e.kind,
           e.entry_id, e.amount, e.created_at,
           CASE WHEN i.invoice_id IS NULL THEN 'payment' ELSE 'invoice' END AS repeats
    FROM money_entry AS m
    JOIN stripe_entry AS e        ON e.entry_id = m.entry_id
    LEFT JOIN stripe_invoice AS i ON i.invoice_id = m.money_id
    WHERE e.posted AND e.amount > 0 AND e.kind IN ('purchase', 'subscription_grant') AND m.money_id IS NOT NULL
      AND (e.stripe_invoice_id IS NOT NULL OR e.kind <> 'subscription_grant'          -- a month's bill has several
           OR NOT EXISTS (SELECT 1 FROM plan WHERE plan.interval IN ('day', 'week')))
),
twice AS (
    SELECT g.money_id, g.account_id, g.kind, g.amount
    FROM granted AS g
    LEFT JOIN repeated_grant AS r ON r.entry_id = g.entry_id
    GROUP BY g.money_id, g.account_id, g.kind, g.amount
    HAVING count(DISTINCT g.entry_id) > 1 AND count(r.entry_id) = 0
)
SELECT g.repeats, g.money_id AS name, g.stripe_event_id, g.stripe_payment_intent_id, g.stripe_invoice_id,
       g.account_id, g.kind, g.entry_id, g.amount, g.created_at,
       date_diff('second', lag(g.created_at) OVER in_order, g.created_at) AS seconds_later,
       c.reversed + c.adjusted_down                                      AS credits_reversed
FROM granted AS g
JOIN twice AS t        ON t.money_id = g.money_id AND t.account_id = g.account_id AND t.kind = g.kind
                      AND t.amount = g.amount
JOIN money_credit AS c ON c.money_id = g.money_id
WHERE g.repeats = 'payment' OR g.kind = 'subscription_grant'
WINDOW in_order AS (PARTITION BY g.money_id, g.account_id, g.kind, g.amount ORDER BY g.created_at, g.entry_id)
""",
)

REPEATED_CREDIT = Derived(
    name="repeated_credit",
    holds="The grants that repeat another one of the same event, payment or invoice, under one name of it or under "
    "several.",
    optional=(*ENTRY_LINKS, *MONEY_NAMES, "plan"),
    sql="""
SELECT again.repeats, again.name, again.stripe_event_id, again.account_id, again.kind, again.entry_id, again.amount,
       again.created_at, again.seconds_later, again.credits_reversed
FROM (
    SELECT repeats, name, stripe_event_id, account_id, kind, entry_id, amount, created_at, seconds_later,
           credits_reversed
    FROM repeated_grant
    UNION ALL
    SELECT repeats, name, stripe_event_id, account_id, kind, entry_id, amount, created_at, seconds_later,
           credits_reversed
    FROM renamed_grant
) AS again
""",
)

DOUBLED_GRANT = Derived(
    name="doubled_grant",
    holds="The events, payments and invoices that granted too many credits, net of what was taken back: the first "
    "account, how many grants, and the credits in `excess`. Of an event every grant after the first of its account and "
    "kind is too many, of a payment every purchase; grants of different periods are no repetition.",
    optional=(*ENTRY_LINKS, *MONEY_NAMES, "plan"),
    sql="""
WITH credited_invoice AS (             -- when an account was first credited for each of its invoices
    SELECT account_id, stripe_invoice_id, min(created_at) AS first_at
    FROM stripe_entry
    WHERE stripe_invoice_id IS NOT NULL AND posted AND amount > 0 AND kind = 'subscription_grant'
      AND account_id IN (SELECT account_id FROM repeated_credit WHERE repeats = 'invoice' AND seconds_later IS NOT NULL)
    GROUP BY account_id, stripe_invoice_id
),
succession AS (
    SELECT account_id, stripe_invoice_id, first_at,
           lead(first_at)    OVER (PARTITION BY account_id ORDER BY first_at, stripe_invoice_id) AS next_at,
           lead(first_at, 2) OVER (PARTITION BY account_id ORDER BY first_at, stripe_invoice_id) AS after_next_at
    FROM credited_invoice
),
monthly AS (                           -- two further invoices a month apart: it paid for one month only
    SELECT account_id, stripe_invoice_id
    FROM succession
    WHERE date_diff('second', first_at, next_at) BETWEEN $same_period_seconds AND $month_limit_seconds
      AND date_diff('second', next_at, after_next_at) BETWEEN $same_period_seconds AND $month_limit_seconds
),
surplus AS (
    SELECT g.repeats, g.name, g.account_id, g.kind, min(g.credits_reversed) AS credits_reversed,
           sum(CASE WHEN g.repeats = 'event'
                      OR g.repeats = 'payment' AND g.kind = 'purchase'
                      OR g.seconds_later < $same_period_seconds
                      OR m.account_id IS NOT NULL
                    THEN g.amount END)                                  AS credits
    FROM repeated_credit AS g
    LEFT JOIN monthly AS m ON g.repeats = 'invoice' AND m.account_id = g.account_id AND m.stripe_invoice_id = g.name
    WHERE g.seconds_later IS NOT NULL
    GROUP BY g.repeats, g.name, g.account_id, g.kind
),
doubled AS (
    SELECT repeats, name, min(credits_reversed) AS credits_reversed, sum(credits) - min(credits_reversed) AS excess
    FROM surplus
    GROUP BY repeats, name
)
SELECT g.repeats,
       CASE g.repeats WHEN 'event' THEN g.name END                      AS stripe_event_id,
       CASE g.repeats WHEN 'payment' THEN g.name END                    AS stripe_payment_intent_id,
       CASE g.repeats WHEN 'invoice' THEN g.name END                    AS stripe_invoice_id,
       min(g.account_id)                                                AS account_id,
       count(DISTINCT g.account_id)                                     AS accounts,
       min(g.kind)                                                      AS kind,
       count(*)                                                         AS grants,
       count(DISTINCT g.stripe_event_id)                                AS events,
       sum(g.amount)                                                    AS credits_granted,
       min(d.credits_reversed)                                          AS credits_reversed,
       min(d.excess)                                                    AS excess,
       CAST(arg_min(g.entry_id, (g.created_at, g.entry_id)) AS VARCHAR) AS first_entry_id,
       CAST(arg_max(g.entry_id, (g.created_at, g.entry_id)) AS VARCHAR) AS last_entry_id,
       min(g.created_at)                                                AS first_at,
       max(g.created_at)                                                AS last_at
FROM repeated_credit AS g
JOIN surplus AS s ON s.repeats = g.repeats AND s.name = g.name AND s.account_id = g.account_id AND s.kind = g.kind
                 AND s.credits > 0
JOIN doubled AS d ON d.repeats = g.repeats AND d.name = g.name AND d.excess > 0
GROUP BY g.repeats, g.name
""",
)

GRANTS: tuple[Derived, ...] = (REPEATED_GRANT, RENAMED_GRANT, REPEATED_CREDIT, DOUBLED_GRANT)
