"""Each account's cached balance is the balance_after of its latest posted ledger entry."""

from __future__ import annotations

from decimal import Decimal

from trueup.model.change import Append, Change, Refusal, Replace
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area, Finding
from trueup.model.relations import Account, EntryKind, LedgerEntry
from trueup.model.severity import Severity


def _repair(finding: Finding) -> Change | Refusal:
    evidence = finding.evidence
    if evidence["diagnosis"] != "hand-edit":
        return Refusal(reason="The ledger disagrees with itself for this account; a person must find the right balance.")
    cached, authoritative = evidence["credits"], evidence["last_balance_after"]
    return Change(
        kind="sync-credit-balance",
        summary=f"account.credits {cached} -> {authoritative}, plus one ledger_entry row",
        replace=Replace(
            relation="account", row_key=finding.subject, column="credits", old=cached, new=authoritative
        ),
        append=Append(
            relation="ledger_entry",
            values={
                "account_id": finding.subject,
                "kind": EntryKind.BALANCE_SYNC,
                "amount": Decimal(0),
                "balance_after": authoritative,
                "reason": f"trueup: balance synced from {cached} to {authoritative}",
            },
        ),
    )


CHECK = Check(
    id="credit-balance",
    area=Area.CREDITS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="Cached balance differs from the ledger",
    why="The account can spend credits it never bought, or cannot spend credits it paid for. Every further movement "
    "builds on the wrong number.",
    population="SELECT count(*) FROM account WHERE credits IS NOT NULL",
    violations="""
WITH compared AS (
    SELECT a.account_id, a.credits, a.unlimited_credits, a.created_at,
           coalesce(t.entries, 0)                        AS entries,
           coalesce(t.unreadable_entries, 0)             AS unreadable_entries,
           coalesce(t.last_balance_after, 0)             AS last_balance_after,
           coalesce(t.opening_balance + t.total_amount, 0) AS sum_of_amounts
    FROM account AS a
    LEFT JOIN account_total AS t ON t.account_id = a.account_id
)
SELECT account_id                   AS subject,
       credits,
       last_balance_after,
       sum_of_amounts,
       credits - last_balance_after AS drift,
       entries,
       CASE WHEN last_balance_after = sum_of_amounts THEN 'hand-edit'
            WHEN credits = sum_of_amounts            THEN 'lost-update'
            ELSE 'unexplained' END  AS diagnosis
FROM compared
WHERE credits <> last_balance_after
  AND unreadable_entries = 0
  AND NOT unlimited_credits
""",
    message="{subject} has {credits} credits cached, its latest ledger entry says {last_balance_after} ({diagnosis}).",
    impact=credits_at_risk("drift"),
    repair=_repair,
    cases=(
        Case(
            name="cache and latest entry agree",
            given=(
                Account(account_id="user_1", credits=Decimal(90)),
                LedgerEntry(entry_id=1, account_id="user_1", amount=Decimal(100), balance_after=Decimal(100), created_at=ago(days=2)),
                LedgerEntry(entry_id=2, account_id="user_1", amount=Decimal(-10), balance_after=Decimal(90), created_at=ago(days=1)),
            ),
        ),
        Case(
            name="a hand-edited cache",
            given=(
                Account(account_id="user_1", credits=Decimal(120)),
                LedgerEntry(entry_id=1, account_id="user_1", amount=Decimal(100), balance_after=Decimal(100), created_at=ago(days=2)),
            ),
            fires=("user_1",),
            evidence={"user_1": {"diagnosis": "hand-edit", "drift": Decimal(20)}},
        ),
    ),
)
