"""preloop/preloop issue #767 (2026-09-16): one fee of a small model costs less than 1e-9 USD.

Hosted credit accounts and their movements are Numeric(20, 10).
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.field.company import FieldCompany
from tests.support.field.stripe_side import ago, written

CONFIG = """
[relations.account]
table = "users"
[relations.account.columns]
account_id = "id"
plan = "plan"
stripe_customer_id = "stripe_customer_id"
credits = "balance"
[relations.account.values.plan]
FREE = ["free"]
[relations.ledger_entry]
table = "hosted_credit_movement"
dense_sequence = false
[relations.ledger_entry.columns]
entry_id = "id"
account_id = "account_id"
kind = "kind"
amount = "amount"
balance_after = "balance_after"
created_at = "created_at"
[plans.FREE]
rank = 0
"""
LOOKED = {"credit-balance", "ledger-break", "unreadable-row"}


def company(*, fee: str = "0.0000003375", drift: str = "0.5", of: str = "TEXT") -> FieldCompany:
    """The second account's cached balance is too high. ``of`` is the type of the three columns."""
    company = FieldCompany()
    movements: list[dict[str, object]] = []
    users: list[dict[str, object]] = []
    for user, extra in (("u1", Decimal(0)), ("u2", Decimal(drift))):
        balance = Decimal(0)
        amounts = [Decimal(10), *(-Decimal(fee) * factor for factor in range(1, 31))]
        for number, amount in enumerate(amounts):
            balance += amount
            movements.append(
                {
                    "account_id": user,
                    "kind": "usage" if number else "purchase",
                    "amount": f"{amount:f}",
                    "balance_after": f"{balance:f}",
                    "created_at": written(ago(40) + 3600 * number),
                }
            )
        users.append({"id": user, "email": f"{user}@example.com", "plan": "free", "balance": f"{balance + extra:f}"})
    company.table(
        f"CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, plan TEXT, stripe_customer_id TEXT, balance {of})", users
    )
    company.table(
        "CREATE TABLE hosted_credit_movement (id INTEGER PRIMARY KEY, account_id TEXT, kind TEXT, "
        f"amount {of}, balance_after {of}, created_at TEXT)",
        movements,
    )
    return company


@pytest.mark.slow
@pytest.mark.parametrize("of", ["TEXT", "DECIMAL(20,10)"])
@pytest.mark.parametrize("drift", ["0.5", "0.0000000001"])
def test_ten_decimals_are_read_exactly(tmp_path: Path, of: str, drift: str) -> None:
    company(of=of, drift=drift).expect(tmp_path, CONFIG, must={"credit-balance:u2"}, looked=LOOKED)


def test_eighteen_decimals_are_read_exactly(tmp_path: Path) -> None:
    small = company(fee="0.000000000000000003", drift="0.000000000000000001")
    report = small.expect(tmp_path, CONFIG, must={"credit-balance:u2"}, looked=LOOKED)
    (finding,) = report.findings()
    assert finding.evidence["drift"] == Decimal("0.000000000000000001")


@pytest.mark.slow
def test_what_no_scale_keeps_is_one_finding_of_its_column_that_says_what_to_do(tmp_path: Path) -> None:
    report = company(fee="0.0000000000000000003", drift="0").expect(
        tmp_path,
        CONFIG,
        must={
            "unreadable-row:ledger_entry:amount has more than 18 decimals",
            "unreadable-row:ledger_entry:balance_after has more than 18 decimals",
        },
        may={"unreadable-row:account:*"},
        looked={"unreadable-row"},
    )
    message = next(finding.message for finding in report.findings() if "amount has" in finding.id)
    assert message.startswith("ledger_entry 54 rows (")
    assert "amount has more than 18 decimals: map a multiple" in message


@pytest.mark.slow
def test_the_config_may_say_how_many_decimals_there_are(tmp_path: Path) -> None:
    """Fewer than there are leaves every row unreadable, and the finding says so."""
    config = CONFIG + "[books]\ncredit_decimals = 4\n"
    report = company(drift="0").expect(tmp_path, config, may={"unreadable-row:*"}, looked={"unreadable-row"})
    assert any("amount has more than 4 decimals: write credit_decimals" in f.message for f in report.findings())


@pytest.mark.slow
@pytest.mark.parametrize("of", ["NUMERIC", "REAL"])
def test_float_dust_in_a_numeric_column_is_dust_as_in_a_real_one(tmp_path: Path, of: str) -> None:
    """A tenth of a credit, two thousand times; the cached balance was computed as a whole."""
    company = FieldCompany()
    balance = 0.0
    rows: list[dict[str, object]] = []
    for number in range(2000):
        balance += 0.1
        moment = written(ago(40) + 60 * number)
        rows.append(
            {"account_id": "u1", "kind": "purchase", "amount": 0.1, "balance_after": balance, "created_at": moment}
        )
    company.table(
        f"CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, plan TEXT, stripe_customer_id TEXT, balance {of})",
        [{"id": "u1", "plan": "free", "balance": 200.0}],
    )
    company.table(
        "CREATE TABLE hosted_credit_movement (id INTEGER PRIMARY KEY, account_id TEXT, kind TEXT, "
        f"amount {of}, balance_after {of}, created_at TEXT)",
        rows,
    )
    company.expect(tmp_path, CONFIG, looked=LOOKED)


@pytest.mark.slow
def test_more_decimals_never_cost_an_amount_that_is_there(tmp_path: Path) -> None:
    """An account with ten to the power of 15 credits leaves no room for eighteen decimals beside it."""
    large = company(fee="0.000000000000000003", drift="0")
    users = [{"id": "u3", "plan": "free", "balance": "1000000000000000"}]
    large.tables[0] = (large.tables[0][0], [*large.tables[0][1], *users])
    large.expect(
        tmp_path,
        CONFIG,
        must={"credit-balance:u3", "unreadable-row:ledger_entry:amount has more than 9 decimals"},
        may={"unreadable-row:*"},
        looked={"credit-balance", "unreadable-row"},
    )
