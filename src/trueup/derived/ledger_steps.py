"""Derived relations about the steps of the ledger: which do not follow from the one before, and where ledgers begin.

Ledger order, and what a chain is, are those of the ledger's other relations.
"""

from __future__ import annotations

from trueup.derived.derivation import Derived

UNPROVEN_ACCOUNT = Derived(
    name="unproven_account",
    holds="Accounts whose steps have to be checked one by one. Here that is all of them; an engine that can prove "
    "most ledgers regular at less cost leaves those out.",
    sql="""
SELECT DISTINCT account_id
FROM ledger_entry
WHERE posted AND account_id IS NOT NULL
""",
)


LATE_BALANCE = Derived(
    name="late_balance",
    holds="The first balance_after of each ledger that began without any, beside what the entries before it add up to "
    "from ledger_starts_at on; nothing where the config does not say at what balance ledgers begin.",
    optional=("ledger_entry.balance_after",),
    sql="""
WITH placed AS (
    SELECT account_id, wallet, entry_id, sequence, created_at, balance_after, amount,
           sum(CASE WHEN sets_balance THEN 1 ELSE 0 END) OVER in_order AS sets_so_far,
           count(balance_after)                          OVER in_order AS balances_so_far,
           count(*)                                      OVER in_order AS entries_so_far
    FROM ledger_entry
    WHERE posted
      AND CAST($ledger_starts_at AS DECIMAL(38, 9)) IS NOT NULL
      AND account_id IN (SELECT account_id FROM ledger_entry WHERE posted AND balance_after IS NULL)
    WINDOW in_order AS (PARTITION BY account_id, wallet ORDER BY sequence NULLS FIRST, created_at, entry_id)
),
summed AS (
    SELECT account_id, wallet, entry_id, sequence, created_at, balance_after, amount, balances_so_far, entries_so_far,
           sum(amount) OVER since_set                                                           AS amount_so_far,
           CASE WHEN sets_so_far = 0 THEN CAST($ledger_starts_at AS DECIMAL(38, 9)) ELSE 0 END AS starts_at
    FROM placed
    WINDOW since_set AS (PARTITION BY account_id, wallet, sets_so_far
                         ORDER BY sequence NULLS FIRST, created_at, entry_id)
)
SELECT account_id, wallet, entry_id, sequence, created_at, balance_after, amount,
       starts_at + amount_so_far - amount AS previous_balance_after
FROM summed
WHERE balances_so_far = 1 AND balance_after IS NOT NULL AND entries_so_far > 1
""",
)


IRREGULAR_STEP = Derived(
    name="irregular_step",
    holds="Each posted entry beside its predecessor in the chain, kept only where something does not follow: the "
    "balance, the date, or the sequence number. The first entry follows from ledger_starts_at, where the config says "
    "it, as does the first that has a balance_after at all; one that sets the balance follows from 0. The checks "
    "distinguish these; a sound ledger has no rows here.",
    optional=("ledger_entry.balance_after",),
    sql="""
SELECT account_id, wallet, entry_id, sequence, created_at, balance_after, amount,
       previous_balance_after, previous_created_at, previous_sequence
FROM (
    SELECT account_id, wallet, entry_id, sequence, created_at, balance_after, amount,
           CASE WHEN sets_balance THEN 0
                ELSE lag(balance_after, 1, CAST($ledger_starts_at AS DECIMAL(38, 9))) OVER in_order
           END                            AS previous_balance_after,
           lag(created_at)    OVER in_order AS previous_created_at,
           lag(sequence)      OVER in_order AS previous_sequence
    FROM ledger_entry
    WHERE posted AND account_id IN (SELECT account_id FROM unproven_account)
    WINDOW in_order AS (PARTITION BY account_id, wallet ORDER BY sequence NULLS FIRST, created_at, entry_id)
    UNION ALL
    SELECT account_id, wallet, entry_id, sequence, created_at, balance_after, amount, previous_balance_after, NULL, NULL
    FROM late_balance
) AS step
WHERE previous_balance_after + amount <> balance_after
   OR created_at < previous_created_at
   OR sequence = previous_sequence
""",
)


SUSPECT_ENTRY = Derived(
    name="suspect_entry",
    holds="Every entry of the accounts where something does not add up: an irregular step, a cached balance that is "
    "not the latest entry's, an account that does not exist, a pending entry with a sequence number. The exact looks, "
    "which cost more than a scan, are for these.",
    optional=("account", "account.account_id", "account.credits", "wallet_balance", "ledger_entry.balance_after"),
    sql="""
WITH suspect AS (
    SELECT account_id FROM irregular_step
    UNION
    SELECT l.account_id
    FROM account_balance AS l
    LEFT JOIN account AS a ON a.account_id = l.account_id
    WHERE (a.account_id IS NULL AND EXISTS (SELECT 1 FROM account))
       OR (a.credits <> l.balance_after AND NOT a.unlimited_credits)
    UNION
    SELECT account_id FROM wallet_compared WHERE credits <> balance_after
    UNION
    SELECT account_id FROM ledger_entry WHERE NOT posted AND sequence IS NOT NULL
)
SELECT e.entry_id, e.account_id, e.wallet, e.sequence, e.amount, e.balance_after, e.posted, e.created_at
FROM ledger_entry AS e
JOIN suspect AS s ON s.account_id = e.account_id
""",
)


OPENING_BALANCE = Derived(
    name="opening_balance",
    holds="One row per chain where something does not add up: the balance before its first posted entry, as the "
    "config says, or else the oldest balance_after and the amounts up to it.",
    sql="""
SELECT account_id, wallet,
       coalesce(CAST($ledger_starts_at AS DECIMAL(38, 9)),
                arg_min(balance_after - amount, (coalesce(sequence, -1), created_at, entry_id))
                - sum(CASE WHEN balance_after IS NULL THEN amount ELSE 0 END)) AS balance
FROM suspect_entry
WHERE posted
GROUP BY account_id, wallet
""",
)


UNKNOWN_LEDGER = Derived(
    name="unknown_ledger",
    holds="Accounts with an entry that could not be read, so that nothing that follows from all of their entries is "
    "known. An entry that lacks only its balance_after, and is pending or older than the first one that has one, "
    "does not make its account unknown: the running balance begins after it.",
    optional=("ledger_entry", "ledger_entry.balance_after"),
    sql="""
WITH unread AS (
    SELECT account_id, row_key, cause
    FROM unreadable_row
    WHERE relation = 'ledger_entry' AND account_id IS NOT NULL
),
placed AS (
    SELECT account_id, wallet, posted, balance_after, CAST(entry_id AS VARCHAR) AS row_key,
           row_number() OVER (PARTITION BY account_id, wallet
                              ORDER BY sequence NULLS FIRST, created_at, entry_id) AS place
    FROM ledger_entry
    WHERE account_id IN (SELECT account_id FROM unread WHERE cause = 'balance_after is missing')
),
beginning AS (   -- of the running balance
    SELECT account_id, wallet, min(place) AS place
    FROM placed
    WHERE posted AND balance_after IS NOT NULL
    GROUP BY account_id, wallet
),
without_balance AS (   -- entries that the running balance does not go through
    SELECT p.account_id, p.row_key
    FROM placed AS p
    LEFT JOIN beginning AS b ON b.account_id = p.account_id AND b.wallet = p.wallet
    WHERE p.balance_after IS NULL AND (NOT p.posted OR p.place < b.place)
)
SELECT DISTINCT u.account_id
FROM unread AS u
LEFT JOIN without_balance AS w ON w.account_id = u.account_id AND w.row_key = u.row_key
WHERE w.row_key IS NULL OR u.cause IS NULL OR u.cause <> 'balance_after is missing'
""",
)


BALANCE_VISIT = Derived(
    name="balance_visit",
    holds="For chains with a broken step, each balance and how often their entries leave it, less how often they "
    "reach it, and how often they leave it. Entries form one chain, in whatever order, when only its two ends are left "
    "over.",
    optional=("account", "account.account_id", "account.credits"),
    sql="""
WITH broken AS (
    SELECT DISTINCT account_id, wallet FROM irregular_step WHERE previous_balance_after + amount <> balance_after
),
entry AS (
    SELECT e.account_id, e.wallet, e.amount, e.balance_after
    FROM suspect_entry AS e
    JOIN broken AS b ON b.account_id = e.account_id AND b.wallet = e.wallet
    WHERE e.posted
),
visit AS (   -- an entry leaves one balance and reaches another
    SELECT account_id, wallet, balance_after - amount AS balance, 1 AS departures FROM entry
    UNION ALL
    SELECT account_id, wallet, balance_after, -1 FROM entry
)
SELECT account_id, wallet, balance, sum(departures) AS departures,
       sum(CASE WHEN departures > 0 THEN 1 ELSE 0 END) AS leaves
FROM visit
GROUP BY account_id, wallet, balance
""",
)

LEDGER_STEPS = (
    UNPROVEN_ACCOUNT,
    LATE_BALANCE,
    IRREGULAR_STEP,
    SUSPECT_ENTRY,
    OPENING_BALANCE,
    UNKNOWN_LEDGER,
    BALANCE_VISIT,
)
