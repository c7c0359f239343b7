"""Each paid plan is renewed: an invoice backs new credits within its billing interval."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.policy import Policy
from trueup.model.relations import (
    Account,
    EntryKind,
    Exemption,
    Interval,
    LedgerEntry,
    Member,
    Plan,
    PlanChange,
    PlanPrice,
)
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeSubscription, StripeSubscriptionItem, SubscriptionStatus

_PLANS = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000), price_minor=2000, price_currency="usd"),
)
_MONTHLY = PlanPrice(price_id="price_monthly", plan="PRO", interval=Interval.MONTH)
_QUARTERLY = PlanPrice(price_id="price_quarterly", plan="PRO", interval=Interval.QUARTER)
_YEARLY = PlanPrice(price_id="price_yearly", plan="PRO", interval=Interval.YEAR)
_CUSTOMER = Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1", created_at=ago(days=800))


def _renewal(
    created_at: datetime, *, entry_id: int = 1, invoice: str | None = "in_1", posted: bool = True
) -> LedgerEntry:
    return LedgerEntry(
        entry_id=entry_id,
        kind=EntryKind.SUBSCRIPTION_GRANT,
        amount=Decimal(1000),
        posted=posted,
        stripe_invoice_id=invoice,
        created_at=created_at,
    )


def _subscribed(changed_at: datetime, *, from_plan: str = "FREE", to_plan: str = "PRO") -> PlanChange:
    return PlanChange(account_id="user_1", from_plan=from_plan, to_plan=to_plan, changed_at=changed_at)


def _billed(
    interval: str,
    *,
    interval_count: int = 1,
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE,
    paused: bool = False,
) -> tuple[StripeSubscription, StripeSubscriptionItem]:
    return (
        StripeSubscription(subscription_id="sub_1", status=status, paused=paused),
        StripeSubscriptionItem(item_id="si_1", interval=interval, interval_count=interval_count),
    )


CHECK = Check(
    id="stale-paid-plan",
    area=Area.ENTITLEMENTS,
    severity=Severity.WARNING,
    revenue_impacting=True,
    title="Paid plan without a recent renewal",
    why="Either the subscription has ended and the account is still served, or it was renewed and the customer never got "
    "the credits of the period that was paid for.",
    optional=("stripe_subscription", "stripe_subscription_item"),
    population="""
SELECT count(*)
FROM account AS a
JOIN plan AS p ON p.plan = a.plan
WHERE a.active AND p.paid AND p.credits_per_period > 0 AND a.stripe_customer_id IS NOT NULL
""",
    violations="""
WITH longest_interval AS (             -- in days, of the prices that the config names for a plan
    SELECT plan,
           max(CASE plan_price.interval WHEN 'day'     THEN 1
                                        WHEN 'week'    THEN 7
                                        WHEN 'quarter' THEN 92
                                        WHEN 'year'    THEN 366
                                        ELSE 31 END) AS interval_days
    FROM plan_price
    GROUP BY plan
),
billed AS (                            -- what Stripe itself says of the customer's live subscriptions
    SELECT s.customer_id,
           max(i.interval_count * CASE i.interval WHEN 'day'  THEN 1
                                                  WHEN 'week' THEN 7
                                                  WHEN 'year' THEN 366
                                                  ELSE 31 END)                     AS interval_days,
           max(CASE WHEN s.status = 'trialing' OR s.paused THEN 1 ELSE 0 END)      AS is_free_now
    FROM stripe_subscription AS s
    JOIN stripe_subscription_item AS i ON i.subscription_id = s.subscription_id
    WHERE s.status IN ('trialing', 'active', 'past_due') AND NOT i.metered
    GROUP BY s.customer_id
),
renewal AS (
    SELECT account_id, max(created_at) AS last_renewal_at
    FROM ledger_entry
    WHERE kind = 'subscription_grant' AND stripe_invoice_id IS NOT NULL AND posted
    GROUP BY account_id
),
subscribed AS (                        -- when the account last came to a plan
    SELECT account_id, to_plan, max(changed_at) AS plan_since
    FROM plan_change
    GROUP BY account_id, to_plan
),
covered AS (
    SELECT a.account_id, a.plan, a.stripe_customer_id, r.last_renewal_at, s.plan_since,
           p.price_minor, p.price_currency,
           coalesce(b.interval_days, i.interval_days, 31) AS interval_days,
           coalesce(greatest(r.last_renewal_at, s.plan_since), r.last_renewal_at, s.plan_since, a.created_at)
               AS covered_from
    FROM account AS a
    JOIN plan AS p                  ON p.plan = a.plan
    LEFT JOIN longest_interval AS i ON i.plan = a.plan
    LEFT JOIN billed AS b           ON b.customer_id = a.stripe_customer_id
    LEFT JOIN renewal AS r          ON r.account_id = a.account_id
    LEFT JOIN subscribed AS s       ON s.account_id = a.account_id AND s.to_plan = a.plan
    LEFT JOIN paid_seat AS seat     ON seat.account_id = a.account_id
    WHERE a.active
      AND p.paid
      AND p.credits_per_period > 0
      AND a.stripe_customer_id IS NOT NULL
      AND seat.account_id IS NULL
      AND coalesce(b.is_free_now, 0) = 0
)
SELECT account_id                             AS subject,
       account_id,
       plan,
       stripe_customer_id,
       last_renewal_at,
       plan_since,
       interval_days,
       covered_from,
       date_diff('day', covered_from, $now)   AS days_without_renewal,
       price_minor,
       price_currency
FROM covered
WHERE date_diff('second', covered_from, $now) > (interval_days + $past_due_grace_days) * 86400
""",
    message="{subject} is on {plan}, billed every {interval_days} days at most, and was not renewed for {days_without_renewal} days.",
    impact=money_at_risk("price_minor", "price_currency"),
    cases=(
        Case(
            name="renewed this month",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=20))),
        ),
        Case(
            name="not renewed for three months",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=90))),
            fires=("user_1",),
            evidence={"user_1": {"interval_days": 31, "days_without_renewal": 90, "last_renewal_at": ago(days=90)}},
        ),
        Case(
            name="past due on day 10 of dunning",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=41))),
        ),
        Case(
            name="on the last moment of the grace",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=47))),
        ),
        Case(
            name="a second past the grace",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=47, seconds=1))),
            fires=("user_1",),
        ),
        Case(
            name="net-60 invoice paid by transfer, where the policy allows sixty days",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=90))),
            policy=Policy(past_due_grace_days=60),
        ),
        Case(
            name="cancelled at period end and still inside it",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=30))),
        ),
        Case(
            name="yearly plan on day 300",
            given=(*_PLANS, _YEARLY, _CUSTOMER, _renewal(ago(days=300))),
        ),
        Case(
            name="yearly plan that was not renewed after its year",
            given=(*_PLANS, _YEARLY, _CUSTOMER, _renewal(ago(days=383))),
            fires=("user_1",),
            evidence={"user_1": {"interval_days": 366}},
        ),
        Case(
            name="quarterly plan on day 100",
            given=(*_PLANS, _QUARTERLY, _CUSTOMER, _renewal(ago(days=100))),
        ),
        Case(
            name="quarterly plan that was not renewed after its quarter",
            given=(*_PLANS, _QUARTERLY, _CUSTOMER, _renewal(ago(days=109))),
            fires=("user_1",),
        ),
        Case(
            name="monthly or yearly, nobody knows: the longest counts",
            given=(*_PLANS, _MONTHLY, _YEARLY, _CUSTOMER, _renewal(ago(days=300))),
        ),
        Case(
            name="monthly or yearly, and Stripe says monthly",
            given=(*_PLANS, _MONTHLY, _YEARLY, _CUSTOMER, _renewal(ago(days=60)), *_billed("month")),
            fires=("user_1",),
            evidence={"user_1": {"interval_days": 31}},
        ),
        Case(
            name="no price is configured, and Stripe says every three months",
            given=(*_PLANS, _CUSTOMER, _renewal(ago(days=100)), *_billed("month", interval_count=3)),
        ),
        Case(
            name="no price is configured, and Stripe says yearly",
            given=(*_PLANS, _CUSTOMER, _renewal(ago(days=300)), *_billed("year")),
        ),
        Case(
            name="Stripe says that the trial still runs",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, *_billed("month", status=SubscriptionStatus.TRIALING)),
        ),
        Case(
            name="Stripe says that collection is paused",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=90)), *_billed("month", paused=True)),
        ),
        Case(
            name="a cancelled subscription says nothing about the interval",
            given=(*_PLANS, _CUSTOMER, _renewal(ago(days=90)), *_billed("year", status=SubscriptionStatus.CANCELED)),
            fires=("user_1",),
        ),
        Case(
            name="yearly invoice backing twelve monthly grants",
            given=(*_PLANS, _YEARLY, _CUSTOMER, *(_renewal(ago(days=300 - 30 * n), entry_id=n) for n in range(10))),
        ),
        Case(
            name="no price is configured: a month is assumed",
            given=(*_PLANS, _CUSTOMER, _renewal(ago(days=48))),
            fires=("user_1",),
            evidence={"user_1": {"interval_days": 31}},
        ),
        Case(
            name="invoice paid from customer balance",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=5), invoice="in_paid_from_balance")),
        ),
        Case(
            name="100 % coupon: the invoice is of zero and backs the credits",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=5), invoice="in_of_zero")),
        ),
        Case(
            name="credits without an invoice are no renewal",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=5), invoice=None)),
            fires=("user_1",),
        ),
        Case(
            name="a pending renewal is no renewal",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=5), posted=False)),
            fires=("user_1",),
        ),
        Case(
            name="trial with no invoice",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _subscribed(ago(days=14))),
        ),
        Case(
            name="a subscription younger than one interval, after an old one",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _renewal(ago(days=400)), _subscribed(ago(days=10))),
        ),
        Case(
            name="subscribed long ago and never invoiced",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _subscribed(ago(days=60))),
            fires=("user_1",),
            evidence={"user_1": {"last_renewal_at": None, "plan_since": ago(days=60)}},
        ),
        Case(
            name="coming to another plan renews nothing",
            given=(*_PLANS, _MONTHLY, _CUSTOMER, _subscribed(ago(days=60)), _subscribed(ago(days=5), to_plan="FREE")),
            fires=("user_1",),
        ),
        Case(
            name="a new account without entries",
            given=(
                *_PLANS,
                _MONTHLY,
                Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1", created_at=ago(minutes=1)),
            ),
        ),
        Case(
            name="nobody knows since when",
            given=(*_PLANS, _MONTHLY, Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1")),
        ),
        Case(
            name="a plan that grants no credits",
            given=(Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(0)), _MONTHLY, _CUSTOMER),
        ),
        Case(
            name="a plan of which nobody knows whether it grants credits",
            given=(Plan(plan="PRO", rank=1, paid=True), _MONTHLY, _CUSTOMER),
        ),
        Case(
            name="without a customer it is another finding",
            given=(*_PLANS, _MONTHLY, Account(account_id="user_1", plan="PRO", created_at=ago(days=800))),
        ),
        Case(
            name="team member of a paying organisation",
            given=(
                *_PLANS,
                _MONTHLY,
                _CUSTOMER,
                Account(account_id="org_1", plan="PRO", stripe_customer_id="cus_2", created_at=ago(days=10)),
                Member(account_id="org_1", member_id="user_1"),
            ),
        ),
        Case(
            name="paused by policy, exempted",
            given=(
                *_PLANS,
                _MONTHLY,
                _CUSTOMER,
                _renewal(ago(days=90)),
                Exemption(
                    check_id="stale-paid-plan",
                    subject="user_1",
                    owner="support",
                    reason="paused until summer",
                    expires_at=date(2026, 6, 30),
                ),
            ),
        ),
        Case(
            name="a closed account is not served",
            given=(
                *_PLANS,
                _MONTHLY,
                Account(
                    account_id="user_1", plan="PRO", stripe_customer_id="cus_1", active=False, created_at=ago(days=800)
                ),
            ),
        ),
    ),
)
