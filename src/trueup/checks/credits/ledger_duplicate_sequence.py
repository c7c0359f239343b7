"""No two entries of an account share a sequence number."""

from __future__ import annotations

from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import LedgerEntry
from trueup.model.severity import Severity


def _entry(
    entry_id: int, sequence: int | None, *, account_id: str = "user_1", posted: bool = True, days: int = 1
) -> LedgerEntry:
    return LedgerEntry(
        entry_id=entry_id, account_id=account_id, sequence=sequence, posted=posted, created_at=ago(days=days)
    )


CHECK = Check(
    id="ledger-duplicate-sequence",
    area=Area.CREDITS,
    severity=Severity.ERROR,
    title="Two ledger entries share a sequence number",
    why="Two writers each believed to be the next. The entry that is read as the latest lacks the other's credits.",
    requires=("ledger_entry.sequence",),
    population="SELECT count(sequence) FROM ledger_entry",
    violations="""
WITH repeated AS (
    SELECT account_id, sequence FROM irregular_step WHERE sequence = previous_sequence
    UNION
    SELECT p.account_id, p.sequence   -- pending entries take no part in the steps
    FROM suspect_entry AS p
    JOIN suspect_entry AS e ON e.account_id = p.account_id AND e.sequence = p.sequence AND e.entry_id <> p.entry_id
    WHERE NOT p.posted
)
SELECT CAST(arg_max(e.entry_id, (e.created_at, e.entry_id)) AS VARCHAR) AS subject,
       e.account_id, e.sequence,
       count(*)                                                         AS entries,
       CAST(arg_min(e.entry_id, (e.created_at, e.entry_id)) AS VARCHAR) AS first_entry_id,
       min(e.created_at)                                                AS first_at,
       max(e.created_at)                                                AS last_at,
       sum(e.amount)                                                    AS sum_of_amounts
FROM suspect_entry AS e
JOIN repeated AS r ON r.account_id = e.account_id AND r.sequence = e.sequence
GROUP BY e.account_id, e.sequence
""",
    unmoved_by=("account.credits", "ledger_entry.balance_after"),
    message="{entries} entries of {account_id} have sequence {sequence}: {first_entry_id} first, {subject} last.",
    cases=(
        Case(name="every number once", given=(_entry(1, 1), _entry(2, 2))),
        Case(
            name="one number twice",
            given=(_entry(1, 1, days=3), _entry(2, 2, days=2), _entry(3, 2, days=1)),
            fires=("3",),
            evidence={"3": {"sequence": 2, "entries": 2, "first_entry_id": "2"}},
        ),
        Case(
            name="one number three times is one finding",
            given=(_entry(1, 5, days=3), _entry(2, 5, days=2), _entry(3, 5, days=1)),
            fires=("3",),
            evidence={"3": {"entries": 3}},
        ),
        Case(
            name="a pending entry took a posted one's number",
            given=(_entry(1, 1, days=2), _entry(2, 1, posted=False, days=1)),
            fires=("2",),
        ),
        Case(name="two accounts count for themselves", given=(_entry(1, 1), _entry(2, 1, account_id="user_2"))),
        Case(name="entries without a number", given=(_entry(1, None), _entry(2, None))),
    ),
)
