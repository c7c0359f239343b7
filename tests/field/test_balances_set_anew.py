"""Companies whose month replaces what was left, whose credits are parts of a dollar, or who keep several balances.

What a billing engineer expects of each was written before its first run. Every company has innocents beside what is
wrong, and the checks that must have looked.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, ENTRIES, LEDGER_ENTRY, PLANS, WEBHOOK_EVENT, FieldCompany
from tests.support.field.stripe_side import ago, line
from tests.support.field.subscribers import subscribe

ANEW = LEDGER_ENTRY.replace(
    'balance_after = "balance_after"', 'balance_after = "balance_after"\nsets_balance = "type = \'reset\'"'
)
ANEW += '[relations.ledger_entry.values.kind]\nsubscription_grant = ["reset"]\n'
LOOKED = {"wrong-grant-amount", "missing-grant", "ledger-break", "credit-balance"}


def set_anew(company: FieldCompany, user: str, amount: int, moment: int, invoice: str | None = None) -> None:
    """Add an entry that replaces what was left."""
    company.ledger.balances[user] = Decimal(0)
    company.ledger.add(user, "reset", amount, moment, invoice=invoice)


def test_a_month_that_is_paid_replaces_what_was_left(tmp_path: Path) -> None:
    """u1 is sound. u2's second bill gave 700, u3's nothing. u4's cached balance kept what the month replaced."""
    company = FieldCompany()
    company.ledger.add("u0", "promotional_grant", 1, ago(300))
    company.stripe.price("price_pro", 2900)
    for number, second in ((1, 1000), (2, 700), (3, None), (4, 1000)):
        user = f"u{number}"
        subscribe(company, number, "price_pro", 2900, began=33, start=ago(33))
        set_anew(company, user, 1000, ago(33) + 9, f"in_{number}")
        company.ledger.add(user, "usage", -240, ago(20))
        company.stripe.payment(f"pi_{number}b", f"cus_{number}", 2900, ago(3))
        bill = [line(f"in_{number}b", "price_pro", 2900, subscription=f"sub_{number}")]
        company.stripe.invoice(
            f"in_{number}b", f"cus_{number}", bill, ago(3), subscription=f"sub_{number}", payment=f"pi_{number}b"
        )
        if second is not None:
            set_anew(company, user, second, ago(3) + 9, f"in_{number}b")
        company.ledger.add(user, "usage", -10, ago(1))
    pro: dict[str, dict[str, object]] = {"u0": {}}
    pro |= {f"u{n}": {"plan": "pro", "stripe_customer_id": f"cus_{n}"} for n in range(1, 5)}
    pro["u4"]["credits"] = "1750"
    company.users(**pro)
    company.expect(
        tmp_path,
        ACCOUNT + ANEW + WEBHOOK_EVENT + PLANS,
        must={"wrong-grant-amount:in_2b", "missing-grant:in_3b", "credit-balance:u4"},
        looked=LOOKED,
    )


@pytest.mark.slow
def test_a_year_is_paid_once_and_each_month_replaces_the_last(tmp_path: Path) -> None:
    """12,000 credits a year, as 1,000 each month; the rest lapses. u2's job skipped a month, which is not judged."""
    company = FieldCompany()
    company.stripe.price("price_year", 29000, interval="year")
    for number, months in ((1, (100, 70, 40, 10)), (2, (100, 70, 10))):
        subscribe(company, number, "price_year", 29000, began=100, days=365, start=ago(100))
        for day in months:
            set_anew(company, f"u{number}", 1000, ago(day) + 60)
            company.ledger.add(f"u{number}", "usage", -300, ago(day - 5))
    company.users(**{f"u{n}": {"plan": "pro", "stripe_customer_id": f"cus_{n}"} for n in (1, 2)})
    company.expect(
        tmp_path,
        ACCOUNT + ANEW + WEBHOOK_EVENT + PLANS.replace("credits_per_period = 1000\n", "")
        + '[prices.price_year]\nplan = "PRO"\ncredits = 12000\n',
        may={"grant-without-invoice:*"},
        looked={"ledger-break", "credit-balance"},
    )  # fmt: skip


@pytest.mark.slow
def test_top_ups_in_millionths_of_a_dollar(tmp_path: Path) -> None:
    """A dollar is 1,000,000. u2's webhook wrote cents for dollars, u3 got nothing, u4 was refunded and kept it."""
    company = FieldCompany()
    company.ledger.add("u0", "promotional_grant", 1, ago(300))
    for number, dollars, credited in ((1, 20, 20_000_000), (2, 10, 100_000), (3, 5, None), (4, 30, 30_000_000)):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", dollars * 100, ago(9))
        company.stripe.session(
            f"cs_{number}", f"cus_{number}", dollars * 100, ago(9) - 60, payment_intent=f"pi_{number}",
            client_reference_id=f"u{number}", metadata={"price": "price_topup"},
        )  # fmt: skip
        if credited:
            company.ledger.add(f"u{number}", "purchase", credited, ago(9) + 9, payment=f"pi_{number}")
    company.stripe.refund("re_4", "pi_4", 3000, ago(4))
    company.stripe.price("price_topup", None, interval=None, product="prod_topup", custom_unit_amount={"minimum": 500})
    company.users(u0={}, **{f"u{n}": {"stripe_customer_id": f"cus_{n}"} for n in range(1, 5)})
    sold = '[prices.price_topup]\ncredits_per = { usd = "1000000" }\n[policy]\nunit = "microdollars"\n'
    report = company.expect(
        tmp_path,
        ACCOUNT + LEDGER_ENTRY + PLANS + sold,
        must={"wrong-grant-amount:pi_2", "missing-grant:pi_3", "refund-not-clawed-back:pi_4"},
        looked={"wrong-grant-amount", "missing-grant", "refund-not-clawed-back"},
    )
    (wrong,) = (finding for finding in report.open_findings() if finding.id == "wrong-grant-amount:pi_2")
    assert wrong.message == "pi_2 granted u2 0.10 USD, but it owes 10.00 USD."


@pytest.mark.slow
def test_one_payment_that_is_credited_in_two_wallets(tmp_path: Path) -> None:
    """A pack goes to `paid`, the month to `plan`. u2's pack was written into both; u1 and u3 have one of each."""
    company = FieldCompany()
    for row in (("u1", ["paid"]), ("u2", ["paid", "plan"]), ("u3", ["paid"])):
        user, wallets = row
        number = user[1:]
        company.stripe.customer(f"cus_{number}", f"{user}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 900, ago(9))
        for wallet in wallets:
            company.ledger.add(f"{user}/{wallet}", "purchase", 400, ago(9) + 9, payment=f"pi_{number}")
        company.ledger.add(f"{user}/plan", "promotional_grant", 100, ago(20 if len(wallets) == 1 else 8))
    held = company.ledger.balances
    company.table(
        "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, plan TEXT, stripe_customer_id TEXT, paid NUMERIC, "
        "from_plan NUMERIC, status TEXT, created_at TEXT)",
        [
            {"id": user, "email": f"{user}@example.com", "plan": "free", "stripe_customer_id": f"cus_{user[1:]}",
             "paid": str(held[f"{user}/paid"]), "from_plan": str(held[f"{user}/plan"]), "status": "active",
             "created_at": "2025-01-01"}
            for user in ("u1", "u2", "u3")
        ],
    )  # fmt: skip
    rows = [{**row, "user_id": str(row["user_id"]).split("/")[0], "wallet": str(row["user_id"]).split("/")[1]}
            for row in company.ledger.rows]  # fmt: skip
    company.table(ENTRIES.replace("user_id TEXT", "user_id TEXT, wallet TEXT"), rows)
    account = ACCOUNT.replace('table = "users"', 'table = "users"\nwallets = { paid = "paid", plan = "from_plan" }')
    company.expect(
        tmp_path,
        account.replace('credits = "credits"\n', "")
        + LEDGER_ENTRY.replace('kind = "type"', 'kind = "type"\nwallet = "wallet"')
        + PLANS,
        must={"duplicate-payment-grant:pi_2"},
        looked={"duplicate-payment-grant", "credit-balance", "ledger-break"},
    )
