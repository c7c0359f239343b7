"""For every status, price, pause and plan: exactly the one finding that a person would call it by, or none."""

from __future__ import annotations

import itertools

import pytest

from tests.support.catalogue import all_checked, checked
from trueup.checks import catalogue
from trueup.checks.entitlements import (
    duplicate_subscription,
    ending_plan,
    missing_customer,
    orphan_subscription,
    paid_but_blocked,
    plan_mismatch,
    seat_drift,
    unmapped_price,
    unpaid_but_active,
)
from trueup.engines.requirements import absent_need
from trueup.model.check import Case, Check, ago
from trueup.model.policy import Policy
from trueup.model.relations import STRIPE, Account, Plan, PlanPrice, Row, relation_name
from trueup.model.stripe_objects import (
    StripeCustomer,
    StripeReading,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

RANKS = {"FREE": 0, "PRO": 1, "TEAM": 2}
PRICES = {"price_pro": "PRO", "price_team": "TEAM", "price_of_2026": None}
CHECKS = (
    duplicate_subscription,
    ending_plan,
    missing_customer,
    orphan_subscription,
    paid_but_blocked,
    plan_mismatch,
    seat_drift,
    unmapped_price,
    unpaid_but_active,
)
SITUATIONS = tuple(itertools.product(RANKS, SubscriptionStatus, PRICES, (False, True)))


def rows() -> list[Row]:
    """One account with one subscription for each situation."""
    made: list[Row] = [Plan(plan=plan, rank=rank, paid=rank > 0) for plan, rank in RANKS.items()]
    made += [PlanPrice(price_id=price, plan=plan) for price, plan in PRICES.items() if plan]
    made += [StripeReading(relation="stripe_subscription"), StripeReading(relation="stripe_customer")]
    for number, (plan, status, price, paused) in enumerate(SITUATIONS):
        customer, subscription = f"cus_{number}", f"sub_{number}"
        made += [
            Account(account_id=f"user_{number}", plan=plan, stripe_customer_id=customer, created_at=ago(days=90)),
            StripeCustomer(customer_id=customer),
            StripeSubscription(
                subscription_id=subscription,
                customer_id=customer,
                status=status,
                paused=paused,
                created_at=ago(days=60),
                current_period_start=ago(days=14),
            ),
            StripeSubscriptionItem(item_id=f"si_{number}", subscription_id=subscription, price_id=price),
        ]
    return made


def expected(plan: str, status: SubscriptionStatus, price: str, *, paused: bool, paused_entitles: bool) -> str | None:
    """The finding about the account, told from what the words mean and not from any SQL."""
    running = status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING, SubscriptionStatus.PAST_DUE)
    served = running and (not paused or paused_entitles)
    if not served:
        return "unpaid-but-active" if RANKS[plan] else None
    bought = PRICES[price]
    if bought is None or paused or bought == plan:
        return None
    return "paid-but-blocked" if RANKS[plan] < RANKS[bought] else "plan-mismatch"


@pytest.mark.parametrize("paused_entitles", [True, False])
def test_each_account_has_the_one_finding_that_its_situation_is(paused_entitles: bool) -> None:
    case = Case(name="all", given=tuple(rows()), policy=Policy(paused_entitles=paused_entitles))
    found = {
        (finding.check, finding.subject)
        for outcome in all_checked([module.CHECK for module in CHECKS], case)
        for finding in outcome.findings
        if finding.check != "unmapped-price"
    }
    wanted = {
        (expected(plan, status, price, paused=paused, paused_entitles=paused_entitles), f"user_{number}")
        for number, (plan, status, price, paused) in enumerate(SITUATIONS)
    }
    assert found == {(check, subject) for check, subject in wanted if check is not None}


def test_the_price_in_no_plan_is_one_finding() -> None:
    outcome = checked(unmapped_price.CHECK, Case(name="all", given=tuple(rows())))
    assert [finding.subject for finding in outcome.findings] == ["price_of_2026"]


@pytest.mark.parametrize("check", [module.CHECK for module in CHECKS], ids=lambda check: check.id)
def test_a_business_without_stripe_switches_it_off(check: Check) -> None:
    assert absent_need(check, dict.fromkeys(map(relation_name, STRIPE), "absent"), {})


def test_checks_that_stripe_only_excuses_go_on_without_it() -> None:
    without = frozenset(map(relation_name, STRIPE))
    excused = {check.id: check for check in catalogue() if check.id in ("stale-paid-plan", "hollow-event")}
    assert not any(absent_need(check, dict.fromkeys(without, "absent"), {}) for check in excused.values())


@pytest.mark.parametrize("check", [module.CHECK for module in CHECKS], ids=lambda check: check.id)
def test_nothing_is_found_where_nothing_was_read_of_stripe(check: Check) -> None:
    app = tuple(row for row in rows() if isinstance(row, (Plan, PlanPrice, Account)))
    assert checked(check, Case(name="all", given=app)).findings == ()
