"""A plan that is bought for good, in five monthly instalments or at once.

A question about customer.subscription.deleted (five instalments, ``cancel_at`` after five months), and
Siege-Perilous/tableslayer PR #250 (2025-03-27): a lifetime plan is no subscription.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, WEBHOOK_EVENT, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, ago, line

LOOKED = {"unpaid-but-active", "paid-but-blocked", "plan-mismatch"}
CONFIG = (
    ACCOUNT.replace('PRO = ["pro"]\nTEAM = ["team"]', 'LIFE = ["lifetime"]')
    + LEDGER_ENTRY
    + WEBHOOK_EVENT
    + """
[plans.FREE]
rank = 0
[plans.LIFE]
rank = 1
[prices.{instalment}]
plan = "LIFE"
lifetime_after = 5
[prices.{lifetime}]
plan = "LIFE"
lifetime = true
"""
)
BY_ID = CONFIG.format(instalment="price_inst", lifetime="price_life")
BY_PRODUCT = CONFIG.format(instalment="prod_inst", lifetime="prod_life")
BY_KEY = CONFIG.format(instalment="key_inst", lifetime="key_life")


def prices(company: FieldCompany) -> None:
    """The price of an instalment, and of the whole at once."""
    company.stripe.price("price_inst", 4000, product="prod_inst", lookup_key="key_inst")
    company.stripe.price("price_life", 18000, interval=None, product="prod_life", lookup_key="key_life")


def pay_instalments(company: FieldCompany, number: int, paid: int) -> None:
    """So many instalments from 300 days ago on; the subscription ended with the last."""
    customer, subscription, began = f"cus_{number}", f"sub_{number}", ago(300)
    month = 30 * DAY_SECONDS
    company.stripe.customer(customer, f"u{number}@example.com")
    company.stripe.subscription(
        subscription,
        customer,
        [("price_inst", 1)],
        period=(began + month * (paid - 1), began + month * paid),
        start=began,
        status="canceled",
        cancel_at=began + 5 * month if paid == 5 else None,
        canceled_at=began + month * paid,
        ended_at=began + month * paid,
        latest_invoice=f"in_{number}_{paid - 1}",
    )
    for count in range(paid):
        start, invoice = began + month * count, f"in_{number}_{count}"
        company.stripe.payment(f"pi_{number}_{count}", customer, 4000, start)
        bill: dict[str, Any] = line(
            invoice, "price_inst", 4000, period=(start, start + month), subscription=subscription
        )
        bill["pricing"]["price_details"]["product"] = "prod_inst"
        company.stripe.invoice(
            invoice, customer, [bill], start, subscription=subscription, payment=f"pi_{number}_{count}"
        )


def buy_at_once(company: FieldCompany, number: int, *, customer: bool = True, amount: int = 18000) -> None:
    """Pay all of it through a checkout that shows no lines."""
    payer = f"cus_{number}" if customer else None
    if payer:
        company.stripe.customer(payer, f"u{number}@example.com")
    company.stripe.payment(f"pi_{number}", payer, amount, ago(250))
    company.stripe.session(
        f"cs_{number}", payer, amount, ago(250), payment_intent=f"pi_{number}", client_reference_id=f"u{number}"
    )


def users(company: FieldCompany, plan: str, *numbers: int) -> None:
    """These users, all on this plan."""
    rows: dict[str, dict[str, object]] = {
        f"u{number}": {"plan": plan, "stripe_customer_id": f"cus_{number}"} for number in numbers
    }
    company.users(**rows)


@pytest.mark.slow
@pytest.mark.parametrize("config", [BY_ID, BY_KEY, BY_PRODUCT], ids=["by id", "by lookup key", "by product"])
def test_who_paid_all_of_it_is_served_rightly_and_who_stopped_is_not(tmp_path: Path, config: str) -> None:
    """u1 paid five of five, u2 two, and u3 all at once."""
    company = FieldCompany()
    prices(company)
    pay_instalments(company, 1, 5)
    pay_instalments(company, 2, 2)
    buy_at_once(company, 3)
    users(company, "lifetime", 1, 2, 3)
    company.expect(tmp_path, config, must={"unpaid-but-active:u2"}, looked=LOOKED)


def test_who_paid_all_of_it_and_is_served_nothing_is_blocked(tmp_path: Path) -> None:
    """The end of the subscription took the plan from u1; no purchase activated u3's."""
    company = FieldCompany()
    prices(company)
    pay_instalments(company, 1, 5)
    pay_instalments(company, 2, 2)
    buy_at_once(company, 3)
    users(company, "free", 1, 2, 3)
    report = company.expect(
        tmp_path,
        BY_ID,
        must={"paid-but-blocked:u1", "paid-but-blocked:u3"},
        looked={"paid-but-blocked"},
    )
    paid_by = {finding.subject: finding.evidence["paid_by"] for finding in report.findings()}
    assert paid_by == {"u1": "in_1_4", "u3": "pi_3"}


@pytest.mark.slow
def test_what_went_back_was_not_paid(tmp_path: Path) -> None:
    """u1's third instalment was lost in a dispute; u3's payment was refunded, and u4's in part."""
    company = FieldCompany()
    prices(company)
    pay_instalments(company, 1, 5)
    company.stripe.dispute("dp_1", "pi_1_2", 4000, ago(200))
    for number in (3, 4):
        buy_at_once(company, number)
    company.stripe.refund("re_3", "pi_3", 18000, ago(240))
    company.stripe.refund("re_4", "pi_4", 3000, ago(240))
    users(company, "lifetime", 1, 3, 4)
    must = {"unpaid-but-active:u1", "unpaid-but-active:u3"}
    company.expect(tmp_path, BY_ID, must=must, looked=LOOKED)


@pytest.mark.slow
def test_another_price_of_the_same_amount_accuses_no_account(tmp_path: Path) -> None:
    """Something else costs as much, once: it may be what u3 bought, who is served, and u4, who is not."""
    company = FieldCompany()
    prices(company)
    company.stripe.price("price_workshop", 18000, interval=None, product="prod_workshop")
    buy_at_once(company, 3)
    buy_at_once(company, 4)
    company.users(
        u3={"plan": "lifetime", "stripe_customer_id": "cus_3"}, u4={"plan": "free", "stripe_customer_id": "cus_4"}
    )
    company.expect(tmp_path, BY_ID, looked={"unpaid-but-active"})


@pytest.mark.slow
@pytest.mark.parametrize("plan", ["lifetime", "free"])
def test_tax_and_a_name_in_the_metadata_do_not_hide_what_was_bought(tmp_path: Path, plan: str) -> None:
    """u3 paid 19 % on top, as the checkout says; u4's payment had a discount and names the price."""
    company = FieldCompany()
    prices(company)
    for number, amount, shown in ((3, 21420, {"amount_subtotal": 18000}), (4, 9000, {"metadata": {"p": "price_life"}})):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", amount, ago(250))
        fields = {"payment_intent": f"pi_{number}", "client_reference_id": f"u{number}", **shown}
        company.stripe.session(f"cs_{number}", f"cus_{number}", amount, ago(250), **fields)
    users(company, plan, 3, 4)
    must = set() if plan == "lifetime" else {"paid-but-blocked:u3", "paid-but-blocked:u4"}
    company.expect(tmp_path, BY_ID, must=must, looked={"paid-but-blocked"} if must else LOOKED)


@pytest.mark.slow
def test_a_guest_who_bought_it_for_good_needs_no_customer(tmp_path: Path) -> None:
    """u3 paid as a guest, and the checkout names u3. u4 is served the same and paid nothing."""
    company = FieldCompany()
    prices(company)
    buy_at_once(company, 3, customer=False)
    company.users(u3={"plan": "lifetime"}, u4={"plan": "lifetime"})
    company.expect(tmp_path, BY_ID, must={"paid-without-customer:u4"}, looked={"paid-without-customer"})
