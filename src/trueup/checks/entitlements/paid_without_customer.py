"""Each account on a paid plan has the Stripe customer that pays for it."""

from __future__ import annotations

from decimal import Decimal

from trueup.derived.account_time import PAYING
from trueup.model.change import Append, Change, Refusal, Replace
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.durations import DAY_SECONDS
from trueup.model.finding import Area, Finding
from trueup.model.marks import ACTOR, DOWNGRADED
from trueup.model.relations import Account, Plan
from trueup.model.severity import Severity

_PLANS = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000), price_minor=2000, price_currency="usd"),
    Plan(plan="TEAM", rank=2, paid=True, credits_per_period=Decimal(5000), price_minor=9900, price_currency="usd"),
)


def _repair(finding: Finding) -> Change | Refusal:
    plan, free_plan = finding.evidence["plan"], finding.evidence["free_plan"]
    if (reason := _reason_to_wait(finding)) is not None:
        return Refusal(reason=reason)
    return Change(
        kind="downgrade-to-free",
        summary=f"account.plan {plan} -> {free_plan}, plus one plan_change row",
        replace=Replace(relation="account", row_key=finding.subject, column="plan", old=plan, new=free_plan),
        append=Append(
            relation="plan_change",
            values={
                "account_id": finding.subject,
                "from_plan": plan,
                "to_plan": free_plan,
                "actor": ACTOR,
                "reason": f"{DOWNGRADED}{plan} to {free_plan}, no Stripe customer",
            },
        ),
        safe=False,  # it takes a customer's plan away: a person asks for each one by name
    )


def _reason_to_wait(finding: Finding) -> str | None:
    evidence = finding.evidence
    age_seconds = evidence["age_seconds"]
    if evidence["free_plan"] is None:
        return "The config has no unpaid plan to downgrade to; add one under [plans]."
    if evidence["member_of"] is not None:
        return f"The account is a member of {evidence['member_of']}, which may be paying for it; a person must decide."
    if evidence["stripe_subscription_id"] is not None:
        return f"The account names {evidence['stripe_subscription_id']}, so a customer may be paying; find it first."
    if not isinstance(age_seconds, int):
        return "The account's age is unknown; its customer may still be on the way."
    if age_seconds < DAY_SECONDS:
        return "The account is younger than a day; its customer may still be on the way."
    return None


CHECK = Check(
    id="paid-without-customer",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Paid plan without a Stripe customer",
    why="The account is served a paid plan, but no customer can be charged for it: each period is lost revenue.",
    optional=PAYING,
    population="""
SELECT count(*)
FROM account AS a
JOIN plan AS p ON p.plan = a.plan
WHERE p.paid AND a.active
""",
    violations="""
WITH membership AS (
    SELECT member_id, min(account_id) AS member_of
    FROM member
    WHERE member_id <> account_id
    GROUP BY member_id
),
bought AS (                            -- without a customer: for good, or for a time that runs
    SELECT DISTINCT t.account_id
    FROM account_time AS t
    JOIN plan AS p ON p.plan = t.plan AND p.paid
    WHERE t.is_running AND t.subscription_id IS NULL AND t.span IN ('paid', 'lifetime')
),
cheapest AS (                          -- where a downgrade would lead
    SELECT arg_min(plan, (rank, plan)) AS free_plan
    FROM plan
    WHERE NOT paid
)
SELECT a.account_id                            AS subject,
       a.account_id,
       a.plan,
       cheapest.free_plan,
       membership.member_of,
       a.stripe_subscription_id,
       a.created_at,
       date_diff('second', a.created_at, $now) AS age_seconds,
       p.price_minor,
       p.price_currency
FROM account AS a
JOIN account_standing AS o ON o.account_id = a.account_id AND o.is_settled AND NOT o.is_closed
JOIN plan AS p            ON p.plan = a.plan
CROSS JOIN cheapest
LEFT JOIN membership      ON membership.member_id = a.account_id
LEFT JOIN paid_seat AS s  ON s.account_id = a.account_id
LEFT JOIN bought AS b     ON b.account_id = a.account_id
WHERE p.paid
  AND a.stripe_customer_id IS NULL
  AND s.account_id IS NULL
  AND b.account_id IS NULL
""",
    message="{subject} is on {plan}, but has no Stripe customer who could pay for it.",
    impact=money_at_risk("price_minor", "price_currency"),
    repair=_repair,
    cases=(
        Case(
            name="a paid plan with its customer",
            given=(
                *_PLANS,
                Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1", created_at=ago(days=90)),
            ),
        ),
        Case(
            name="a paid plan without a customer",
            given=(*_PLANS, Account(account_id="user_1", plan="PRO", created_at=ago(days=90))),
            fires=("user_1",),
            evidence={
                "user_1": {"plan": "PRO", "free_plan": "FREE", "age_seconds": 90 * DAY_SECONDS, "price_minor": 2000}
            },
        ),
        Case(
            name="a paid plan without a customer, its age unknown",
            given=(*_PLANS, Account(account_id="user_1", plan="PRO")),
            fires=("user_1",),
        ),
        Case(
            name="a free plan owes no customer",
            given=(*_PLANS, Account(account_id="user_1", plan="FREE", created_at=ago(days=90))),
        ),
        Case(
            name="exactly as old as the settle time is still in flight",
            given=(*_PLANS, Account(account_id="user_1", plan="PRO", created_at=ago(minutes=15))),
        ),
        Case(
            name="a second older than the settle time",
            given=(*_PLANS, Account(account_id="user_1", plan="PRO", created_at=ago(minutes=15, seconds=1))),
            fires=("user_1",),
        ),
    ),
)
