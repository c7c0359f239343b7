"""Derived relations: what several checks ask of the same rows, worked out once per audit.

Each is named SQL over the relations, kept as a table while an audit runs. Ledger order is total: ``sequence`` where
mapped, then ``created_at``, then the entry's id in its own type. Only posted entries take part in the running
balance: a pending row carries a stale one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A named query. Its column names are those of its outermost SELECT."""

    name: str
    holds: str
    sql: str


ACCOUNT_TOTAL = Derived(
    name="account_total",
    holds="One row per account with entries: how many are posted, the sum of their amounts, the latest one's "
    "balance_after, and the span of its sequence numbers (pending entries included).",
    sql="""
SELECT account_id,
       sum(CASE WHEN posted THEN 1 ELSE 0 END)                  AS entries,
       sum(CASE WHEN posted THEN amount END)                    AS total_amount,
       sum(CASE WHEN amount IS NULL OR balance_after IS NULL OR posted IS NULL
                  OR (sequence IS NULL AND created_at IS NULL) THEN 1 ELSE 0 END) AS unreadable_entries,
       arg_max(balance_after, CASE WHEN posted THEN (coalesce(sequence, -1), created_at, entry_id) END)
                                                                AS last_balance_after,
       arg_min(balance_after - amount, CASE WHEN posted THEN (coalesce(sequence, -1), created_at, entry_id) END)
                                                                AS opening_balance,
       max(CASE WHEN posted THEN created_at END)                AS last_entry_at,
       count(sequence)                                          AS sequences,
       min(sequence)                                            AS lowest_sequence,
       max(sequence)                                            AS highest_sequence
FROM ledger_entry
WHERE account_id IS NOT NULL
GROUP BY account_id
""",
)

IRREGULAR_STEP = Derived(
    name="irregular_step",
    holds="Each posted entry beside its predecessor in the account, kept only where something does not follow: the "
    "balance, the date, or the sequence number. The checks tell these apart; an honest ledger has no rows here.",
    sql="""
SELECT *
FROM (
    SELECT account_id, entry_id, sequence, created_at, balance_after, amount,
           lag(balance_after) OVER in_order AS previous_balance_after,
           lag(created_at)    OVER in_order AS previous_created_at,
           lag(sequence)      OVER in_order AS previous_sequence
    FROM ledger_entry
    WHERE posted AND account_id IS NOT NULL
    WINDOW in_order AS (PARTITION BY account_id ORDER BY sequence NULLS FIRST, created_at, entry_id)
) AS step
WHERE previous_balance_after + amount <> balance_after
   OR created_at < previous_created_at
   OR sequence = previous_sequence
""",
)

PAID_SEAT = Derived(
    name="paid_seat",
    holds="One row per account whose place is paid by another: a member of an active organisation account that is "
    "itself on a paid plan.",
    sql="""
SELECT DISTINCT m.member_id AS account_id
FROM member AS m
JOIN account AS organisation ON organisation.account_id = m.account_id
JOIN plan AS bought          ON bought.plan = organisation.plan
WHERE organisation.active
  AND bought.paid
  AND m.member_id <> m.account_id
""",
)

STRIPE_EVENT_TOTAL = Derived(
    name="stripe_event_total",
    holds="One row per Stripe event that the ledger names: how many entries name it, and how many of those are posted "
    "grants.",
    sql="""
SELECT stripe_event_id,
       count(*) AS entries,
       sum(CASE WHEN posted AND amount > 0 AND kind IN ('purchase', 'subscription_grant', 'promotional_grant')
                THEN 1 ELSE 0 END) AS grants
FROM ledger_entry
WHERE stripe_event_id IS NOT NULL
GROUP BY stripe_event_id
""",
)

DERIVED: tuple[Derived, ...] = (ACCOUNT_TOTAL, IRREGULAR_STEP, PAID_SEAT, STRIPE_EVENT_TOTAL)
