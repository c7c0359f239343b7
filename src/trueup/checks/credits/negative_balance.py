"""No account's balance is below the configured floor, and none of its wallets."""

from __future__ import annotations

from decimal import Decimal

from trueup.derived.wallets import ACCOUNTS_WITH_BALANCE, credits_as_text
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.policy import Policy
from trueup.model.relations import Account, EntryKind, LedgerEntry
from trueup.model.severity import Severity

_OVERDRAFT = Policy(balance_floor=Decimal(-100))

CHECK = Check(
    id="negative-balance",
    area=Area.CREDITS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Balance is below the floor",
    why="The account used credits it did not have: the service was given away, and the next purchase starts in debt.",
    population=ACCOUNTS_WITH_BALANCE,
    violations=f"""
WITH below AS (
    SELECT account_id, credits, $balance_floor - credits AS below_floor, CAST(NULL AS VARCHAR) AS wallet
    FROM account
    WHERE credits < $balance_floor AND NOT unlimited_credits
    UNION ALL
    SELECT account_id, credits, $balance_floor - credits, wallet
    FROM wallet_held
    WHERE credits < $balance_floor
),
counted AS (
    SELECT account_id, min(credits) AS credits,
           coalesce(sum(CASE WHEN wallet IS NOT NULL THEN below_floor END), max(below_floor)) AS below_floor,
           string_agg(wallet || ': ' || {credits_as_text("credits")}, '; ' ORDER BY wallet NULLS FIRST)   AS wallets
    FROM below
    GROUP BY account_id
),
total AS (
    SELECT account_id, max(last_entry_at) AS last_entry_at, sum(entries) AS entries
    FROM account_total
    WHERE account_id IN (SELECT account_id FROM counted)
    GROUP BY account_id
)
SELECT c.account_id   AS subject,
       c.credits,
       $balance_floor AS balance_floor,
       c.below_floor,
       l.balance_after AS last_balance_after, t.last_entry_at, t.entries,
       c.wallets
FROM counted AS c
LEFT JOIN total AS t           ON t.account_id = c.account_id
LEFT JOIN account_balance AS l ON l.account_id = c.account_id
""",
    requires=("account.credits or wallet_balance.credits",),
    optional=("ledger_entry", "account.credits"),
    # A ledger that does not explain the balance, or another unit, leaves what is below 0 below 0.
    unmoved_by=("account.credits", "wallet_balance.credits", "ledger_entry.balance_after"),
    message="{subject} has {credits} credits, {below_floor} below the floor of {balance_floor}.",
    impact=credits_at_risk("below_floor"),
    cases=(
        Case(name="exactly at the floor", given=(Account(account_id="user_1", credits=Decimal(0)),)),
        Case(
            name="the smallest credit below the floor",
            given=(Account(account_id="user_1", credits=Decimal("-0.000000001")),),
            fires=("user_1",),
        ),
        Case(
            name="field failure 35: two spends raced each other below zero",
            given=(
                Account(account_id="user_1", credits=Decimal(-30)),
                LedgerEntry(entry_id=1, amount=Decimal(50), balance_after=Decimal(50), created_at=ago(days=2)),
                LedgerEntry(
                    entry_id=2,
                    kind=EntryKind.USAGE,
                    amount=Decimal(-80),
                    balance_after=Decimal(-30),
                    created_at=ago(days=1),
                ),
            ),
            fires=("user_1",),
            evidence={"user_1": {"below_floor": Decimal(30), "last_balance_after": Decimal(-30), "entries": 2}},
        ),
        Case(
            name="overdraft allowed by policy",
            given=(Account(account_id="user_1", credits=Decimal(-100)),),
            policy=_OVERDRAFT,
        ),
        Case(
            name="beyond the allowed overdraft",
            given=(Account(account_id="user_1", credits=Decimal(-101)),),
            policy=_OVERDRAFT,
            fires=("user_1",),
            evidence={"user_1": {"below_floor": Decimal(1)}},
        ),
        Case(
            name="an unlimited account may spend any amount",
            given=(Account(account_id="user_1", credits=Decimal(-5), unlimited_credits=True),),
        ),
    ),
)
