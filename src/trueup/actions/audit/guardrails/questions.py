"""The queries about trueup's own repairs. A row is a name for a person, and the number of rows it counts for."""

from __future__ import annotations

UNJOURNALED = """
SELECT applied.issue_id || ', repair ' || applied.repair_id, 1
FROM applied_repair AS applied
LEFT JOIN journaled_row AS entry ON entry.repair_id = applied.repair_id
WHERE entry.repair_id IS NULL
ORDER BY 1
"""
"""Repairs that are recorded as applied but that no entry of the journal is about."""

UNRECORDED = """
SELECT 'entry ' || entry.journal_seq || ', ' || entry.target, 1
FROM journaled_row AS entry
LEFT JOIN applied_repair AS applied ON applied.repair_id = entry.repair_id
WHERE entry.repair_id IS NOT NULL AND applied.repair_id IS NULL
ORDER BY entry.journal_seq
"""
"""Entries of the journal about repairs that are not recorded."""

CUT = """
SELECT (SELECT head_seq FROM journal_reading), count(*), coalesce(max(journal_seq), 0)
FROM journaled_row
"""
"""Where the journal's head says that it ends, how many entries there are, and the last of them."""

ALIKE = """
WITH promised AS (   -- what the journal says was added; equal rows are counted, because nothing distinguishes them
    SELECT relation, account_id, amount, balance_after, from_plan, to_plan, reason,
           count(*) AS entries, max(journal_seq) AS journal_seq, arg_max(target, journal_seq) AS target
    FROM journaled_row
    WHERE relation IN ('ledger_entry', 'plan_change') AND marked
    GROUP BY relation, account_id, amount, balance_after, from_plan, to_plan, reason
),
there AS (           -- what the app's tables hold
    SELECT relation, account_id, amount, balance_after, from_plan, to_plan, reason, bool_or(ours) AS ours,
           count(*) AS entries
    FROM marked_row
    GROUP BY relation, account_id, amount, balance_after, from_plan, to_plan, reason
),
met AS (             -- a value that the journal does not have is not compared
    SELECT promised.*, there.entries AS rows_there, there.amount AS amount_there,
           there.balance_after AS balance_there, there.from_plan AS from_there, there.to_plan AS to_there,
           there.reason AS reason_there
    FROM promised
    JOIN there ON there.relation = promised.relation
              AND there.account_id = promised.account_id
              AND coalesce(promised.amount, there.amount, '') = coalesce(there.amount, '')
              AND coalesce(promised.balance_after, there.balance_after, '') = coalesce(there.balance_after, '')
              AND coalesce(promised.from_plan, there.from_plan, '') = coalesce(there.from_plan, '')
              AND coalesce(promised.to_plan, there.to_plan, '') = coalesce(there.to_plan, '')
              AND coalesce(promised.reason, there.reason, '') = coalesce(there.reason, '')
)
"""

LOST = f"""
{ALIKE}
, found AS (
    SELECT journal_seq, sum(rows_there) AS rows_there FROM met GROUP BY journal_seq
)
SELECT 'entry ' || promised.journal_seq || ', ' || promised.target,
       promised.entries - coalesce(found.rows_there, 0) AS lost,
       $accounts_known AND known.account_id IS NULL AND any_entry.account_id IS NULL AS gone
FROM promised
LEFT JOIN found            ON found.journal_seq = promised.journal_seq
LEFT JOIN account AS known ON known.account_id = promised.account_id
LEFT JOIN (SELECT DISTINCT account_id FROM ledger_entry WHERE account_id IN (SELECT account_id FROM promised))
    AS any_entry           ON any_entry.account_id = promised.account_id
WHERE promised.entries > coalesce(found.rows_there, 0)
ORDER BY promised.journal_seq
"""
"""Entries whose row is not in the app's table as it was added; how many, and whether the whole account is gone."""

FORGED = f"""
{ALIKE}
, known AS (
    SELECT relation, account_id, amount_there, balance_there, from_there, to_there, reason_there,
           sum(entries) AS entries
    FROM met
    GROUP BY relation, account_id, amount_there, balance_there, from_there, to_there, reason_there
)
SELECT there.relation || ' of ' || coalesce(there.account_id, 'unknown') || coalesce(', "' || there.reason || '"', ''),
       there.entries - coalesce(known.entries, 0) AS forged
FROM there
LEFT JOIN known ON known.relation = there.relation
               AND known.account_id IS NOT DISTINCT FROM there.account_id
               AND known.amount_there IS NOT DISTINCT FROM there.amount
               AND known.balance_there IS NOT DISTINCT FROM there.balance_after
               AND known.from_there IS NOT DISTINCT FROM there.from_plan
               AND known.to_there IS NOT DISTINCT FROM there.to_plan
               AND known.reason_there IS NOT DISTINCT FROM there.reason
WHERE there.ours AND there.entries > coalesce(known.entries, 0)
ORDER BY 1
"""
"""Rows that carry the mark of trueup's repairs, beyond those that the journal records."""

EVENT_LOST = """
WITH credited AS (   -- when the ledger first named the event: what is older than the table of events owes no record
    SELECT stripe_event_id, min(created_at) AS first_at
    FROM ledger_entry
    WHERE stripe_event_id IN (SELECT event_id FROM journaled_row)
    GROUP BY stripe_event_id
)
SELECT 'entry ' || max(entry.journal_seq) || ', ' || arg_max(entry.target, entry.journal_seq), 1
FROM journaled_row AS entry
LEFT JOIN webhook_event AS recorded ON recorded.event_id = entry.event_id
LEFT JOIN credited                  ON credited.stripe_event_id = entry.event_id
WHERE entry.relation = 'webhook_event'
  AND recorded.event_id IS NULL
  AND (credited.first_at IS NULL OR credited.first_at >= $idempotency_since)
GROUP BY entry.event_id
ORDER BY max(entry.journal_seq)
"""
"""Entries about an idempotency record that is not in the app's table."""

UNCOMPARED = """
SELECT 'entry ' || journal_seq || ', ' || target, 1
FROM journaled_row
WHERE repair_id IS NOT NULL
  AND (relation IS NULL OR (relation IN ('ledger_entry', 'plan_change') AND NOT marked))
ORDER BY journal_seq
"""
"""Entries whose row cannot be looked for: its table or columns are no longer mapped, or it has no mark."""
