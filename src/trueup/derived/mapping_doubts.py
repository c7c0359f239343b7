"""Derived relations about the mapping: what the mapped columns show together that no fault of a company's would.

Each has at most one row a column: how many were ``judged``, how many are ``agreeing`` with the mapping, and an
``example`` or a ``factor`` where there is one. The thresholds and their innocents: ``docs/decisions/0049``.
"""

from __future__ import annotations

from trueup.derived.column_doubts import COLUMN_DOUBTS, FEWEST_IDS, FEWEST_JUDGED
from trueup.derived.derivation import Derived

CHAIN_AGREEMENT = Derived(
    name="chain_agreement",
    holds="How the running balances follow from the amounts, in one row: ledgers of more than one entry, their steps, "
    "the steps that break, the ledgers that break at all, at their first step, only in their order, and by falling "
    "though the amount is positive.",
    optional=("account", "account.account_id", "account.credits", "ledger_entry", "ledger_entry.balance_after"),
    sql="""
WITH ledger AS (
    SELECT count(*) AS ledgers, coalesce(sum(entries - 1), 0) AS steps FROM account_total WHERE entries > 1
),
broken AS (
    SELECT i.account_id, i.wallet, count(*) AS breaks,
           max(CASE WHEN i.previous_created_at = t.first_entry_at
                     AND (t.lowest_sequence IS NULL OR i.previous_sequence = t.lowest_sequence)
                    THEN 1 ELSE 0 END)                                                 AS at_first_step,
           sum(CASE WHEN i.balance_after = i.previous_balance_after - i.amount THEN 1 ELSE 0 END) AS falls
    FROM irregular_step AS i
    JOIN account_total AS t ON t.account_id = i.account_id AND t.wallet = i.wallet
    WHERE i.previous_balance_after + i.amount <> i.balance_after AND i.previous_created_at IS NOT NULL
    GROUP BY i.account_id, i.wallet
),
chain AS (   -- one chain in another order: only its two ends are left
    SELECT account_id, wallet FROM balance_visit GROUP BY account_id, wallet HAVING sum(abs(departures)) <= 2
)
SELECT min(l.ledgers)                                            AS ledgers,
       min(l.steps)                                              AS steps,
       coalesce(sum(b.breaks), 0)                                AS breaks,
       count(b.account_id)                                       AS broken_ledgers,
       coalesce(sum(b.at_first_step), 0)                         AS broken_at_first_step,
       count(c.account_id)                                       AS one_chain,
       coalesce(sum(b.falls), 0)                                 AS falls,
       sum(CASE WHEN b.falls > 0 THEN 1 ELSE 0 END)              AS falling_ledgers
FROM ledger AS l
LEFT JOIN broken AS b ON 1 = 1
LEFT JOIN chain AS c  ON c.account_id = b.account_id AND c.wallet = b.wallet
""",
)

CACHE_AGREEMENT = Derived(
    name="cache_agreement",
    holds="How the cached balances agree with the ledgers, in one row: accounts that were judged, those at the latest "
    "balance_after, at the sum of the amounts, apart from both, of these the ones at what their ledger once said "
    "(late, which is a fault), the most that differ by one and the same number, and the most that are one multiple.",
    optional=("account", "account.account_id", "account.credits", "ledger_entry", "ledger_entry.balance_after"),
    sql="""
WITH judged AS (
    SELECT a.account_id, a.credits, l.balance_after AS balance,
           t.total_amount AS total
    FROM account AS a
    JOIN (SELECT s.account_id,
                 sum(s.total_amount - coalesce(r.amount, 0)
                     + CASE WHEN r.account_id IS NULL THEN coalesce(CAST($ledger_starts_at AS DECIMAL(38, 9)), 0)
                            ELSE 0 END) AS total_amount
          FROM account_total AS s
          LEFT JOIN replaced_amount AS r ON r.account_id = s.account_id AND r.wallet = s.wallet
          GROUP BY s.account_id) AS t ON t.account_id = a.account_id
    JOIN account_balance AS l ON l.account_id = a.account_id
    WHERE NOT a.unlimited_credits AND a.credits IS NOT NULL AND l.balance_after IS NOT NULL
      AND (a.credits <> 0 OR l.balance_after <> 0)
),
apart AS (
    SELECT account_id, credits, balance FROM judged WHERE credits <> balance AND credits <> total
),
earlier AS (   -- what the ledger said at one time or another
    SELECT account_id, balance_after AS balance FROM suspect_entry WHERE posted
    UNION
    SELECT account_id,
           sum(amount) OVER (PARTITION BY account_id
                             ORDER BY sequence NULLS FIRST, created_at NULLS FIRST, entry_id NULLS FIRST)
    FROM suspect_entry
    WHERE posted
),
late AS (
    SELECT DISTINCT a.account_id
    FROM apart AS a
    JOIN earlier AS e ON e.account_id = a.account_id AND e.balance = a.credits
    WHERE a.credits <> 0
),
distance AS (
    SELECT credits - balance AS credits_apart, count(*) AS accounts FROM apart GROUP BY credits - balance
),
scale AS (
    SELECT 10 AS factor UNION ALL SELECT 100 UNION ALL SELECT 1000 UNION ALL SELECT 1000000
),
multiple AS (
    SELECT s.factor, count(*) AS accounts
    FROM apart AS a
    JOIN scale AS s ON a.credits = a.balance * s.factor
    GROUP BY s.factor
)
SELECT count(*)                                                                      AS judged,
       coalesce(sum(CASE WHEN j.credits = j.balance THEN 1 ELSE 0 END), 0)           AS at_latest,
       coalesce(sum(CASE WHEN j.credits = j.total THEN 1 ELSE 0 END), 0)             AS at_sum,
       count(a.account_id)                                                           AS apart,
       count(l.account_id)                                                           AS late,
       coalesce((SELECT max(accounts) FROM distance), 0)                             AS at_one_distance,
       coalesce((SELECT max(accounts) FROM multiple), 0)                             AS at_one_multiple,
       coalesce((SELECT arg_max(factor, accounts) FROM multiple), 1)                 AS factor
FROM judged AS j
LEFT JOIN apart AS a ON a.account_id = j.account_id
LEFT JOIN late AS l  ON l.account_id = j.account_id
""",
)

CREDITS_DOUBT = Derived(
    name="credits_doubt",
    holds="Columns of credits that contradict each other in most accounts: `order`, `direction`, `amount`, `balance`, "
    "`unspent` (no entry takes any away, so what is spent is elsewhere) or `chain` says which and how.",
    optional=("account", "account.account_id", "account.credits", "ledger_entry", "ledger_entry.balance_after"),
    sql=f"""
WITH negative AS (
    SELECT count(*) AS entries FROM (SELECT 1 FROM ledger_entry WHERE posted AND amount < 0 LIMIT 1) AS entry
),
wrong AS (
    SELECT c.ledgers, c.steps, c.breaks, c.broken_ledgers, c.one_chain, c.falls, m.judged, m.at_latest, m.at_sum,
           n.entries = 0 AND c.falls >= {FEWEST_JUDGED} AND c.falling_ledgers >= {FEWEST_IDS}
               AND 10 * c.falls >= 9 * c.breaks                                                      AS lacks_sign,
           2 * c.breaks > c.steps AND c.ledgers >= {FEWEST_JUDGED}
               AND 2 * c.broken_at_first_step > c.ledgers                                            AS breaks_mostly
    FROM chain_agreement AS c
    CROSS JOIN cache_agreement AS m
    CROSS JOIN negative AS n
),
step_doubt AS (
    SELECT CASE WHEN lacks_sign THEN 'direction'
                WHEN 2 * one_chain > broken_ledgers THEN 'order'
                WHEN judged >= {FEWEST_JUDGED} AND 2 * at_latest > judged AND 2 * at_sum < judged THEN 'amount'
                ELSE 'chain' END AS kind,
           steps, breaks, broken_ledgers, one_chain
    FROM wrong
    WHERE lacks_sign OR breaks_mostly
)
SELECT kind, relation, column_name, judged, agreeing, factor
FROM (
    SELECT kind, 'ledger_entry' AS relation,
           CASE kind WHEN 'order' THEN 'sequence' WHEN 'chain' THEN 'balance_after' ELSE 'amount' END AS column_name,
           CASE kind WHEN 'order' THEN broken_ledgers ELSE steps END                                  AS judged,
           CASE kind WHEN 'order' THEN broken_ledgers - one_chain ELSE steps - breaks END             AS agreeing,
           1 AS factor
    FROM step_doubt
    UNION ALL
    SELECT CASE WHEN 2 * at_one_multiple > judged THEN 'scale'
                WHEN negative.entries = 0 THEN 'unspent' ELSE 'balance' END, 'account', 'credits',
           judged,
           CASE WHEN 2 * at_one_multiple > judged THEN judged - at_one_multiple ELSE judged - apart + late END,
           CASE WHEN 2 * at_one_multiple > judged THEN factor ELSE 1 END
    FROM cache_agreement
    CROSS JOIN negative
    WHERE judged >= {FEWEST_JUDGED}
      AND NOT EXISTS (SELECT 1 FROM step_doubt)
      AND (2 * at_one_multiple > judged
           OR (2 * (judged - apart + late) < judged AND 2 * at_one_distance < apart))
) AS doubt
""",
)


WALLET_DOUBT = Derived(
    name="wallet_doubt",
    holds="The wallet that agrees least, where fewer than half of its balances are what its chain says, or once said.",
    optional=("account", "account.account_id", "wallet_balance", "ledger_entry", "ledger_entry.balance_after"),
    sql=f"""
WITH judged AS (
    SELECT account_id, wallet, credits, balance_after
    FROM wallet_compared
    WHERE has_entries AND balance_after IS NOT NULL AND (credits <> 0 OR balance_after <> 0)
),
earlier AS (
    SELECT DISTINCT j.account_id, j.wallet
    FROM judged AS j
    JOIN suspect_entry AS e ON e.account_id = j.account_id AND e.wallet = j.wallet AND e.balance_after = j.credits
    WHERE e.posted AND j.credits <> 0
),
counted AS (
    SELECT j.wallet, count(*) AS judged,
           sum(CASE WHEN j.credits = j.balance_after OR e.account_id IS NOT NULL THEN 1 ELSE 0 END) AS agreeing
    FROM judged AS j
    LEFT JOIN earlier AS e ON e.account_id = j.account_id AND e.wallet = j.wallet
    GROUP BY j.wallet
)
SELECT 'wallet_balance' AS relation, 'credits' AS column_name, judged, agreeing, wallet AS example
FROM (
    SELECT *, row_number() OVER (ORDER BY CAST(agreeing AS DOUBLE) / judged, wallet) AS place
    FROM counted
    WHERE judged >= {FEWEST_JUDGED} AND 2 * agreeing < judged
) AS worst
WHERE place = 1
""",
)

WALLET_NAME_DOUBT = Derived(
    name="wallet_name_doubt",
    holds="One row where entries and cached balances both name wallets, and have none of the names in common: then no "
    "wallet is compared.",
    optional=("account", "account.account_id", "wallet_balance", "ledger_entry"),
    sql="""
WITH kept AS (
    SELECT wallet, count(*) AS balances FROM wallet_held WHERE wallet <> '' AND credits <> 0 GROUP BY wallet
),
moved AS (
    SELECT DISTINCT wallet FROM account_total WHERE wallet <> ''
),
side AS (
    SELECT sum(balances) AS judged, min(wallet) AS kept_wallet,
           sum(CASE WHEN wallet IN (SELECT wallet FROM moved) THEN balances ELSE 0 END) AS agreeing
    FROM kept
)
SELECT 'ledger_entry' AS relation, 'wallet' AS column_name, s.judged, s.agreeing,
       min(m.wallet) || ' where a balance is of ' || s.kept_wallet AS example
FROM side AS s
CROSS JOIN moved AS m
WHERE s.agreeing = 0
GROUP BY s.judged, s.agreeing, s.kept_wallet
""",
)


MAPPING_DOUBT = Derived(
    name="mapping_doubt",
    holds="One row for each mapped column that the data contradict: how many were judged, how many agree.",
    optional=("account", "ledger_entry", "plan", "plan_change", "wallet_balance", "webhook_event"),
    sql="""
SELECT kind, relation, column_name, judged, agreeing, factor, example
FROM (
    SELECT kind, relation, column_name, judged, agreeing, factor, '' AS example FROM credits_doubt
    UNION ALL
    SELECT 'id', relation, column_name, judged, agreeing, 1, example FROM id_doubt
    UNION ALL
    SELECT 'plan', relation, column_name, judged, agreeing, 1, example FROM plan_doubt
    UNION ALL
    SELECT 'time', relation, column_name, judged, agreeing, 1, '' FROM time_doubt
    UNION ALL
    SELECT 'owner', relation, column_name, judged, agreeing, 1, '' FROM owner_doubt
    UNION ALL
    SELECT 'wallet', relation, column_name, judged, agreeing, 1, example FROM wallet_doubt
    UNION ALL
    SELECT 'wallet-name', relation, column_name, judged, agreeing, 1, example FROM wallet_name_doubt
) AS doubt
""",
)

MAPPING_DOUBTS = (
    CHAIN_AGREEMENT,
    CACHE_AGREEMENT,
    CREDITS_DOUBT,
    *COLUMN_DOUBTS,
    WALLET_DOUBT,
    WALLET_NAME_DOUBT,
    MAPPING_DOUBT,
)
