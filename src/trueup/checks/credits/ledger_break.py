"""Each posted entry's balance_after is its predecessor's plus its own amount."""

from __future__ import annotations

from decimal import Decimal

from trueup.checks.case_rows import balanced_entry
from trueup.model.check import Case, Check, EvidenceRow, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.money import Impact
from trueup.model.relations import LedgerEntry
from trueup.model.severity import Severity


def _impact(row: EvidenceRow) -> Impact:
    """The credits that the break adds or removes; a reorder changes nothing, because its sum is still right."""
    return Impact() if row["diagnosis"] == "reorder" else credits_at_risk("difference")(row)


CHECK = Check(
    id="ledger-break",
    area=Area.CREDITS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Ledger entry does not follow from its predecessor",
    why="Credits appeared or vanished between two entries, usually because two writers read the same balance. From "
    "here on the ledger cannot show what the customer owns.",
    population="SELECT count(*) FROM ledger_entry WHERE posted",
    violations="""
WITH broken AS (
    SELECT account_id, wallet, entry_id, sequence, created_at, previous_created_at, amount, balance_after,
           previous_balance_after,
           row_number() OVER (PARTITION BY account_id, wallet
                              ORDER BY sequence NULLS FIRST, created_at, entry_id) AS position,
           count(*)     OVER (PARTITION BY account_id, wallet)                     AS breaks
    FROM irregular_step
    WHERE previous_balance_after + amount <> balance_after
      AND account_id NOT IN (SELECT account_id FROM unknown_ledger)
),
shape AS (   -- one chain in another order: only its two ends are left, and it begins where a ledger has to
    SELECT account_id, wallet,
           sum(abs(departures)) <= 2
           AND (CAST($ledger_starts_at AS DECIMAL(38, 9)) IS NULL
                OR (max(CASE WHEN balance = CAST($ledger_starts_at AS DECIMAL(38, 9)) THEN leaves ELSE 0 END) > 0
                    AND max(CASE WHEN balance <> CAST($ledger_starts_at AS DECIMAL(38, 9)) THEN departures
                                 ELSE 0 END) <= 0)) AS is_one_chain
    FROM balance_visit
    GROUP BY account_id, wallet
),
tie AS (   -- entries whose order is unknown: one timestamp, no sequence, ids with letters in them
    SELECT account_id, wallet, created_at
    FROM suspect_entry
    WHERE posted AND sequence IS NULL AND account_id IN (SELECT account_id FROM broken)
      AND lower(CAST(entry_id AS VARCHAR)) <> upper(CAST(entry_id AS VARCHAR))
    GROUP BY account_id, wallet, created_at
    HAVING count(*) > 1
),
unordered AS (   -- chains all of whose breaks are at such entries
    SELECT b.account_id, b.wallet
    FROM broken AS b
    LEFT JOIN tie AS t ON t.account_id = b.account_id AND t.wallet = b.wallet AND t.created_at = b.created_at
    LEFT JOIN tie AS p ON p.account_id = b.account_id AND p.wallet = b.wallet AND p.created_at = b.previous_created_at
    GROUP BY b.account_id, b.wallet
    HAVING sum(CASE WHEN t.account_id IS NULL AND p.account_id IS NULL THEN 1 ELSE 0 END) = 0
)
SELECT CAST(b.entry_id AS VARCHAR)                                        AS subject,
       CASE WHEN s.is_one_chain THEN 'warning' END                        AS severity,
       b.account_id,
       CASE WHEN s.is_one_chain THEN 'reorder' ELSE 'break' END           AS diagnosis,
       b.previous_balance_after, b.amount, b.balance_after,
       b.balance_after - b.amount - b.previous_balance_after              AS difference,
       b.sequence, b.created_at, b.previous_created_at,
       b.breaks                                                           AS breaks_in_account,
       b.wallet
FROM broken AS b
JOIN shape AS s ON s.account_id = b.account_id AND s.wallet = b.wallet
LEFT JOIN unordered AS u ON u.account_id = b.account_id AND u.wallet = b.wallet
WHERE NOT s.is_one_chain
   OR (b.position = 1 AND u.account_id IS NULL)
""",
    requires=("ledger_entry.balance_after",),
    message="Entry {subject} of {account_id} moves {previous_balance_after} by {amount} "
    "but says {balance_after} ({diagnosis}).",
    impact=_impact,
    cases=(
        Case(
            name="each entry follows from the one before",
            given=(
                balanced_entry(1, 100, 100, ago(days=3)),
                balanced_entry(2, -10, 90, ago(days=2)),
                balanced_entry(3, 5, 95, ago(days=1)),
            ),
        ),
        Case(
            name="the first entry follows from an opening balance that is not in the ledger",
            given=(balanced_entry(1, 50, 550, ago(days=2)), balanced_entry(2, -10, 540, ago(days=1))),
        ),
        Case(
            name="off by one credit",
            given=(
                balanced_entry(1, 100, 100, ago(days=3)),
                balanced_entry(2, -10, 91, ago(days=2)),
                balanced_entry(3, 5, 96, ago(days=1)),
            ),
            fires=("2",),
            severities={"2": Severity.ERROR},
            evidence={"2": {"diagnosis": "break", "difference": Decimal(1), "breaks_in_account": 1}},
        ),
        Case(
            name="field failure 31: two writers read the same latest row",
            given=(
                balanced_entry(1, 100, 100, ago(days=3)),
                balanced_entry(2, 50, 150, ago(days=2)),
                balanced_entry(3, 30, 130, ago(days=1)),
            ),
            fires=("3",),
            severities={"3": Severity.ERROR},
            evidence={"3": {"difference": Decimal(-50)}},
        ),
        Case(
            name="a pure reorder is one warning for the account",
            given=(
                balanced_entry(1, 100, 100, ago(days=4), sequence=1),
                balanced_entry(3, -10, 140, ago(days=2), sequence=2),
                balanced_entry(2, 50, 150, ago(days=3), sequence=3),
                balanced_entry(4, 10, 150, ago(days=1), sequence=4),
            ),
            fires=("3",),
            severities={"3": Severity.WARNING},
            evidence={"3": {"diagnosis": "reorder", "breaks_in_account": 3}},
        ),
        Case(
            name="field failure 34: a pending entry carries a stale running balance",
            given=(
                balanced_entry(1, 100, 100, ago(days=3)),
                LedgerEntry(
                    entry_id=2, posted=False, amount=Decimal(-30), balance_after=Decimal(45), created_at=ago(days=2)
                ),
                balanced_entry(3, -10, 90, ago(days=1)),
            ),
        ),
    ),
)
