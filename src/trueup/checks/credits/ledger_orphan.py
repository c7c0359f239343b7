"""Every ledger entry belongs to an account that exists."""

from __future__ import annotations

from decimal import Decimal

from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, LedgerEntry
from trueup.model.severity import Severity

CHECK = Check(
    id="ledger-orphan",
    area=Area.CREDITS,
    severity=Severity.WARNING,
    title="Ledger entries of an account that does not exist",
    why="Credits were sold or given to an account that the app does not know: a customer who was deleted with credits "
    "left, or one who paid and cannot use them.",
    compares_accounts=True,
    population="SELECT count(DISTINCT account_id) FROM account_total",
    violations="""
WITH orphan AS (
    SELECT DISTINCT t.account_id
    FROM account_total AS t
    WHERE NOT EXISTS (SELECT 1 FROM account AS a WHERE a.account_id = t.account_id)
)
SELECT account_id                                                   AS subject,
       count(*)                                                     AS entries,
       coalesce(sum(CASE WHEN posted THEN amount ELSE 0 END), 0)    AS sum_of_amounts,
       min(created_at)                                              AS first_at,
       max(created_at)                                              AS last_at,
       CAST(arg_min(entry_id, (created_at, entry_id)) AS VARCHAR)   AS first_entry_id,
       CAST(arg_max(entry_id, (created_at, entry_id)) AS VARCHAR)   AS last_entry_id
FROM suspect_entry
WHERE account_id IN (SELECT account_id FROM orphan)
GROUP BY account_id
""",
    unmoved_by=("account.credits", "ledger_entry.balance_after"),
    message="{subject} has {entries:ledger entry}, but is not among the accounts that were read "
    "(deleted, or left out by the mapping's `where`).",
    impact=credits_at_risk("sum_of_amounts"),
    cases=(
        Case(
            name="every entry's account exists",
            given=(Account(account_id="user_1"), LedgerEntry(entry_id=1, account_id="user_1")),
        ),
        Case(
            name="entries of an account that is gone are one finding",
            given=(
                Account(account_id="user_2"),
                LedgerEntry(entry_id=1, account_id="user_1", amount=Decimal(100), created_at=ago(days=9)),
                LedgerEntry(entry_id=2, account_id="user_1", amount=Decimal(-40), created_at=ago(days=3)),
            ),
            fires=("user_1",),
            severities={"user_1": Severity.WARNING},
            evidence={
                "user_1": {
                    "entries": 2,
                    "sum_of_amounts": Decimal(60),
                    "first_at": ago(days=9),
                    "last_at": ago(days=3),
                    "first_entry_id": "1",
                    "last_entry_id": "2",
                }
            },
        ),
        Case(
            name="a deactivated account still exists",
            given=(Account(account_id="user_1", active=False), LedgerEntry(entry_id=1, account_id="user_1")),
        ),
        Case(name="an account without entries", given=(Account(account_id="user_1"),)),
    ),
)
