"""No ledger entry is dated in the future, or before its predecessor by more than clocks may differ."""

from __future__ import annotations

from datetime import datetime

from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import LedgerEntry
from trueup.model.severity import Severity


def _entry(entry_id: int, when: datetime, *, sequence: int | None = None, posted: bool = True) -> LedgerEntry:
    return LedgerEntry(entry_id=entry_id, sequence=sequence, created_at=when, posted=posted)


CHECK = Check(
    id="ledger-time-travel",
    area=Area.CREDITS,
    severity=Severity.WARNING,
    title="Ledger entry is dated out of time",
    why="Reports by month count the credits in the wrong month, and code that takes the latest entry by date reads "
    "the wrong balance.",
    population="SELECT count(*) FROM ledger_entry WHERE created_at IS NOT NULL",
    violations="""
SELECT CAST(entry_id AS VARCHAR)               AS subject,
       account_id,
       'in the future'                         AS problem,
       created_at, sequence,
       CAST(NULL AS TIMESTAMP)                 AS previous_created_at,
       date_diff('second', $now, created_at)   AS seconds_off
FROM ledger_entry
WHERE created_at > $future_after
UNION ALL
SELECT CAST(entry_id AS VARCHAR), account_id, 'before its predecessor', created_at, sequence, previous_created_at,
       date_diff('second', created_at, previous_created_at)
FROM irregular_step
WHERE date_diff('second', created_at, previous_created_at) > $clock_skew_seconds
  AND previous_created_at <= $future_after   -- otherwise the predecessor is wrong
""",
    unmoved_by=("account.credits", "ledger_entry.balance_after"),
    message="Entry {subject} of {account_id} is dated {created_at}, {problem} by {seconds_off:second}.",
    cases=(
        Case(
            name="dates follow the sequence",
            given=(_entry(1, ago(days=2), sequence=1), _entry(2, ago(days=1), sequence=2)),
        ),
        Case(
            name="as far in the future as clocks may differ",
            given=(_entry(1, ago(minutes=-5)),),
        ),
        Case(
            name="further in the future than clocks may differ",
            given=(_entry(1, ago(minutes=-5, seconds=-1)),),
            fires=("1",),
            evidence={"1": {"problem": "in the future", "seconds_off": 301}},
        ),
        Case(
            name="clock skew of seconds: before the predecessor by as much as clocks may differ",
            given=(
                _entry(1, ago(hours=1), sequence=1),
                _entry(2, ago(hours=1, minutes=5), sequence=2),
            ),
        ),
        Case(
            name="before the predecessor by more than clocks may differ",
            given=(
                _entry(1, ago(hours=1), sequence=1),
                _entry(2, ago(hours=1, minutes=5, seconds=1), sequence=2),
            ),
            fires=("2",),
            evidence={"2": {"problem": "before its predecessor", "seconds_off": 301}},
        ),
        Case(
            name="field failure 33: rows dated back beyond the tolerance",
            given=(
                _entry(1, ago(days=2), sequence=1),
                _entry(2, ago(days=90), sequence=2),
                _entry(3, ago(days=1), sequence=3),
            ),
            fires=("2",),
        ),
    ),
)
