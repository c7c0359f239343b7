"""Derived relations about cached balances that are not what the ledger says: an account's own, and its wallets'.

An account has one balance, or several, each with its own chain: wallets. What is about wallets alone has no rows in an
app without them, and costs nothing there.
"""

from __future__ import annotations

from trueup.derived.derivation import Derived

ACCOUNTS_WITH_BALANCE = """
SELECT count(*)
FROM account
WHERE NOT unlimited_credits
  AND (credits IS NOT NULL OR account_id IN (SELECT account_id FROM wallet_balance))
"""


def credits_as_text(column: str) -> str:
    """Return the SQL that writes an amount of credits without zeros at its end."""
    text = f"CAST({column} AS VARCHAR)"
    return f"CASE WHEN strpos({text}, '.') > 0 THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"


_BOTH_SIDES = ("account", "account.account_id", "account.credits", "wallet_balance", "ledger_entry.balance_after")
"""What an app may lack of the cached balances and the ledger: what it has is compared."""

WALLET_HELD = Derived(
    name="wallet_held",
    holds="One row per account with limits and wallet whose cached balance could be read; several rows of one wallet "
    "count together.",
    optional=("account", "account.account_id", "wallet_balance"),
    sql="""
SELECT w.account_id, w.wallet, sum(w.credits) AS credits
FROM wallet_balance AS w
JOIN account AS a ON a.account_id = w.account_id AND NOT a.unlimited_credits
GROUP BY w.account_id, w.wallet
HAVING count(*) = count(w.credits)
""",
)

GRANT_REST = Derived(
    name="grant_rest",
    holds="The grants that have a rest, in their wallet where that has a balance of its own, or else in the account's.",
    optional=("account", "account.account_id", "wallet_balance"),
    sql="""
SELECT g.account_id, CASE WHEN h.account_id IS NULL THEN '' ELSE g.wallet END AS wallet, g.grant_id, g.remaining,
       g.expires_at
FROM credit_grant AS g
LEFT JOIN wallet_held AS h ON h.account_id = g.account_id AND h.wallet = g.wallet
WHERE g.remaining > 0
""",
)

WALLET_COMPARED = Derived(
    name="wallet_compared",
    holds="Each wallet of an account that has a cached balance or entries: what is cached, and what its chain says. "
    "Without a row on one side it is 0 there. Wallets that no entry of anyone moves, or no balance of anyone is kept "
    "for, are left out: the other side is not about them.",
    optional=("account", "account.account_id", "wallet_balance", "ledger_entry.balance_after"),
    sql="""
WITH named AS (
    SELECT account_id, wallet FROM wallet_held WHERE wallet IN (SELECT wallet FROM latest_entry)
    UNION
    SELECT l.account_id, l.wallet
    FROM latest_entry AS l
    JOIN account AS a ON a.account_id = l.account_id AND NOT a.unlimited_credits
    WHERE l.wallet IN (SELECT wallet FROM wallet_held)
)
SELECT n.account_id, n.wallet, coalesce(h.credits, 0) AS credits,
       CASE WHEN l.account_id IS NULL THEN 0 ELSE l.balance_after END AS balance_after,
       coalesce(l.is_sum, FALSE)                                      AS is_sum,
       l.account_id IS NOT NULL                                       AS has_entries
FROM named AS n
LEFT JOIN wallet_held AS h  ON h.account_id = n.account_id AND h.wallet = n.wallet
LEFT JOIN latest_entry AS l ON l.account_id = n.account_id AND l.wallet = n.wallet
WHERE h.account_id IS NOT NULL
   OR NOT EXISTS (SELECT 1 FROM wallet_balance AS w WHERE w.account_id = n.account_id AND w.wallet = n.wallet)
""",
)

ACCOUNT_WALLETS = Derived(
    name="account_wallets",
    holds="One row per account with named wallets: each in words, with what is cached and what the ledger says.",
    optional=("account", "account.account_id", "wallet_balance", "ledger_entry.balance_after"),
    sql=f"""
SELECT n.account_id,
       string_agg(CASE WHEN n.wallet = '' THEN '(none)' ELSE n.wallet END || ': '
                  || CASE WHEN c.account_id IS NULL THEN ''
                          ELSE {credits_as_text("c.credits")} || ' cached, ' END
                  || CASE WHEN l.account_id IS NULL THEN '0'
                          ELSE coalesce({credits_as_text("l.balance_after")}, 'unknown') END || ' in the ledger',
                  '; ' ORDER BY n.wallet NULLS FIRST) AS wallets
FROM (SELECT account_id, wallet FROM latest_entry
      WHERE account_id IN (SELECT account_id FROM latest_entry WHERE wallet <> '')
      UNION
      SELECT account_id, wallet FROM wallet_compared) AS n
LEFT JOIN latest_entry AS l    ON l.account_id = n.account_id AND l.wallet = n.wallet
LEFT JOIN wallet_compared AS c ON c.account_id = n.account_id AND c.wallet = n.wallet
GROUP BY n.account_id
""",
)

BALANCE_APART = Derived(
    name="balance_apart",
    holds="The cached balances that are not what the ledger says: an account's own (`is_whole`), which is all of its "
    "wallets together, and those of its wallets.",
    optional=_BOTH_SIDES,
    sql="""
SELECT account_id, wallet, is_whole, credits, is_sum, last_balance_after
FROM (
    SELECT a.account_id, '' AS wallet, TRUE AS is_whole, a.credits, coalesce(b.is_sum, FALSE) AS is_sum,
           CASE WHEN b.account_id IS NULL THEN 0 ELSE b.balance_after END AS last_balance_after
    FROM account AS a
    LEFT JOIN account_balance AS b ON b.account_id = a.account_id
    WHERE NOT a.unlimited_credits
      AND a.credits <> CASE WHEN b.account_id IS NULL THEN 0 ELSE b.balance_after END
    UNION ALL
    SELECT account_id, wallet, FALSE, credits, is_sum, balance_after FROM wallet_compared WHERE credits <> balance_after
) AS apart
""",
)

APART_CHAIN = Derived(
    name="apart_chain",
    holds="The chains behind each balance that is apart: one, or of an account with several wallets all of them. "
    "`credits` is what the cached balance leaves for this chain, if the others are right.",
    optional=_BOTH_SIDES,
    sql="""
SELECT a.account_id, a.is_whole, a.wallet, t.wallet AS chain, t.entries, t.last_entry_at,
       CASE WHEN r.account_id IS NULL THEN o.balance ELSE 0 END
       + t.total_amount - coalesce(r.amount, 0)           AS sum_of_amounts,
       a.credits - a.last_balance_after + l.balance_after AS credits
FROM balance_apart AS a
JOIN account_total AS t ON t.account_id = a.account_id AND (a.is_whole OR t.wallet = a.wallet)
LEFT JOIN latest_entry AS l    ON l.account_id = t.account_id AND l.wallet = t.wallet
LEFT JOIN opening_balance AS o ON o.account_id = t.account_id AND o.wallet = t.wallet
LEFT JOIN replaced_amount AS r ON r.account_id = t.account_id AND r.wallet = t.wallet
""",
)

APART_TIE = Derived(
    name="apart_tie",
    holds="Balances that are apart and whose latest entries have no known order: one timestamp, no sequence, ids with "
    "letters in them. How many they are, and whether one of them agrees with the cached balance.",
    optional=_BOTH_SIDES,
    sql="""
SELECT account_id, is_whole, wallet, max(entries) AS entries, max(one_agrees) AS one_agrees
FROM (
    SELECT c.account_id, c.is_whole, c.wallet, c.chain, count(*) AS entries,
           max(CASE WHEN e.balance_after = c.credits THEN 1 ELSE 0 END) AS one_agrees
    FROM apart_chain AS c
    JOIN suspect_entry AS e ON e.account_id = c.account_id AND e.wallet = c.chain AND e.created_at = c.last_entry_at
    WHERE e.posted AND e.sequence IS NULL
      AND lower(CAST(e.entry_id AS VARCHAR)) <> upper(CAST(e.entry_id AS VARCHAR))
    GROUP BY c.account_id, c.is_whole, c.wallet, c.chain
) AS chain
GROUP BY account_id, is_whole, wallet
""",
)

APART_BREAK = Derived(
    name="apart_break",
    holds="Balances that are apart and whose chains have broken steps: how many, and whether each chain is only in "
    "another order (its two ends are left) and ends at the cached balance.",
    optional=_BOTH_SIDES,
    sql="""
WITH broken AS (
    SELECT account_id, wallet, count(*) AS steps
    FROM irregular_step
    WHERE previous_balance_after + amount <> balance_after
    GROUP BY account_id, wallet
),
chain AS (
    SELECT c.account_id, c.is_whole, c.wallet, c.chain,
           sum(abs(v.departures)) <= 2
           AND max(CASE WHEN v.balance = c.credits THEN v.departures END) = min(v.departures) AS ends_at_credits
    FROM balance_visit AS v
    JOIN apart_chain AS c ON c.account_id = v.account_id AND c.chain = v.wallet
    GROUP BY c.account_id, c.is_whole, c.wallet, c.chain
)
SELECT c.account_id, c.is_whole, c.wallet, sum(b.steps) AS steps,
       min(CASE WHEN c.ends_at_credits THEN 1 ELSE 0 END) = 1 AS ends_at_credits
FROM chain AS c
JOIN broken AS b ON b.account_id = c.account_id AND b.wallet = c.chain
GROUP BY c.account_id, c.is_whole, c.wallet
""",
)

WALLETS = (
    WALLET_HELD,
    GRANT_REST,
    WALLET_COMPARED,
    ACCOUNT_WALLETS,
    BALANCE_APART,
    APART_CHAIN,
    APART_TIE,
    APART_BREAK,
)
