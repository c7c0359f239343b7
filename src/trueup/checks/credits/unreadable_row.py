"""Every row of the app's database can be read as mapped."""

from __future__ import annotations

from trueup.model.check import Case, Check
from trueup.model.finding import Area
from trueup.model.relations import Account, LedgerEntry, UnreadableRow
from trueup.model.severity import Severity

CHECK = Check(
    id="unreadable-row",
    area=Area.CREDITS,
    severity=Severity.ERROR,
    title="Row could not be read as mapped",
    why="What cannot be read cannot be checked: every other check skips this row, so its account is neither fine nor "
    "broken but unknown.",
    population="SELECT coalesce(sum(rows), 0) FROM copied_relation",
    violations="""
SELECT relation || ':' || row_key AS subject,
       min(account_id)            AS account_id,
       relation, row_key,
       min(problem) || CASE WHEN max(problem) <> min(problem) THEN '; ' || max(problem) ELSE '' END AS problem,
       max(entries)               AS entries
FROM unreadable_row
GROUP BY relation, row_key
""",
    message="{relation} row {row_key}: {problem}.",
    cases=(
        Case(name="every row was read", given=(Account(account_id="user_1"), LedgerEntry(entry_id=1))),
        Case(
            name="a required value is missing",
            given=(
                UnreadableRow(relation="ledger_entry", row_key="42", account_id="user_1", problem="amount is missing"),
            ),
            fires=("ledger_entry:42",),
            evidence={"ledger_entry:42": {"account_id": "user_1", "problem": "amount is missing", "entries": 1}},
        ),
        Case(
            name="a row with two problems is one finding",
            given=(
                UnreadableRow(relation="ledger_entry", row_key="42", problem="amount is missing"),
                UnreadableRow(relation="ledger_entry", row_key="42", problem="entry_id is on 2 rows", entries=2),
            ),
            fires=("ledger_entry:42",),
            evidence={"ledger_entry:42": {"problem": "amount is missing; entry_id is on 2 rows", "entries": 2}},
        ),
        Case(
            name="a word that the mapping does not know is one finding however many rows have it",
            given=(
                UnreadableRow(
                    relation="ledger_entry",
                    row_key="kind=WELCOME",
                    problem="the mapping does not know this word",
                    entries=900,
                ),
            ),
            fires=("ledger_entry:kind=WELCOME",),
            evidence={"ledger_entry:kind=WELCOME": {"entries": 900}},
        ),
        Case(
            name="the same key in two relations is two findings",
            given=(
                UnreadableRow(relation="account", row_key="1", problem="credits cannot be read: NaN"),
                UnreadableRow(relation="ledger_entry", row_key="1", problem="created_at is missing"),
            ),
            fires=("account:1", "ledger_entry:1"),
        ),
    ),
)
