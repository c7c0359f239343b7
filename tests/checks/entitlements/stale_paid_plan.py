"""More cases of `stale-paid-plan`, beside those that its own file teaches with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from trueup.checks.case_rows import invoice_line, paid_invoice
from trueup.checks.entitlements.stale_paid_plan import _CUSTOMER, _MONTHLY, _PLANS, _YEARLY, _renewal
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.price_list import SoldPrice
from trueup.model.relations import (
    Account,
    Exemption,
    Interval,
    Member,
    Plan,
    PlanChange,
    PlanPrice,
)
from trueup.model.stripe_objects import StripeSubscription, StripeSubscriptionItem, SubscriptionStatus

_QUARTERLY = PlanPrice(price_id="price_quarterly", plan="PRO", interval=Interval.QUARTER)


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


CASES: tuple[Case, ...] = (
    Case(
        name="bought for good, and credited once",
        given=(
            *_PLANS,
            _MONTHLY,
            _CUSTOMER,
            PlanPrice(price_id="price_life", plan="PRO"),
            SoldPrice(price_name="price_life", lifetime=True),
            paid_invoice(ago(days=300), total=18_000),
            invoice_line("price_life", amount=18_000, start=ago(days=300), days=0),
            _renewal(ago(days=300)),
        ),
    ),
    Case(
        name="a year paid by an invoice of its own, and credited when it began",
        given=(
            *_PLANS,
            _MONTHLY,
            _CUSTOMER,
            paid_invoice(ago(days=200), total=24_000),
            invoice_line(None, amount=24_000, start=ago(days=200), days=365),
            _renewal(ago(days=200)),
        ),
    ),
    Case(
        name="a year paid by an invoice of its own, and last credited before it began",
        given=(
            *_PLANS,
            _MONTHLY,
            _CUSTOMER,
            paid_invoice(ago(days=200), total=24_000),
            invoice_line(None, amount=24_000, start=ago(days=200), days=365),
            _renewal(ago(days=240)),
        ),
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
    Case(
        name="a renewal that names its event alone",
        given=(*_PLANS, _MONTHLY, _CUSTOMER, replace(_renewal(ago(days=20), invoice=None), stripe_event_id="evt_1")),
    ),
)
