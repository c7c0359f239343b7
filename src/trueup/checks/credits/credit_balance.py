"""Each account's cached balance is the balance_after of its latest posted ledger entry, and so in each wallet."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trueup.checks.case_rows import balanced_entry
from trueup.derived.wallets import ACCOUNTS_WITH_BALANCE
from trueup.model.change import Append, Change, Refusal, Replace, Value
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area, Finding
from trueup.model.marks import BALANCE_SYNCED
from trueup.model.money import credits_text
from trueup.model.relations import Account, EntryKind, LedgerEntry
from trueup.model.repair_offer import SEVERAL_BALANCES
from trueup.model.severity import Severity


def _repair(finding: Finding) -> Change | Refusal:
    """Sync the cache to the ledger, where the ledger has one answer and agrees with itself."""
    evidence = finding.evidence
    cached, authoritative = evidence["credits"], evidence["last_balance_after"]
    obstacle = _obstacle(evidence)
    if obstacle or not isinstance(cached, Decimal) or not isinstance(authoritative, Decimal):
        return Refusal(reason=obstacle or "A balance of this account could not be read.")
    before, after = credits_text(cached), credits_text(authoritative)
    return Change(
        kind="sync-credit-balance",
        summary=f"account.credits {before} -> {after}, plus one ledger_entry row",
        replace=Replace(relation="account", row_key=finding.subject, column="credits", old=cached, new=authoritative),
        append=Append(
            relation="ledger_entry",
            values={
                "account_id": finding.subject,
                "kind": EntryKind.BALANCE_SYNC,
                "amount": Decimal(0),
                "balance_after": authoritative,
                "reason": f"{BALANCE_SYNCED}{before} to {after}",
            },
        ),
    )


def _obstacle(evidence: Mapping[str, Value]) -> str | None:
    tied = evidence["entries_tied_for_latest"]
    if evidence.get("wallets"):
        return SEVERAL_BALANCES
    if evidence["diagnosis"] == "no-running-balance":
        return "The ledger keeps no running balance, so its sum is only as right as its first entry."
    if evidence["diagnosis"] != "hand-edit":
        return "The ledger disagrees with itself for this account; a person must decide the right balance."
    if not evidence["entries"]:
        return "The account has no ledger entry that says what its balance should be."
    if evidence["ledger_below_floor"]:
        return "The ledger's balance is below the floor, so syncing would make a negative-balance finding."
    if isinstance(tied, int) and tied > 1:
        return "The latest entries share one timestamp and their ids have no order; a person must say which is last."
    return None


def _account(credits_cached: int, *, unlimited: bool = False) -> Account:
    return Account(account_id="user_1", credits=Decimal(credits_cached), unlimited_credits=unlimited)


CHECK = Check(
    id="credit-balance",
    area=Area.CREDITS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="Cached balance differs from the ledger",
    why="The account can spend credits it never bought, or cannot spend credits it paid for. Every further movement "
    "builds on the wrong number.",
    population=ACCOUNTS_WITH_BALANCE,
    violations="""
WITH suspect AS (
    SELECT a.account_id, a.is_whole, a.wallet, a.credits, a.is_sum, a.last_balance_after,
           max(c.last_entry_at)               AS last_entry_at,
           coalesce(sum(c.entries), 0)        AS entries,
           coalesce(sum(c.sum_of_amounts), 0) AS sum_of_amounts
    FROM balance_apart AS a
    LEFT JOIN apart_chain AS c ON c.account_id = a.account_id AND c.is_whole = a.is_whole AND c.wallet = a.wallet
    WHERE a.account_id NOT IN (SELECT account_id FROM unknown_ledger)
    GROUP BY a.account_id, a.is_whole, a.wallet, a.credits, a.is_sum, a.last_balance_after
),
diagnosed AS (
    SELECT s.*, coalesce(b.steps, 0) AS broken_steps, coalesce(t.entries, 0) AS entries_tied_for_latest,
           s.credits - s.last_balance_after        AS drift,
           CASE WHEN s.is_sum                      THEN 'no-running-balance'
                WHEN b.steps IS NULL               THEN 'hand-edit'
                WHEN b.ends_at_credits             THEN 'reorder'
                WHEN s.credits = s.sum_of_amounts  THEN 'lost-update'
                ELSE 'unexplained' END AS diagnosis
    FROM suspect AS s
    LEFT JOIN apart_break AS b ON b.account_id = s.account_id AND b.is_whole = s.is_whole AND b.wallet = s.wallet
    LEFT JOIN apart_tie AS t   ON t.account_id = s.account_id AND t.is_whole = s.is_whole AND t.wallet = s.wallet
    WHERE coalesce(t.one_agrees, 0) = 0
),
ranked AS (   -- one finding an account: its own balance, or else the wallet that is furthest apart
    SELECT *,
           row_number() OVER (PARTITION BY account_id
                              ORDER BY CASE WHEN is_whole THEN 0 ELSE 1 END, abs(drift) DESC, wallet)    AS place,
           sum(CASE WHEN is_whole THEN 0 ELSE abs(drift) END) OVER (PARTITION BY account_id) AS drift_of_wallets,
           sum(CASE WHEN is_whole THEN 0 ELSE 1 END)          OVER (PARTITION BY account_id) AS wallets_apart
    FROM diagnosed
)
SELECT r.account_id AS subject,
       CASE WHEN r.diagnosis = 'reorder' OR (r.is_sum AND CAST($ledger_starts_at AS DECIMAL(38, 9)) IS NULL)
            THEN 'warning' END AS severity,
       r.credits, r.last_balance_after, r.sum_of_amounts,
       CASE WHEN r.is_whole OR r.wallets_apart = 1 THEN r.drift ELSE r.drift_of_wallets END AS drift,
       r.last_balance_after < $balance_floor AS ledger_below_floor,
       r.diagnosis, r.entries, r.broken_steps, r.entries_tied_for_latest, r.last_entry_at, r.wallet, w.wallets
FROM ranked AS r
LEFT JOIN account_wallets AS w ON w.account_id = r.account_id
WHERE r.place = 1
""",
    requires=("account.credits or wallet_balance.credits",),
    optional=("account.credits",),
    message="{subject} has {credits} credits cached, its latest ledger entry says {last_balance_after} ({diagnosis}).",
    impact=credits_at_risk("drift"),
    repair=_repair,
    cases=(
        Case(
            name="cache and latest entry agree",
            given=(_account(90), balanced_entry(1, 100, 100, ago(days=2)), balanced_entry(2, -10, 90, ago(days=1))),
        ),
        Case(
            name="a hand-edited cache",
            given=(_account(120), balanced_entry(1, 100, 100, ago(days=2))),
            fires=("user_1",),
            severities={"user_1": Severity.CRITICAL},
            evidence={"user_1": {"diagnosis": "hand-edit", "drift": Decimal(20), "broken_steps": 0}},
        ),
        Case(
            name="off by the smallest credit that can be kept",
            given=(
                Account(account_id="user_1", credits=Decimal("100.000000001")),
                balanced_entry(1, 100, 100, ago(days=2)),
            ),
            fires=("user_1",),
            evidence={"user_1": {"drift": Decimal("0.000000001")}},
        ),
        Case(
            name="field failure 31: two writers read the same latest row",
            given=(
                _account(180),
                balanced_entry(1, 100, 100, ago(days=3)),
                balanced_entry(2, 50, 150, ago(days=2)),
                balanced_entry(3, 30, 130, ago(days=1)),
            ),
            fires=("user_1",),
            severities={"user_1": Severity.CRITICAL},
            evidence={"user_1": {"diagnosis": "lost-update", "broken_steps": 1}},
        ),
        Case(
            name="field failure 34: a pending entry carries a stale running balance",
            given=(
                _account(100),
                balanced_entry(1, 100, 100, ago(days=2)),
                LedgerEntry(
                    entry_id=2, posted=False, amount=Decimal(-30), balance_after=Decimal(70), created_at=ago(days=1)
                ),
            ),
        ),
        Case(
            name="an unlimited account does not decrement",
            given=(
                _account(100, unlimited=True),
                balanced_entry(1, 100, 100, ago(days=2)),
                balanced_entry(2, -10, 90, ago(days=1)),
            ),
        ),
    ),
)
