"""Ledgers of other kinds of companies: how they write amounts, balances, kinds, grants that lapse, and who moved them.

What a billing engineer expects of each was written before its first run.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, MAPPING, PLANS, WEBHOOK_EVENT, FieldCompany
from tests.support.field.stripe_side import ago, written
from tests.support.field.subscribers import subscribe

pytestmark = pytest.mark.slow  # each kind has its first company in a test of its own, which every commit passes


CHAIN = {"ledger-break", "credit-balance", "negative-balance"}
AROUND = WEBHOOK_EVENT + PLANS


def columns(create: str, more: str) -> str:
    """The table with these columns as well."""
    return create.rstrip(")") + f", {more})"


def spend(company: FieldCompany, user: str, *amounts: int | str, since: float = 60) -> None:
    """A gift of 1000, and what was spent of it, a day each."""
    company.ledger.add(user, "promotional_grant", 1000, ago(since))
    for day, amount in enumerate(amounts, start=1):
        company.ledger.add(user, "usage", f"-{amount}", ago(since - day))


def test_amounts_without_a_sign_beside_a_word_of_direction(tmp_path: Path) -> None:
    """u2's row is written with the wrong word."""
    company = FieldCompany()
    for user in ("u1", "u2"):
        spend(company, user, 100, 200, 50)
    for row in company.ledger.rows:
        row["direction"] = "DR" if str(row["amount"]).startswith("-") else "CR"
        row["amount"] = str(row["amount"]).lstrip("-")
    company.ledger.rows[6]["direction"] = "CR"
    company.users(u1={}, u2={})
    create, rows = company.tables[1]
    company.tables[1] = (columns(create, "direction TEXT"), rows)
    mapping = LEDGER_ENTRY.replace(
        'amount = "amount"', "amount = \"CASE WHEN direction = 'DR' THEN -amount ELSE amount END\""
    )
    company.expect(tmp_path, ACCOUNT + mapping + AROUND, must={"ledger-break:7"}, looked=CHAIN)


def test_debits_and_credits_in_two_columns(tmp_path: Path) -> None:
    """Each row has one of both. The balance of u2's account is not what its ledger ends with."""
    company = FieldCompany()
    for user in ("u1", "u2"):
        spend(company, user, 100, 200, 50)
    for row in company.ledger.rows:
        amount = Decimal(str(row.pop("amount")))
        row["credit"], row["debit"] = (amount, None) if amount > 0 else (None, -amount)
    company.users(u1={}, u2={"credits": "700"})
    create, rows = company.tables[1]
    company.tables[1] = (columns(create.replace(" amount NUMERIC,", ""), "credit NUMERIC, debit NUMERIC"), rows)
    mapping = LEDGER_ENTRY.replace('amount = "amount"', 'amount = "coalesce(credit, 0) - coalesce(debit, 0)"')
    company.expect(tmp_path, ACCOUNT + mapping + AROUND, must={"credit-balance:u2"}, looked=CHAIN)


def test_dust_of_floats_is_not_a_break_and_a_cent_is(tmp_path: Path) -> None:
    """Amounts are REAL: 0.1 + 0.2 is not 0.3. Of u2 a whole cent is missing."""
    company = FieldCompany()
    for user in ("u1", "u2"):
        company.ledger.add(user, "promotional_grant", "0.3", ago(60))
        for day in range(1, 4):
            company.ledger.add(user, "usage", "-0.1", ago(60 - day))
    balance = 0.0
    for row in company.ledger.rows:
        balance = (0.0 if row["type"] == "promotional_grant" else balance) + float(str(row["amount"]))
        row["amount"], row["balance_after"] = float(str(row["amount"])), balance
    company.ledger.rows[6]["balance_after"] = 0.11
    company.ledger.rows[7]["balance_after"] = 0.01
    company.users(u1={"credits": balance}, u2={"credits": 0.01})
    create, rows = company.tables[1]
    company.tables[1] = (create.replace("NUMERIC", "REAL"), rows)
    company.expect(tmp_path, MAPPING + PLANS, must={"ledger-break:7"}, looked=CHAIN)


def test_eighteen_decimals_as_text(tmp_path: Path) -> None:
    """Amounts are of a coin; u2's cached balance is off by the smallest unit."""
    company = FieldCompany()
    for user in ("u1", "u2"):
        company.ledger.add(user, "promotional_grant", "1.000000000000000001", ago(60))
        company.ledger.add(user, "usage", "-0.000000000000000007", ago(20))
    company.users(u1={}, u2={"credits": "0.999999999999999995"})
    company.tables = [(create.replace("NUMERIC", "TEXT"), rows) for create, rows in company.tables]
    company.expect(tmp_path, MAPPING + PLANS, must={"credit-balance:u2"}, looked=CHAIN)


def test_rows_that_are_not_posted_carry_no_balance(tmp_path: Path) -> None:
    """A hold has a state and no balance until it is captured. u2 spent more than it had."""
    company = FieldCompany()
    spend(company, "u1", 100, 200)
    spend(company, "u2", 600, 700)
    for user in ("u1", "u2"):
        held = company.ledger.add(user, "usage", -40, ago(1))
        company.ledger.balances[user] += 40
        held |= {"balance_after": None, "state": "pending"}
    for row in company.ledger.rows:
        row.setdefault("state", "posted")
    company.users(u1={}, u2={})
    create, rows = company.tables[1]
    company.tables[1] = (columns(create, "state TEXT"), rows)
    mapping = LEDGER_ENTRY + "posted = \"state = 'posted'\"\n"
    company.expect(tmp_path, ACCOUNT + mapping + AROUND, must={"negative-balance:u2"}, looked=CHAIN)


def test_the_apps_own_words_for_kinds(tmp_path: Path) -> None:
    """A word that means nothing yet is one finding of its column, however many rows have it; the chain holds."""
    company = FieldCompany()
    spend(company, "u1", 100, 200)
    words = {"promotional_grant": "welcome_bonus", "usage": "api_call"}
    for row in company.ledger.rows:
        row["type"] = words[str(row["type"])]
    for day in range(4):
        company.ledger.add("u1", "referral", 10, ago(20 - day))
    company.users(u1={})
    kinds = '[relations.ledger_entry.values.kind]\npromotional_grant = ["welcome_bonus"]\nusage = "api_call"\n'
    company.expect(
        tmp_path, ACCOUNT + LEDGER_ENTRY + kinds + AROUND, must={"unreadable-row:ledger_entry:kind=referral"},
        looked={"credit-balance", "unreadable-row"},
    )  # fmt: skip


def test_what_is_left_lapses_by_an_entry_before_the_renewal(tmp_path: Path) -> None:
    """Use it or lose it: each month an entry takes what is left, and the allowance is granted anew. u2's was kept."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in (1, 2):
        user = f"u{number}"
        subscribe(company, number, "price_pro", 2900)
        company.ledger.add(user, "subscription_grant", 1000, ago(44), invoice=f"in_before_{number}")
        company.ledger.add(user, "usage", -400, ago(30))
        if number == 1:
            company.ledger.add(user, "expiry", -600, ago(14) + 8)
        company.ledger.add(user, "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
        lines = company.stripe.objects["invoices"][-1]["lines"]["data"]  # type: ignore[index]
        earlier = {**lines[0], "id": f"il_before_{number}", "period": {"start": ago(44), "end": ago(14)}}
        company.stripe.payment(f"pi_before_{number}", f"cus_{number}", 2900, ago(44))
        company.stripe.invoice(f"in_before_{number}", f"cus_{number}", [earlier], ago(44), subscription=f"sub_{number}",
                               payment=f"pi_before_{number}")  # fmt: skip
    company.table(
        "CREATE TABLE buckets (id INTEGER PRIMARY KEY, owner TEXT, size NUMERIC, rest NUMERIC, ends TEXT)",
        [
            {"owner": "u1", "size": 1000, "rest": 0, "ends": written(ago(14))},
            {"owner": "u1", "size": 1000, "rest": 1000, "ends": written(ago(-16))},
            {"owner": "u2", "size": 1000, "rest": 600, "ends": written(ago(14))},
            {"owner": "u2", "size": 1000, "rest": 1000, "ends": None},
        ],
    )
    company.users(**{f"u{n}": {"plan": "pro", "stripe_customer_id": f"cus_{n}"} for n in (1, 2)})
    buckets = '[relations.credit_grant]\ntable = "buckets"\n[relations.credit_grant.columns]\ngrant_id = "id"\n'
    buckets += 'account_id = "owner"\namount = "size"\nremaining = "rest"\nexpires_at = "ends"\n'
    company.expect(
        tmp_path, MAPPING + buckets + PLANS, must={"lapsed-credits:u2"},
        looked={*CHAIN, "lapsed-credits", "wrong-grant-amount", "large-credit-movement"},
    )  # fmt: skip


def test_one_night_of_huge_gifts_is_four_findings_and_a_yearly_one_is_a_habit(tmp_path: Path) -> None:
    """Four accounts got 90,000 within an hour; u9 gets 20,000 on the first of each quarter."""
    company = FieldCompany()
    for number in range(1, 9):
        for day in range(5):
            company.ledger.add(f"u{number}", "purchase", 95 + number, ago(80 - day - number))
    for quarter in (200, 110, 20):
        company.ledger.add("u9", "purchase", 20000, ago(quarter))
    gifts = [company.ledger.add(f"u{n}", "purchase", 90000, ago(4) + 600 * n)["id"] for n in (1, 2, 3, 4)]
    company.users(**{f"u{n}": {} for n in range(1, 10)})
    company.expect(
        tmp_path,
        MAPPING + PLANS,
        must={f"large-credit-movement:{entry}" for entry in gifts},
        may={"purchase-without-payment:*"},
        looked={"large-credit-movement"},
    )


@pytest.mark.parametrize("balances", ["null", "kept"])
def test_a_ledger_that_was_imported_in_one_night(tmp_path: Path, balances: str) -> None:
    """Rows of two years came from an older system in one hour, some without a balance; u2's first row is invented."""
    company = FieldCompany()
    for user in ("u1", "u2", "u3"):
        for day in (700, 500, 300):
            company.ledger.add(user, "promotional_grant", 100, ago(day))
        company.ledger.add(user, "usage", -50, ago(9))
    company.ledger.rows[4]["balance_after"] = "350"
    for row in company.ledger.rows:
        if balances == "null" and str(row["created_at"]) < written(ago(600)) and row["user_id"] != "u2":
            row["balance_after"] = None
    company.ledger.rows[4]["amount"] = "350"
    for row in company.ledger.rows[5:8]:
        row["balance_after"] = str(int(str(row["balance_after"])) + 250)
    company.users(u1={}, u2={"credits": "500"}, u3={})
    mapping = LEDGER_ENTRY.replace(
        "dense_sequence = false\n",
        f"dense_sequence = false\nledger_starts_at = 0\nbalances_since = {written(ago(600))[:10]}\n",
    )
    company.ledger.rows[4]["amount"] = "100"
    company.expect(tmp_path, ACCOUNT + mapping + AROUND, must={"ledger-break:5"}, looked=CHAIN)


def test_a_transfer_between_two_accounts_and_a_correction_by_hand(tmp_path: Path) -> None:
    """A transfer is a row on each side; support corrects by a row. Somebody edited u3's balance and wrote none."""
    company = FieldCompany()
    for user in ("u1", "u2", "u3"):
        spend(company, user, 100)
    company.ledger.add("u1", "other", -300, ago(20))
    company.ledger.add("u2", "other", 300, ago(20))
    company.ledger.add("u2", "adjustment", -50, ago(10))
    company.users(u1={}, u2={}, u3={"credits": "1900"})
    company.expect(tmp_path, MAPPING + PLANS, must={"credit-balance:u3"}, looked=CHAIN)


def test_times_of_one_second_and_rows_that_were_written_later(tmp_path: Path) -> None:
    """Rows of one second are ordered by their number; back-dated ones by it as well. One is dated in the future."""
    company = FieldCompany()
    for user in ("u1", "u2"):
        spend(company, user, 100)
        for amount in (10, 20, 30):
            company.ledger.add(user, "usage", -amount, ago(10))
    company.ledger.add("u1", "usage", -5, ago(12))
    late = company.ledger.add("u2", "usage", -5, ago(-30))
    company.users(u1={}, u2={})
    mapping = LEDGER_ENTRY + 'sequence = "id"\n'
    company.expect(
        tmp_path, ACCOUNT + mapping + AROUND, must={f"ledger-time-travel:{late['id']}"}, may={"ledger-time-travel:11"},
        looked={*CHAIN, "ledger-time-travel"},
    )  # fmt: skip


@pytest.mark.parametrize(("first_balance", "must"), [(250, set()), (300, {"ledger-break:3"})])
def test_a_chain_from_zero_that_begins_after_rows_without_a_balance(
    tmp_path: Path, first_balance: int, must: set[str]
) -> None:
    """The column came later. The first balance must be what the rows before it add up to, since ledgers begin at 0."""
    company = FieldCompany()
    for day, amount in ((700, 300), (690, -100), (40, 50), (30, -20)):
        company.ledger.add("u1", "promotional_grant" if amount > 0 else "usage", amount, ago(day))
    for row in company.ledger.rows:
        old = str(row["created_at"]) < written(ago(600))
        row["balance_after"] = None if old else str(int(str(row["balance_after"])) + first_balance - 250)
    company.users(u1={"credits": str(first_balance - 20)})
    mapping = LEDGER_ENTRY.replace(
        "dense_sequence = false\n",
        f"dense_sequence = false\nledger_starts_at = 0\nbalances_since = {written(ago(600))[:10]}\n",
    )
    company.expect(tmp_path, ACCOUNT + mapping + AROUND, must=must, may={"credit-balance:*"}, looked=CHAIN)
