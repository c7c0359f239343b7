"""Each account's cached balance is the balance_after of its latest posted ledger entry."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trueup.checks.case_rows import balanced_entry
from trueup.model.change import Append, Change, Refusal, Replace, Value
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area, Finding
from trueup.model.marks import BALANCE_SYNCED
from trueup.model.money import credits_text
from trueup.model.relations import Account, EntryKind, LedgerEntry
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
    population="SELECT count(*) FROM account WHERE credits IS NOT NULL AND NOT unlimited_credits",
    violations="""
WITH suspect AS (
    SELECT a.account_id, a.credits, t.last_entry_at, coalesce(l.is_sum, FALSE) AS is_sum,
           CASE WHEN l.account_id IS NULL THEN 0 ELSE l.balance_after END AS last_balance_after,
           coalesce(t.entries, 0)                  AS entries,
           coalesce(o.balance + t.total_amount, 0) AS sum_of_amounts
    FROM account AS a
    LEFT JOIN latest_entry AS l  ON l.account_id = a.account_id
    LEFT JOIN account_total AS t ON t.account_id = a.account_id
    LEFT JOIN opening_balance AS o ON o.account_id = a.account_id
    WHERE NOT a.unlimited_credits
      AND a.credits <> CASE WHEN l.account_id IS NULL THEN 0 ELSE l.balance_after END
      AND a.account_id NOT IN (SELECT account_id FROM unknown_ledger)
),
tie AS (   -- latest entries whose order is unknown: one timestamp, no sequence, ids with letters in them
    SELECT e.account_id, count(*) AS entries, max(CASE WHEN e.balance_after = s.credits THEN 1 ELSE 0 END) AS one_agrees
    FROM suspect_entry AS e
    JOIN suspect AS s ON s.account_id = e.account_id AND s.last_entry_at = e.created_at
    WHERE e.posted AND e.sequence IS NULL
      AND lower(CAST(e.entry_id AS VARCHAR)) <> upper(CAST(e.entry_id AS VARCHAR))
    GROUP BY e.account_id
),
broken AS (
    SELECT account_id, count(*) AS steps
    FROM irregular_step
    WHERE previous_balance_after + amount <> balance_after
    GROUP BY account_id
),
shape AS (   -- one chain in another order: only its two ends are left, and the cache is where it ends
    SELECT v.account_id,
           sum(abs(v.departures)) <= 2
           AND max(CASE WHEN v.balance = s.credits THEN v.departures END) = min(v.departures) AS ends_at_credits
    FROM balance_visit AS v
    JOIN suspect AS s ON s.account_id = v.account_id
    GROUP BY v.account_id
),
diagnosed AS (
    SELECT s.*, coalesce(b.steps, 0) AS broken_steps, coalesce(t.entries, 0) AS entries_tied_for_latest,
           CASE WHEN s.is_sum                      THEN 'no-running-balance'
                WHEN b.steps IS NULL               THEN 'hand-edit'
                WHEN h.ends_at_credits             THEN 'reorder'
                WHEN s.credits = s.sum_of_amounts  THEN 'lost-update'
                ELSE 'unexplained' END AS diagnosis
    FROM suspect AS s
    LEFT JOIN broken AS b ON b.account_id = s.account_id
    LEFT JOIN shape  AS h ON h.account_id = s.account_id
    LEFT JOIN tie    AS t ON t.account_id = s.account_id
    WHERE coalesce(t.one_agrees, 0) = 0
)
SELECT account_id AS subject,
       CASE WHEN diagnosis = 'reorder' OR (is_sum AND CAST($ledger_starts_at AS DECIMAL(38, 9)) IS NULL)
            THEN 'warning' END AS severity,
       credits, last_balance_after, sum_of_amounts,
       credits - last_balance_after AS drift, last_balance_after < $balance_floor AS ledger_below_floor,
       diagnosis, entries, broken_steps, entries_tied_for_latest, last_entry_at
FROM diagnosed
""",
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
