"""Tables and columns of the app that the config leaves out are proposed where their rows show what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.doctor.test_observed import observed
from tests.support.field.company import ENTRIES, EVENTS, MAPPING, PLANS, USERS, FieldCompany
from tests.support.field.stripe_side import ago, written

LOTS = "CREATE TABLE bonus_lots (id INTEGER PRIMARY KEY, user_id TEXT, amount NUMERIC, remaining NUMERIC, {date} TEXT)"


def bonuses(*, entered: bool) -> FieldCompany:
    """Three bonuses of 250, the last of which has not lapsed; or cards of 40 that were never redeemed."""
    company = FieldCompany()
    for number, days in ((1, 90), (2, 60), (3, 5)):
        company.ledger.add(f"u{number}", "promotional_grant", 250, ago(days))
        company.ledger.add(f"u{number}", "usage", -100, ago(days - 2))
    company.users(u1={}, u2={}, u3={})
    amount, remaining = (250, 150) if entered else (40, 40)
    company.table(
        LOTS.format(date="expires_at"),
        [
            {"user_id": f"u{number}", "amount": amount, "remaining": remaining, "expires_at": written(ago(days))}
            for number, days in ((1, 30), (2, 10), (3, -25))
        ],
    )
    return company


@pytest.mark.slow
def test_a_table_of_grants_that_lapse_is_proposed(tmp_path: Path) -> None:
    bonuses(entered=True).write(tmp_path, MAPPING + PLANS)
    assert observed(tmp_path, "lapses") == [
        (
            "bonus_lots seems to hold credits that lapse: 3 of 3 rows are of an account that has an entry of their "
            "amount, and 2 are past their date with credits left: say [relations.credit_grant] "
            'table = "bonus_lots", columns = { grant_id = "id", account_id = "user_id", amount = "amount", '
            'remaining = "remaining", '
            'expires_at = "expires_at" }'
        )
    ]


@pytest.mark.slow
def test_a_table_of_other_amounts_is_not(tmp_path: Path) -> None:
    """Cards that were never redeemed have no entry."""
    bonuses(entered=False).write(tmp_path, MAPPING + PLANS)
    assert observed(tmp_path, "lapses") == []


@pytest.mark.slow
def test_the_proposed_grants_find_what_lapsed(tmp_path: Path) -> None:
    said = (
        '[relations.credit_grant]\ntable = "bonus_lots"\ncolumns = { grant_id = "id", account_id = "user_id", '
        'amount = "amount", remaining = "remaining", expires_at = "expires_at" }\n'
    )
    must = {"lapsed-credits:u1", "lapsed-credits:u2"}
    bonuses(entered=True).expect(tmp_path, MAPPING + said + PLANS, must=must, looked={"lapsed-credits"})
    assert observed(tmp_path, "lapses") == []


def marketplace(*sellers: str | None) -> FieldCompany:
    """Purchases on the platform, whose payments Stripe's side has, and one for each seller, whose it has not."""
    company = FieldCompany()
    for number, seller in enumerate(("own", *sellers), start=1):
        if seller == "own":
            company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
            company.stripe.payment(f"pi_{number}", f"cus_{number}", 900, ago(20 - number))
        company.ledger.add(f"u{number}", "purchase", 90, ago(20 - number) + 5, payment=f"pi_{number}")
    accounts = ["acct_house" if seller == "own" else seller for seller in ("own", *sellers)]
    users: list[dict[str, object]] = [
        {"id": f"u{number}", "email": f"u{number}@example.com", "plan": "free", "credits": "90"}
        | {"stripe_customer_id": f"cus_{number}" if account == "acct_house" else None, "created_at": written(ago(99))}
        for number, account in enumerate(accounts, start=1)
    ]
    company.table(USERS, users)
    rows = [{**row, "merchant": account} for row, account in zip(company.ledger.rows, accounts, strict=True)]
    company.table(ENTRIES.replace("created_at TEXT)", "created_at TEXT, merchant TEXT)"), rows)
    company.table(
        EVENTS.replace("received_at TEXT)", "received_at TEXT, account TEXT)"),
        [
            {"id": f"evt_{n}", "type": "charge.succeeded", "received_at": written(ago(9)), "account": account}
            for n, account in enumerate(sellers)
            if account != "own"
        ],
    )
    return company


@pytest.mark.slow
def test_columns_that_name_sellers_are_proposed(tmp_path: Path) -> None:
    marketplace("acct_a", "acct_b").write(tmp_path, MAPPING + PLANS)
    assert observed(tmp_path, "connect") == [
        (
            "credit_transactions.merchant names connected accounts in 2 of 3 rows, and nothing of theirs was read: "
            'say stripe_account = "merchant" in [relations.ledger_entry.columns]'
        ),
        (
            "stripe_events.account names connected accounts in 2 of 2 rows, and nothing of theirs was read: "
            'say stripe_account = "account" in [relations.webhook_event.columns]'
        ),
    ]


@pytest.mark.slow
def test_a_column_that_names_the_house_alone_is_not(tmp_path: Path) -> None:
    marketplace("own", "own").write(tmp_path, MAPPING + PLANS)
    (says,) = observed(tmp_path, "connect")
    assert says.startswith("objects of connected accounts (Connect) are out of scope unless mapped")
