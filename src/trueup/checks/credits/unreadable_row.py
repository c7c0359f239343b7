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
WITH problem AS (   -- each row's problems of one cause as one; without a cause, a matter of this row alone
    SELECT relation, row_key, cause, min(account_id) AS account_id, max(entries) AS entries,
           min(problem) || CASE WHEN max(problem) <> min(problem) THEN '; ' || max(problem) ELSE '' END AS problem,
           row_number() OVER (PARTITION BY relation, cause ORDER BY row_key)   AS place,
           CASE WHEN cause IS NULL THEN 1
                ELSE count(*) OVER (PARTITION BY relation, cause) END          AS row_count
    FROM unreadable_row
    WHERE relation <> 'account' OR substr(row_key, 1, 5) <> 'plan=' OR NOT EXISTS (SELECT 1 FROM plan_doubt)
    GROUP BY relation, row_key, cause
),
shared AS (   -- a problem that many rows have, with three of them
    SELECT relation, cause, sum(entries) AS entries, min(row_count) AS row_count,
           max(CASE WHEN place = 1 THEN row_key END) AS row_key,
           max(CASE WHEN place = 2 THEN row_key END) AS second_row_key,
           max(CASE WHEN place = 3 THEN row_key END) AS third_row_key,
           CASE WHEN min(account_id) = max(account_id) THEN min(account_id) END AS account_id
    FROM problem
    WHERE row_count > 2
    GROUP BY relation, cause
)
SELECT relation || ':' || row_key                                              AS subject,
       min(account_id)                                                         AS account_id,
       relation, row_key,
       CAST(NULL AS VARCHAR)                                                   AS second_row_key,
       CAST(NULL AS VARCHAR)                                                   AS third_row_key,
       min(problem) || CASE WHEN max(problem) <> min(problem) THEN '; ' || max(problem) ELSE '' END AS problem,
       max(entries)                                                            AS entries,
       'row ' || row_key                                                       AS rows_in_words
FROM problem
WHERE row_count <= 2
GROUP BY relation, row_key
UNION ALL
SELECT relation || ':' || cause, account_id, relation, row_key, second_row_key, third_row_key,
       cause || CASE WHEN cause LIKE '% more than 18 decimals' THEN ': map a multiple of all credit columns (x * 1000)'
                     WHEN cause LIKE '% decimals' THEN ': write credit_decimals with as many under [books]'
                     WHEN cause = 'balance_after is missing' THEN ': are they older than the column? write balances_since'
                     WHEN cause = 'event_id is on several rows' THEN ': is it a row a delivery? write rows_repeat = true'
                     ELSE '' END, entries,
       CAST(row_count AS VARCHAR) || ' rows (' || row_key || ', ' || second_row_key || ', ' || third_row_key
       || CASE WHEN row_count > 3 THEN ', ...)' ELSE ')' END
FROM shared
""",
    message="{relation} {rows_in_words}: {problem}.",
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
            name="a problem that many rows have is one finding with three of them",
            given=tuple(
                UnreadableRow(
                    relation="ledger_entry",
                    row_key=str(number),
                    problem=f"amount cannot be read: {number} credits",
                    cause="amount cannot be read",
                )
                for number in range(1, 10)
            ),
            fires=("ledger_entry:amount cannot be read",),
            evidence={"ledger_entry:amount cannot be read": {"row_key": "1", "third_row_key": "3", "entries": 9}},
        ),
    ),
)
