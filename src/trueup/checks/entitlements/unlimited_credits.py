"""Only administrators have unlimited credits."""

from __future__ import annotations

from decimal import Decimal

from trueup.checks.case_rows import balanced_entry
from trueup.model.change import Append, Change, Refusal, Replace
from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area, Finding
from trueup.model.marks import UNLIMITED_OFF
from trueup.model.relations import Account, AccountRole, EntryKind, Exemption
from trueup.model.repair_offer import SEVERAL_BALANCES
from trueup.model.severity import Severity


def _repair(finding: Finding) -> Change | Refusal:
    if finding.evidence.get("wallets"):
        return Refusal(reason=SEVERAL_BALANCES)
    uncovered = finding.evidence["limits_would_uncover"]
    if uncovered is not None:
        return Refusal(
            reason=f"With limits its balance would count, and {uncovered} would be found; a person must decide the right "
            "balance first."
        )
    if finding.evidence["unreadable_entries"]:
        return Refusal(
            reason="An entry of this account cannot be read, so its last balance is unknown; repair that row first."
        )
    return Change(
        kind="switch-off-unlimited",
        summary="account.unlimited_credits yes -> no, plus one ledger_entry row of amount 0",
        replace=Replace(relation="account", row_key=finding.subject, column="unlimited_credits", old=True, new=False),
        append=Append(
            relation="ledger_entry",
            values={
                "account_id": finding.subject,
                "kind": EntryKind.ADJUSTMENT,
                "amount": Decimal(0),
                "balance_after": finding.evidence["last_balance_after"],
                "reason": UNLIMITED_OFF,
            },
        ),
    )


CHECK = Check(
    id="unlimited-credits",
    area=Area.ENTITLEMENTS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="Unlimited credits on an ordinary account",
    why="The account can use the product without ever paying, as much as it likes. The flag is often set by a "
    "self-service form that trusted its input, and then more than one account has it.",
    population="SELECT count(*) FROM account WHERE active",
    violations="""
SELECT a.account_id                      AS subject,
       a.account_id,
       a.role,
       a.unlimited_credits,
       coalesce(l.balance_after, 0)      AS last_balance_after,
       CASE WHEN a.credits <> coalesce(l.balance_after, 0) THEN 'credit-balance'
            WHEN a.credits < $balance_floor                THEN 'negative-balance'
       END                               AS limits_would_uncover,
       coalesce(u.entries, 0)            AS unreadable_entries,
       (SELECT max(t.last_entry_at) FROM account_total AS t WHERE t.account_id = a.account_id)
                                         AS last_entry_at, w.wallets
FROM account AS a
LEFT JOIN account_wallets AS w ON w.account_id = a.account_id
LEFT JOIN account_balance AS l ON l.account_id = a.account_id
LEFT JOIN (SELECT account_id, count(DISTINCT row_key) AS entries FROM unreadable_row
           WHERE relation = 'ledger_entry' GROUP BY account_id) AS u ON u.account_id = a.account_id
WHERE a.unlimited_credits
  AND a.role = 'user'
  AND a.active
""",
    message="{subject} has unlimited credits, but its role is {role}.",
    requires=("account.unlimited_credits", "account.role"),
    answers_without=("account.role",),
    optional=("ledger_entry", "account.credits"),
    repair=_repair,
    cases=(
        Case(name="an ordinary account with limits", given=(Account(account_id="user_1"),)),
        Case(
            name="unlimited flag written by self-service",
            given=(
                Account(account_id="user_1", unlimited_credits=True),
                balanced_entry(1, 100, 100, ago(days=2)),
                balanced_entry(2, -40, 60, ago(days=1)),
            ),
            fires=("user_1",),
            evidence={"user_1": {"last_balance_after": Decimal(60), "unreadable_entries": 0}},
        ),
        Case(
            name="an admin may have unlimited credits",
            given=(Account(account_id="user_1", role=AccountRole.ADMIN, unlimited_credits=True),),
        ),
        Case(
            name="support, partner and QA accounts, exempted",
            given=(
                Account(account_id="support_1", unlimited_credits=True),
                Account(account_id="partner_1", unlimited_credits=True),
                Account(account_id="qa_1", unlimited_credits=True),
                Exemption(check_id="unlimited-credits", subject="support_1", owner="support", reason="answers tickets"),
                Exemption(check_id="unlimited-credits", subject="partner_1", owner="partners", reason="comped partner"),
                Exemption(check_id="unlimited-credits", subject="qa_1", owner="quality", reason="load tests"),
            ),
        ),
    ),
)
