"""Credits whose date has passed are no longer in the account's balance."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.derived.wallets import credits_as_text
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, CreditGrant, EntryKind, LedgerEntry
from trueup.model.severity import Severity


def _grant(remaining: int, expires_at: datetime | None, *, number: int = 1) -> CreditGrant:
    return CreditGrant(
        grant_id=f"grant_{number}", amount=Decimal(1000), remaining=Decimal(remaining), expires_at=expires_at
    )


def _account(cached: int) -> Account:
    return Account(account_id="user_1", credits=Decimal(cached))


CHECK = Check(
    id="lapsed-credits",
    area=Area.CREDITS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Lapsed credits are still in the balance",
    why="The account goes on spending credits that were only good until a date: the service is given away, and the "
    "promotion has no end.",
    population="SELECT count(DISTINCT account_id) FROM credit_grant WHERE expires_at IS NOT NULL",
    violations=f"""
WITH lapsed AS (
    SELECT account_id, wallet, count(*) AS grants, sum(remaining) AS remaining, min(grant_id) AS first_grant_id,
           min(expires_at) AS first_lapsed_at, max(expires_at) AS last_lapsed_at
    FROM grant_rest
    WHERE date_diff('second', expires_at, $now) > $lapse_grace_seconds
    GROUP BY account_id, wallet
),
valid AS (   -- what is left of the other grants
    SELECT account_id, wallet, sum(remaining) AS remaining
    FROM grant_rest
    WHERE (expires_at IS NULL OR date_diff('second', expires_at, $now) <= $lapse_grace_seconds)
    GROUP BY account_id, wallet
),
taken_back AS (   -- by entries of the ledger, although the grant still says that it has a rest
    SELECT l.account_id, l.wallet, -sum(e.amount) AS credits
    FROM ledger_entry AS e
    JOIN lapsed AS l ON l.account_id = e.account_id AND e.created_at >= l.first_lapsed_at
                    AND (l.wallet = '' OR e.wallet = l.wallet)
    WHERE e.posted AND e.kind = 'expiry'
    GROUP BY l.account_id, l.wallet
),
counted AS (
    SELECT l.*, coalesce(h.credits, a.credits) AS credits, l.remaining - coalesce(t.credits, 0) AS not_taken_back,
           coalesce(h.credits, a.credits) - coalesce(v.remaining, 0)                              AS not_valid
    FROM lapsed AS l
    JOIN account AS a         ON a.account_id = l.account_id AND a.active AND NOT a.unlimited_credits
    LEFT JOIN taken_back AS t ON t.account_id = l.account_id AND t.wallet = l.wallet
    LEFT JOIN valid AS v      ON v.account_id = l.account_id AND v.wallet = l.wallet
    LEFT JOIN wallet_held AS h ON h.account_id = l.account_id AND h.wallet = l.wallet
),
wallet AS (   -- of each at most what is in it
    SELECT *, CASE WHEN not_valid < not_taken_back THEN not_valid ELSE not_taken_back END AS lapsed_credits
    FROM counted
    WHERE not_taken_back > 0 AND not_valid > 0
)
SELECT account_id AS subject, sum(credits) AS credits, sum(lapsed_credits) AS lapsed_credits,
       sum(remaining) AS left_of_lapsed_grants, sum(grants) AS grants, min(first_grant_id) AS first_grant_id,
       min(first_lapsed_at) AS first_lapsed_at, max(last_lapsed_at) AS last_lapsed_at,
       string_agg(CASE WHEN wallet <> '' THEN wallet || ': ' || {credits_as_text("lapsed_credits")} || ' lapsed' END,
                  '; ' ORDER BY wallet NULLS FIRST)
           AS wallets
FROM wallet
GROUP BY account_id
""",
    message="{subject} has {credits} credits, {lapsed_credits} of which lapsed by {last_lapsed_at}.",
    requires=("account.credits or wallet_balance.credits",),
    optional=("ledger_entry", "account.credits"),
    impact=credits_at_risk("lapsed_credits"),
    cases=(
        Case(
            name="what is left of a grant lapsed twenty days ago and is still in the balance",
            given=(_account(400), _grant(400, ago(days=20))),
            fires=("user_1",),
            evidence={"user_1": {"lapsed_credits": Decimal(400), "grants": 1}},
        ),
        Case(name="a grant that is good for twenty more days", given=(_account(400), _grant(400, ago(days=-20)))),
        Case(name="the night's job has not run twice", given=(_account(400), _grant(400, ago(days=2)))),
        Case(
            name="the ledger took the rest away and the grant was left as it is",
            given=(
                _account(0),
                _grant(400, ago(days=20)),
                LedgerEntry(entry_id=1, kind=EntryKind.EXPIRY, amount=Decimal(-400), created_at=ago(days=19)),
            ),
        ),
        Case(
            name="the balance is what the valid grants have left",
            given=(_account(1000), _grant(400, ago(days=20)), _grant(1000, ago(days=-20), number=2)),
        ),
    ),
)
