"""More cases of `paid-without-customer`, beside those that its own file teaches with."""

from __future__ import annotations

from datetime import date

from trueup.checks.entitlements.paid_without_customer import _PLANS
from trueup.model.check import Case, ago
from trueup.model.relations import Account, Exemption, Member

CASES: tuple[Case, ...] = (
    Case(
        name="a plan that the config does not know may be free",
        given=(*_PLANS, Account(account_id="user_1", plan="LEGACY", created_at=ago(days=90))),
    ),
    Case(
        name="comped partner with a live exemption",
        given=(
            *_PLANS,
            Account(account_id="user_1", plan="PRO", created_at=ago(days=90)),
            Exemption(
                check_id="paid-without-customer",
                subject="user_1",
                owner="partners",
                reason="comped",
                expires_at=date(2026, 3, 1),
            ),
        ),
    ),
    Case(
        name="the exemption has expired",
        given=(
            *_PLANS,
            Account(account_id="user_1", plan="PRO", created_at=ago(days=90)),
            Exemption(
                check_id="paid-without-customer",
                subject="user_1",
                owner="partners",
                reason="comped",
                expires_at=date(2026, 2, 28),
            ),
        ),
        fires=("user_1",),
    ),
    Case(
        name="net-60 invoice paid by transfer, exempted",
        given=(
            *_PLANS,
            Account(account_id="user_1", plan="PRO", created_at=ago(days=90)),
            Exemption(
                check_id="paid-without-customer",
                subject="user_1",
                owner="finance",
                reason="pays by transfer, net 60",
            ),
        ),
    ),
    Case(
        name="app-store customer, exempted",
        given=(
            *_PLANS,
            Account(account_id="user_1", plan="PRO", created_at=ago(days=90)),
            Exemption(
                check_id="paid-without-customer", subject="user_1", owner="mobile", reason="pays in the app store"
            ),
        ),
    ),
    Case(
        name="team member of a paying organisation",
        given=(
            *_PLANS,
            Account(account_id="org_1", plan="TEAM", stripe_customer_id="cus_1", created_at=ago(days=90)),
            Account(account_id="user_1", plan="TEAM", created_at=ago(days=90)),
            Member(account_id="org_1", member_id="user_1"),
        ),
    ),
    Case(
        name="only the organisation is named when nobody pays for its seats",
        given=(
            *_PLANS,
            Account(account_id="org_1", plan="TEAM", created_at=ago(days=90)),
            Account(account_id="user_1", plan="TEAM", created_at=ago(days=90)),
            Member(account_id="org_1", member_id="user_1"),
        ),
        fires=("org_1",),
        evidence={"org_1": {"member_of": None}},
    ),
    Case(
        name="member of an organisation that itself is on a free plan",
        given=(
            *_PLANS,
            Account(account_id="org_1", plan="FREE", created_at=ago(days=90)),
            Account(account_id="user_1", plan="PRO", created_at=ago(days=90)),
            Member(account_id="org_1", member_id="user_1"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"member_of": "org_1"}},
    ),
    Case(
        name="an owner listed as a member of the own account is nobody's guest",
        given=(
            *_PLANS,
            Account(account_id="user_1", plan="PRO", created_at=ago(days=90)),
            Member(account_id="user_1", member_id="user_1"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"member_of": None}},
    ),
    Case(
        name="account created a minute ago",
        given=(*_PLANS, Account(account_id="user_1", plan="PRO", created_at=ago(minutes=1))),
    ),
    Case(
        name="a closed account is not served",
        given=(*_PLANS, Account(account_id="user_1", plan="PRO", active=False, created_at=ago(days=90))),
    ),
)
