"""pay-rails/pay keeps the charge's id, as apps from before payment intents do: the ledger names charges.

stripe/stripe-dotnet issue #2202 (2020-09-10); active_merchant PR #3352.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import (
    ACCOUNT,
    ENTRIES,
    LEDGER_ENTRY,
    MAPPING,
    PLANS,
    USERS,
    WEBHOOK_EVENT,
    FieldCompany,
)
from tests.support.field.stripe_side import ago, line, written

LOOKED = {"refund-not-clawed-back", "missing-grant", "grant-without-money", "large-credit-movement"}
EXPECTED = {"refund-not-clawed-back:pi_1", "missing-grant:pi_3"}
CHARGES = LEDGER_ENTRY.replace("stripe_payment_intent_id =", "stripe_charge_id =")


def company() -> FieldCompany:
    """u1 was refunded and keeps its credits, u3 paid for nothing, and u2 and u4 got what they paid for."""
    company = FieldCompany()
    for number in (1, 2, 4):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(20))
        company.ledger.add(f"u{number}", "purchase", 500, ago(20) + 5, payment=f"ch_pi_{number}")
    company.stripe.customer("cus_3", "u3@example.com")
    company.stripe.payment("pi_3", "cus_3", 1000, ago(8))
    company.stripe.refund("re_1", "pi_1", 1000, ago(5))
    company.users(**{f"u{number}": {"stripe_customer_id": f"cus_{number}"} for number in (1, 2, 3, 4)})
    return company


@pytest.mark.slow
@pytest.mark.parametrize(
    "mapping",
    [
        pytest.param(MAPPING, id="in the payment intent's column"),
        pytest.param(ACCOUNT + CHARGES + WEBHOOK_EVENT, id="in a column of their own"),
    ],
)
def test_a_charge_is_the_payment_that_it_is_of(tmp_path: Path, mapping: str) -> None:
    company().expect(tmp_path, mapping + PLANS, must=EXPECTED, looked=LOOKED)


def test_a_payment_of_before_2022_lists_its_charges(tmp_path: Path) -> None:
    old = company()
    for payment in old.stripe.objects["payment_intents"]:
        charge = {"id": payment.pop("latest_charge"), "object": "charge"}
        payment["charges"] = {"object": "list", "data": [charge], "has_more": False}
    old.expect(tmp_path, MAPPING + PLANS, must=EXPECTED, looked=LOOKED)


@pytest.mark.slow
def test_a_charge_that_no_payment_names_is_unknown_and_not_forged(tmp_path: Path) -> None:
    """Charges of their own are not read, so that none of them can be missing."""
    case = company()
    case.ledger.add("u2", "purchase", 500, ago(9), payment="ch_alone")
    case.expect(tmp_path, MAPPING + PLANS, must=EXPECTED, looked=LOOKED, may={"credit-balance:u2"})


@pytest.mark.slow
def test_the_same_charge_twice_is_a_payment_twice(tmp_path: Path) -> None:
    case = FieldCompany()
    for number in (1, 2):
        case.stripe.customer(f"cus_{number}")
        case.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(20))
        case.ledger.add(f"u{number}", "purchase", 500, ago(20) + 5, payment=f"ch_pi_{number}")
    case.ledger.add("u1", "purchase", 500, ago(20) + 9, payment="ch_pi_1")
    case.users(u1={"stripe_customer_id": "cus_1"}, u2={"stripe_customer_id": "cus_2"})
    case.expect(
        tmp_path,
        ACCOUNT + CHARGES + WEBHOOK_EVENT + PLANS,
        must={"duplicate-payment-grant:ch_pi_1"},
        looked={"duplicate-payment-grant", "grant-without-money"},
    )


@pytest.mark.slow
def test_an_invoice_of_before_payment_intents_is_paid_by_its_charge(tmp_path: Path) -> None:
    """A refund names the charge alone, and so does the invoice."""
    case = FieldCompany()
    case.stripe.price("price_pro", 2900)
    for number in (1, 2):
        began, ends = ago(12), ago(-18)
        case.stripe.customer(f"cus_{number}")
        case.stripe.subscription(f"sub_{number}", f"cus_{number}", [("price_pro", 1)], period=(began, ends))
        bill = case.stripe.invoice(
            f"in_{number}",
            f"cus_{number}",
            [line(f"in_{number}", "price_pro", 2900, period=(began, ends), subscription=f"sub_{number}")],
            began,
            subscription=f"sub_{number}",
        )
        bill.pop("payments")
        bill |= {"paid": True, "charge": f"ch_{number}", "payment_intent": None}
        case.ledger.add(f"u{number}", "subscription_grant", 1000, began + 5, payment=f"ch_{number}")
    case.stripe.refund("re_1", "pi_1", 2900, ago(5), payment_intent=None, charge="ch_1")
    case.users(u1={"plan": "pro", "stripe_customer_id": "cus_1"}, u2={"plan": "pro", "stripe_customer_id": "cus_2"})
    case.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"refund-not-clawed-back:in_1", "unpaid-but-active:u1"},
        may={"grant-without-invoice:*"},
        looked={"refund-not-clawed-back", "missing-grant", "grant-without-money", "unpaid-but-active"},
    )


@pytest.mark.slow
def test_a_grant_that_names_its_subscription_is_of_the_invoice_of_its_time(tmp_path: Path) -> None:
    """u2's second period was paid and not credited; u1's was."""
    case = FieldCompany()
    case.stripe.price("price_pro", 2900)
    rows = []
    for number in (1, 2):
        case.stripe.customer(f"cus_{number}")
        case.stripe.subscription(f"sub_{number}", f"cus_{number}", [("price_pro", 1)], period=(ago(12), ago(-18)))
        for days in (42, 12):
            name, began, ends = f"in_{number}_{days}", ago(days), ago(days - 30)
            bought = line(name, "price_pro", 2900, period=(began, ends), subscription=f"sub_{number}")
            case.stripe.payment(f"pi_{number}_{days}", f"cus_{number}", 2900, began)
            case.stripe.invoice(
                name, f"cus_{number}", [bought], began, subscription=f"sub_{number}", payment=f"pi_{number}_{days}"
            )
            if (number, days) != (2, 12):
                row = case.ledger.add(f"u{number}", "subscription_grant", 1000, began + 60)
                rows.append({**row, "stripe_subscription_id": f"sub_{number}"})
    case.table(
        USERS,
        [
            {"id": f"u{n}", "plan": "pro", "stripe_customer_id": f"cus_{n}", "credits": str(3000 - 1000 * n)}
            | {"email": None, "created_at": written(ago(300))}
            for n in (1, 2)
        ],
    )
    case.table(ENTRIES.replace("created_at TEXT)", "created_at TEXT, stripe_subscription_id TEXT)"), rows)
    mapping = LEDGER_ENTRY + 'stripe_subscription_id = "stripe_subscription_id"\n'
    case.expect(
        tmp_path,
        ACCOUNT + mapping + WEBHOOK_EVENT + PLANS,
        must={"missing-grant:in_2_12"},
        looked={"missing-grant", "grant-without-money", "grant-without-invoice", "wrong-grant-amount"},
    )
