"""Derived relations about the sizes of movements: what is usual for each kind of entry, and what is owed."""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived

USUAL_MOVEMENT = Derived(
    name="usual_movement",
    holds="One row per kind of entry: the median size of its movements, and their median distance from it, which is no "
    "less than a tenth of it.",
    # Sizes are rounded first: the median of a whole ledger would hold every value in memory, and needs no more digits.
    sql="""
WITH movement AS (
    SELECT kind, CAST(abs(amount) AS DOUBLE) AS credits
    FROM ledger_entry
    WHERE posted AND amount <> 0 AND kind NOT IN ('balance_sync', 'expiry', 'other')
),
size AS (                              -- roughly how large, and how often: what is usual needs no more digits
    SELECT kind,
           CASE WHEN credits < 1     THEN round(credits, 4)
                WHEN credits < 100   THEN round(credits, 2)
                WHEN credits < 10000 THEN round(credits, 0)
                ELSE round(credits, -2) END AS credits,
           count(*)                         AS entries
    FROM movement
    GROUP BY 1, 2
),
counted AS (
    SELECT kind, credits,
           sum(entries) OVER (PARTITION BY kind ORDER BY credits NULLS FIRST) AS entries_up_to_here,
           sum(entries) OVER (PARTITION BY kind)                              AS entries_of_kind
    FROM size
),
usual AS (                             -- the median: half of the entries are no larger
    SELECT kind, min(credits) AS credits
    FROM counted
    WHERE 2 * entries_up_to_here >= entries_of_kind
    GROUP BY kind
),
distance AS (
    SELECT size.kind, abs(size.credits - usual.credits) AS credits, sum(size.entries) AS entries
    FROM size
    JOIN usual ON usual.kind = size.kind
    GROUP BY 1, 2
),
distance_counted AS (
    SELECT kind, credits,
           sum(entries) OVER (PARTITION BY kind ORDER BY credits NULLS FIRST) AS entries_up_to_here,
           sum(entries) OVER (PARTITION BY kind)                              AS entries_of_kind
    FROM distance
)
SELECT usual.kind,
       CAST(usual.credits AS DECIMAL(38, 9))                                 AS usual_amount,
       CAST(greatest(min(d.credits), 0.1 * usual.credits) AS DECIMAL(38, 9)) AS usual_spread
FROM distance_counted AS d
JOIN usual ON usual.kind = d.kind
WHERE 2 * d.entries_up_to_here >= d.entries_of_kind
GROUP BY usual.kind, usual.credits
""",
)

OWED_ENTRY = Derived(
    name="owed_entry",
    holds="The entries that name a money of which it is known what it owes, and the most that it owes. `is_judged`: "
    "a grant of paid money of this period, of which wrong-grant-amount says whether it is too large.",
    optional=ENTRY_LINKS,
    sql="""
SELECT e.entry_id, o.most_credits,
       e.kind IN ('purchase', 'subscription_grant')
           AND e.amount > 0
           AND coalesce(m.state = 'paid' AND o.worth_minor > 0, FALSE)
           AND coalesce(m.paid_at, m.created_at) >= $period_start AS is_judged
FROM money_entry AS e
JOIN money_owed AS o        ON o.money_id = e.money_id
LEFT JOIN stripe_money AS m ON m.money_id = e.money_id
WHERE o.most_credits IS NOT NULL
""",
)

MOVEMENTS: tuple[Derived, ...] = (USUAL_MOVEMENT, OWED_ENTRY)
