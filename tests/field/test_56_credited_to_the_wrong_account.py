"""bitwarden/clients PR #4061 (2022-11-15): an organisation's credit was put on the member's account who clicked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import Json, ago, line

LOOKED = {"wrong-account-credited", "missing-grant", "grant-without-money"}
WRONG = "wrong-account-credited:pi_1"
MEMBERS = "CREATE TABLE members (org TEXT, person TEXT)"
MEMBER = """
[relations.member]
table = "members"
[relations.member.columns]
account_id = "org"
member_id = "person"
"""


def company(
    *, customer: str = "cus_org", email: str = "billing@org.example.com", metadata: Json | None = None
) -> FieldCompany:
    """A payment of org_1's customer was credited to u1; u2's own purchase was credited to u2."""
    company = FieldCompany()
    company.stripe.customer("cus_org", email)
    company.stripe.customer("cus_u1", "u1@example.com")
    company.stripe.customer("cus_u2", "u2@example.com")
    company.stripe.payment("pi_1", customer, 5000, ago(6), metadata=metadata or {})
    company.stripe.payment("pi_2", "cus_u2", 5000, ago(9), metadata={"user_id": "u2"})
    company.ledger.add("org_1", "usage", 0, ago(60))
    company.ledger.add("u2", "purchase", 5000, ago(9) + 5, payment="pi_2")
    company.ledger.add("u1", "purchase", 5000, ago(6) + 5, payment="pi_1")
    return company


def add_users(company: FieldCompany, **changes: Json) -> FieldCompany:
    """Add the accounts, each with its own customer; ``changes`` are by account."""
    customers = {"org_1": "cus_org", "u1": "cus_u1", "u2": "cus_u2"}
    company.users(**{name: {"stripe_customer_id": c, **changes.get(name, {})} for name, c in customers.items()})
    return company


def test_the_customer_and_the_payment_name_the_organisation(tmp_path: Path) -> None:
    case = add_users(company(metadata={"user_id": "org_1"}))
    report = case.expect(tmp_path, MAPPING + PLANS, must={WRONG}, looked=LOOKED)
    (finding,) = report.findings()
    assert (finding.evidence["account_id"], finding.evidence["credited_account_id"]) == ("org_1", "u1")
    assert finding.evidence["evidence"] == "it names"


@pytest.mark.slow
def test_the_customer_alone_says_who_paid(tmp_path: Path) -> None:
    add_users(company()).expect(tmp_path, MAPPING + PLANS, must={WRONG}, looked=LOOKED)


@pytest.mark.slow
def test_the_address_excuses_where_only_the_customer_says_who_paid(tmp_path: Path) -> None:
    add_users(company(email="U1@example.com")).expect(tmp_path, MAPPING + PLANS, looked=LOOKED)


@pytest.mark.slow
def test_the_address_alone_is_no_link(tmp_path: Path) -> None:
    """The customer has org_1's address, and nothing else names an account."""
    case = add_users(company(email="org_1@example.com"), org_1={"stripe_customer_id": None})
    case.expect(tmp_path, MAPPING + PLANS, looked=LOOKED)


@pytest.mark.slow
def test_what_the_payment_names_is_stronger_than_the_customer(tmp_path: Path) -> None:
    """u1's card paid for org_1, as the payment says."""
    case = add_users(company(customer="cus_u1", metadata={"user_id": "org_1"}))
    case.expect(tmp_path, MAPPING + PLANS, must={WRONG}, looked=LOOKED)


@pytest.mark.slow
def test_a_finished_checkout_names_the_account(tmp_path: Path) -> None:
    case = add_users(company(customer="cus_u1"))
    case.stripe.session("cs_1", "cus_u1", 5000, ago(6), payment_intent="pi_1", client_reference_id="org_1")
    case.expect(tmp_path, MAPPING + PLANS, must={WRONG}, looked=LOOKED)


@pytest.mark.slow
def test_one_organisation_shares_what_it_pays_for(tmp_path: Path) -> None:
    case = add_users(company(metadata={"user_id": "org_1"}))
    case.table(MEMBERS, [{"org": "org_1", "person": "u1"}])
    case.expect(tmp_path, MAPPING + MEMBER + PLANS, looked=LOOKED)


@pytest.mark.slow
def test_two_members_of_one_organisation_share_what_one_of_them_pays_for(tmp_path: Path) -> None:
    case = add_users(company(customer="cus_u2", metadata={"user_id": "u2"}))
    case.table(MEMBERS, [{"org": "org_1", "person": "u1"}, {"org": "org_1", "person": "u2"}])
    case.expect(tmp_path, MAPPING + MEMBER + PLANS, looked=LOOKED)


@pytest.mark.slow
def test_credits_that_were_moved_by_hand_are_at_their_place(tmp_path: Path) -> None:
    case = company(metadata={"user_id": "org_1"})
    case.ledger.add("u1", "adjustment", -5000, ago(5))
    case.ledger.add("org_1", "adjustment", 5000, ago(5))
    add_users(case).expect(tmp_path, MAPPING + PLANS, may={"large-credit-movement:*"}, looked=LOOKED)


@pytest.mark.slow
def test_each_subscription_of_one_customer_pays_for_the_account_that_it_names(tmp_path: Path) -> None:
    """bob pays for both; the credits of org_2's subscription went to org_1."""
    case = FieldCompany()
    case.stripe.price("price_pro", 2900)
    case.stripe.customer("cus_1", "bob@example.com")
    for number in (1, 2):
        name, began, ends = f"in_{number}", ago(12), ago(-18)
        metadata = {"user_id": f"org_{number}"}
        case.stripe.subscription(f"sub_{number}", "cus_1", [("price_pro", 1)], period=(began, ends), metadata=metadata)
        case.stripe.payment(f"pi_{number}", "cus_1", 2900, began)
        bought = line(name, "price_pro", 2900, period=(began, ends), subscription=f"sub_{number}")
        case.stripe.invoice(name, "cus_1", [bought], began, subscription=f"sub_{number}", payment=f"pi_{number}")
        case.ledger.add("org_1", "subscription_grant", 1000, began + 5, invoice=name)
    case.users(
        org_1={"plan": "pro", "stripe_customer_id": "cus_1"}, org_2={"plan": "pro", "stripe_customer_id": "cus_1"}
    )
    case.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"wrong-account-credited:in_2"},
        may={"shared-customer:cus_1", "stale-paid-plan:org_2"},
        looked=LOOKED,
    )


@pytest.mark.slow
@pytest.mark.parametrize("link", ["checkout", "payment"])
def test_what_a_customer_bought_before_says_whose_it_is(tmp_path: Path, link: str) -> None:
    """Neither the account nor the customer names the other, and the last payment names no account."""
    case = FieldCompany()
    case.stripe.customer("cus_1", "billing@example.com")
    case.stripe.customer("cus_2", "u2@example.com")
    for number, (customer, user, days) in enumerate((("cus_1", "u1", 30), ("cus_2", "u2", 20), ("cus_1", "u1", 9))):
        last = number == 2
        metadata = {"user_id": user} if link == "payment" and not last else {}
        case.stripe.payment(f"pi_{number}", customer, 1000, ago(days), metadata=metadata)
        if link == "checkout":
            reference = None if last else user
            intent = f"pi_{number}"
            case.stripe.session(
                f"cs_{number}", customer, 1000, ago(days), payment_intent=intent, client_reference_id=reference
            )
        if not last:
            case.ledger.add(user, "purchase", 500, ago(days) + 5, payment=f"pi_{number}")
    case.users(u1={}, u2={})
    case.expect(tmp_path, MAPPING + PLANS, must={"missing-grant:pi_2"}, looked=LOOKED)
