"""The sequence numbers of an account's entries follow each other without a missing one."""

from __future__ import annotations

from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import LedgerEntry
from trueup.model.severity import Severity


def _entry(sequence: int | None, *, account_id: str = "user_1", posted: bool = True, twin: int = 0) -> LedgerEntry:
    number = sequence or 0
    return LedgerEntry(
        entry_id=number + 100 * twin,
        account_id=account_id,
        sequence=sequence,
        posted=posted,
        created_at=ago(days=30 - number),
    )


CHECK = Check(
    id="ledger-sequence-gap",
    area=Area.CREDITS,
    severity=Severity.ERROR,
    title="Ledger sequence misses a number",
    why="An entry was deleted or never written. No later audit can see the credits that it moved.",
    requires=("ledger_entry.sequence", "ledger_entry.dense_sequence"),
    population="SELECT count(*) FROM account_total WHERE sequences > 0",
    violations="""
WITH suspect AS (   -- too few numbers for the span, or numbers that occur twice and may hide a missing one
    SELECT account_id FROM account_total WHERE sequences <= highest_sequence - lowest_sequence
    UNION
    SELECT account_id FROM account_total WHERE wallet <> ''
    UNION
    SELECT account_id FROM irregular_step WHERE sequence = previous_sequence
    UNION
    SELECT p.account_id
    FROM suspect_entry AS p
    JOIN suspect_entry AS e ON e.account_id = p.account_id AND e.sequence = p.sequence AND e.entry_id <> p.entry_id
    WHERE NOT p.posted
),
numbering AS (   -- each wallet counts for itself where those of most accounts begin at one number
    SELECT coalesce(2 * sum(CASE WHEN beginnings < wallets THEN 1 ELSE 0 END) > count(*), FALSE) AS is_by_wallet
    FROM (SELECT count(*) AS wallets, count(DISTINCT lowest_sequence) AS beginnings
          FROM account_total WHERE sequences > 0 AND wallet <> '' GROUP BY account_id HAVING count(*) > 1) AS account
),
numbered AS (
    SELECT account_id, wallet, entry_id, sequence, created_at,
           lag(sequence)   OVER counted AS previous_sequence,
           lag(entry_id)   OVER counted AS previous_entry_id,
           lag(created_at) OVER counted AS previous_created_at
    FROM ledger_entry
    CROSS JOIN numbering
    WHERE sequence IS NOT NULL
      AND account_id IN (SELECT account_id FROM suspect)
      AND account_id NOT IN (SELECT account_id FROM unknown_ledger)
    WINDOW counted AS (PARTITION BY account_id, CASE WHEN is_by_wallet THEN wallet ELSE '' END
                       ORDER BY sequence, created_at, entry_id)
)
SELECT CAST(entry_id AS VARCHAR)          AS subject,
       account_id,
       previous_sequence + 1              AS missing_from,
       sequence - 1                       AS missing_to,
       sequence - previous_sequence - 1   AS missing,
       CAST(previous_entry_id AS VARCHAR) AS previous_entry_id,
       previous_created_at, created_at, wallet
FROM numbered
WHERE sequence > previous_sequence + 1
""",
    unmoved_by=("account.credits", "ledger_entry.balance_after"),
    message="Before entry {subject} of {account_id}, the ledger lacks {missing:sequence number}: {missing_from} to "
    "{missing_to}.",
    cases=(
        Case(name="a dense sequence", given=(_entry(1), _entry(2), _entry(3))),
        Case(
            name="one number is missing",
            given=(_entry(1), _entry(2), _entry(4)),
            fires=("4",),
            evidence={"4": {"account_id": "user_1", "missing_from": 3, "missing_to": 3, "previous_entry_id": "2"}},
        ),
        Case(
            name="two holes are two findings",
            given=(_entry(1), _entry(3), _entry(9)),
            fires=("3", "9"),
            evidence={"9": {"missing_from": 4, "missing_to": 8, "missing": 5}},
        ),
        Case(name="a ledger that does not start at one", given=(_entry(7), _entry(8))),
        Case(name="a pending entry holds its number", given=(_entry(1), _entry(2, posted=False), _entry(3))),
        Case(
            name="each account counts for itself",
            given=(
                _entry(1),
                _entry(2),
                _entry(1, account_id="user_2", twin=1),
                _entry(2, account_id="user_2", twin=1),
            ),
        ),
    ),
)
