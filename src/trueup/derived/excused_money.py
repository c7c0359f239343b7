"""Derived relations about money that was credited in another way than by one entry that names it."""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived

DRIPPED_GRANT = Derived(
    name="dripped_grant",
    holds="The subscription grants that name nothing of Stripe's, as those of a monthly job do, beside the invoice for "
    "several periods in whose time their account got them. `sum_so_far`: with all that went before; `most_by_now`: "
    "what the periods that have begun owe and one more, since a job need not wait for the hour.",
    optional=(*ENTRY_LINKS, "ledger_entry.balance_after"),
    sql="""
WITH long_line AS (
    SELECT o.money_id, min(o.sold_at) AS begins_at, max(o.period_end) AS ends_at, max(o.periods_due) AS periods_due
    FROM line_terms AS o
    WHERE o.periods > 1 AND o.period_end IS NOT NULL
    GROUP BY o.money_id
),
holder AS (
    SELECT l.money_id, l.begins_at, l.ends_at, coalesce(c.account_id, m.account_id, k.account_id) AS account_id,
           coalesce(c.granted, 0) AS granted, o.most_credits, o.periods,
           ceil(CAST(o.most_credits * least(o.periods, l.periods_due + 1) AS DOUBLE) / o.periods) AS most_by_now
    FROM long_line AS l
    JOIN stripe_money AS m          ON m.money_id = l.money_id
    LEFT JOIN money_owed AS o       ON o.money_id = l.money_id
    LEFT JOIN money_credit AS c     ON c.money_id = l.money_id
    LEFT JOIN customer_account AS k ON k.customer_id = m.customer_id
    WHERE m.state = 'paid'
)
SELECT h.money_id, g.account_id, g.entry_id, g.amount, g.created_at,
       g.balance_after * h.periods = h.most_credits AND g.amount < g.balance_after                AS is_filling_up,
       h.granted + sum(g.amount) OVER (
           PARTITION BY h.money_id ORDER BY g.created_at NULLS FIRST, g.entry_id NULLS FIRST
       ) AS sum_so_far,
       h.most_by_now
FROM holder AS h
JOIN ledger_entry AS g      ON g.account_id = h.account_id
LEFT JOIN stripe_entry AS e ON e.entry_id = g.entry_id
WHERE g.kind = 'subscription_grant'
  AND g.posted
  AND g.amount > 0
  AND e.entry_id IS NULL
  AND g.created_at >= h.begins_at
  AND g.created_at < h.ends_at
""",
)

DRIPPED_CREDIT = Derived(
    name="dripped_credit",
    holds="The invoices for several periods of a plan whose account was granted credits meanwhile by entries that name "
    "nothing of Stripe's: the account, how many credits, and when the last came.",
    optional=ENTRY_LINKS,
    sql="""
SELECT money_id, min(account_id) AS account_id, sum(amount) AS credits, max(created_at) AS last_dripped_at
FROM dripped_grant
GROUP BY money_id
""",
)

FILLED_UP = Derived(
    name="filled_up",
    holds="The money whose grant filled the balance up, or set it back, to what is owed, or to what a period of it "
    "owes where a job grants one after the other: the entry says by how much it moved, which may be nothing or less.",
    optional=(*ENTRY_LINKS, "ledger_entry.balance_after"),
    sql="""
SELECT filled.money_id
FROM (
    SELECT e.money_id
    FROM money_entry AS e
    JOIN money_owed AS o   ON o.money_id = e.money_id
    JOIN ledger_entry AS l ON l.entry_id = e.entry_id
    WHERE e.posted
      AND e.kind IN ('purchase', 'subscription_grant')
      AND l.balance_after > 0
      AND l.balance_after >= o.least_credits
      AND l.balance_after <= coalesce(o.most_credits, o.least_credits)
    UNION
    SELECT money_id FROM dripped_grant WHERE is_filling_up
) AS filled
""",
)

UNPLACED_GRANT = Derived(
    name="unplaced_grant",
    holds="The uncredited money beside which its account was granted credits, days apart, by an entry that names "
    "nothing that Stripe's side has: it may be the right one.",
    optional=ENTRY_LINKS,
    sql="""
WITH nearby AS (
    SELECT u.money_id, e.money_id AS granted_money_id
    FROM uncredited_money AS u
    JOIN ledger_entry AS g     ON g.account_id = u.account_id
    LEFT JOIN money_entry AS e ON e.entry_id = g.entry_id
    WHERE g.kind IN ('purchase', 'subscription_grant')
      AND g.amount > 0
      AND date_diff('second', u.paid_or_made_at, g.created_at) BETWEEN -$day_seconds AND $same_period_seconds
)
SELECT DISTINCT n.money_id
FROM nearby AS n
LEFT JOIN stripe_money AS m ON m.money_id = n.granted_money_id
WHERE m.money_id IS NULL
""",
)

EXCUSED_MONEY: tuple[Derived, ...] = (DRIPPED_GRANT, DRIPPED_CREDIT, FILLED_UP, UNPLACED_GRANT)
