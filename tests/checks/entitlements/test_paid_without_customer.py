"""When a paid plan without a customer may be downgraded, and when a person must decide."""

from __future__ import annotations

from decimal import Decimal

from tests.support.catalogue import checked
from trueup.checks.entitlements.paid_without_customer import CHECK
from trueup.model.change import Append, Change, DescribedChange, Refusal, Replace
from trueup.model.check import Case, ago
from trueup.model.money import Impact
from trueup.model.relations import Account, Exemption, Member, Plan, Row

FREE = Plan(plan="FREE", rank=0)
PRO = Plan(plan="PRO", rank=1, paid=True, price_minor=2000, price_currency="usd")
OLD_DAYS = 90


def the_repair(*given: Row) -> Change | DescribedChange | Refusal | None:
    (finding,) = checked(CHECK, Case(name="under test", given=given)).findings
    return finding.repair


def test_a_downgrade_replaces_the_plan_and_records_who_did_it() -> None:
    repair = the_repair(FREE, PRO, Account(account_id="user_1", plan="PRO", created_at=ago(days=OLD_DAYS)))
    assert repair == Change(
        kind="downgrade-to-free",
        summary="account.plan PRO -> FREE, plus one plan_change row",
        replace=Replace(relation="account", row_key="user_1", column="plan", old="PRO", new="FREE"),
        append=Append(
            relation="plan_change",
            values={
                "account_id": "user_1",
                "from_plan": "PRO",
                "to_plan": "FREE",
                "actor": "trueup",
                "reason": "trueup: downgraded from PRO to FREE, no Stripe customer",
            },
        ),
        safe=False,
    )


def test_a_downgrade_leads_to_the_unpaid_plan_of_the_lowest_rank() -> None:
    lower = Plan(plan="BASIC", rank=-1)
    repair = the_repair(FREE, lower, PRO, Account(account_id="user_1", plan="PRO", created_at=ago(days=OLD_DAYS)))
    assert isinstance(repair, Change)
    assert repair.replace is not None
    assert repair.replace.new == "BASIC"


def test_an_account_of_exactly_a_day_may_be_downgraded() -> None:
    assert isinstance(the_repair(FREE, PRO, Account(account_id="user_1", plan="PRO", created_at=ago(days=1))), Change)


def test_an_account_younger_than_a_day_waits() -> None:
    repair = the_repair(FREE, PRO, Account(account_id="user_1", plan="PRO", created_at=ago(hours=23, minutes=59)))
    assert repair == Refusal(reason="The account is younger than a day; its customer may still be on the way.")


def test_an_account_of_unknown_age_waits() -> None:
    assert isinstance(the_repair(FREE, PRO, Account(account_id="user_1", plan="PRO")), Refusal)


def test_a_member_is_never_downgraded_even_when_its_organisation_does_not_pay() -> None:
    repair = the_repair(
        FREE,
        PRO,
        Account(account_id="org_1", plan="FREE", created_at=ago(days=OLD_DAYS)),
        Account(account_id="user_1", plan="PRO", created_at=ago(days=OLD_DAYS)),
        Member(account_id="org_1", member_id="user_1"),
    )
    assert isinstance(repair, Refusal)
    assert "org_1" in repair.reason


def test_an_account_that_names_a_subscription_is_never_downgraded() -> None:
    account = Account(account_id="user_1", plan="PRO", stripe_subscription_id="sub_1", created_at=ago(days=OLD_DAYS))
    repair = the_repair(FREE, PRO, account)
    assert isinstance(repair, Refusal)
    assert "sub_1" in repair.reason


def test_nothing_is_downgraded_where_no_unpaid_plan_is_configured() -> None:
    assert isinstance(the_repair(PRO, Account(account_id="user_1", plan="PRO", created_at=ago(days=OLD_DAYS))), Refusal)


def test_an_exempted_account_is_offered_no_repair() -> None:
    repair = the_repair(
        FREE,
        PRO,
        Account(account_id="user_1", plan="PRO", created_at=ago(days=OLD_DAYS)),
        Exemption(check_id="paid-without-customer", subject="user_1"),
    )
    assert not isinstance(repair, Change)


def test_one_period_of_the_plan_is_at_risk() -> None:
    account = Account(account_id="user_1", plan="PRO", created_at=ago(days=OLD_DAYS))
    (finding,) = checked(CHECK, Case(name="under test", given=(FREE, PRO, account))).findings
    assert finding.impact == Impact(money={"usd": 2000}, credits=Decimal(0))
