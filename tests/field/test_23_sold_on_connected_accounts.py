"""pay-rails/pay issue #559 (2022-03-04): with Connect, objects of connected accounts reach the same tables.

pinax/pinax-stripe-light PR #397 (2017-10-13); dj-stripe issue #1281 (2020-11-22). The platform's own API knows none of
them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import trueup
from tests.support.field.company import (
    ACCOUNT,
    ENTRIES,
    EVENTS,
    LEDGER_ENTRY,
    MAPPING,
    PLANS,
    USERS,
    WEBHOOK_EVENT,
    FieldCompany,
)
from tests.support.field.stripe_side import ago, written

LOOKED = {"grant-without-money", "missing-grant", "hollow-event", "undelivered-event", "missing-idempotency-record"}
FORGED = "grant-without-money:pi_forged"
MAPPED = (
    ACCOUNT
    + LEDGER_ENTRY
    + 'stripe_account = "stripe_account"\n'
    + WEBHOOK_EVENT
    + 'stripe_account = "account"\n'
    + PLANS
)


def company(*, platform: str | None = None, forged_at: str | None = None) -> FieldCompany:
    """u1 bought from a seller, u2's payment is made up, u3's is the platform's; ``platform`` is written for its own."""
    company = FieldCompany()
    company.stripe.customer("cus_2", "u2@example.com")
    company.stripe.customer("cus_3", "u3@example.com")
    paid = company.stripe.payment("pi_3", "cus_3", 1000, ago(9))
    company.stripe.event("evt_p3", "payment_intent.succeeded", paid, ago(9) + 3)
    company.stripe.endpoint(["payment_intent.succeeded"])
    accounts = [platform, "acct_seller", None, forged_at or platform]
    company.ledger.add("u3", "purchase", 500, ago(9) + 5, payment="pi_3", event="evt_p3")
    company.ledger.add("u1", "purchase", 500, ago(8), payment="pi_seller", event="evt_seller")
    company.ledger.add("u1", "usage", -20, ago(4))
    company.ledger.add("u2", "purchase", 500, ago(7), payment="pi_forged")
    users = [
        {"id": name, "email": f"{name}@example.com", "plan": "free", "stripe_customer_id": customer}
        | {"credits": str(company.ledger.balances[name]), "created_at": written(ago(300))}
        for name, customer in (("u1", None), ("u2", "cus_2"), ("u3", "cus_3"))
    ]
    company.table(USERS, users)
    company.table(
        ENTRIES.replace("created_at TEXT)", "created_at TEXT, stripe_account TEXT)"),
        [{**row, "stripe_account": account} for row, account in zip(company.ledger.rows, accounts, strict=True)],
    )
    events = [("evt_p3", ago(9) + 5, platform), ("evt_seller", ago(8), "acct_seller"), ("evt_2", ago(3), "acct_seller")]
    company.table(
        EVENTS.replace("received_at TEXT)", "received_at TEXT, account TEXT)"),
        [
            {"id": name, "type": "payment_intent.succeeded", "received_at": written(moment), "account": account}
            for name, moment, account in events
        ],
    )
    return company


@pytest.mark.slow
def test_what_a_connected_account_sold_is_unknown_and_the_forged_payment_is_not(tmp_path: Path) -> None:
    """An event of the seller's that granted nothing is none of this app's either."""
    company().expect(tmp_path, MAPPED, must={FORGED}, looked=LOOKED)


def test_the_account_that_was_read_is_the_platforms_own_whatever_it_is_called(tmp_path: Path) -> None:
    company(platform="acct_own").expect(tmp_path, MAPPED, must={FORGED}, looked=LOOKED)


@pytest.mark.slow
def test_the_account_that_the_config_names_is_the_platforms_own(tmp_path: Path) -> None:
    """Nothing that the ledger names under it is there, so that only the config can say whose it is."""
    case = company(forged_at="acct_own")
    case.write(tmp_path, MAPPED)
    path = tmp_path / "trueup.toml"
    path.write_text(path.read_text().replace('supplier = "files"', 'supplier = "files"\naccount = "acct_own"'))
    ran = trueup("audit", "--as-of", "2026-03-01T12:00:00", "--no-store", "--format", "csv", cwd=tmp_path)
    assert "pi_forged" in ran.out
    assert "pi_seller" not in ran.out


@pytest.mark.slow
def test_without_the_mapping_the_sellers_payment_looks_made_up(tmp_path: Path) -> None:
    """The check's page says what to map."""
    company().expect(
        tmp_path, MAPPING + PLANS, must={FORGED, "grant-without-money:pi_seller"}, may={"hollow-event:*"}, looked=LOOKED
    )


@pytest.mark.slow
def test_init_proposes_the_columns_that_hold_the_account(tmp_path: Path) -> None:
    company().write(tmp_path, MAPPED)
    (tmp_path / "trueup.toml").unlink()
    ran = trueup("init", f"sqlite:///{tmp_path}/app.db", cwd=tmp_path)
    assert ran.code == 0, ran.err
    proposed = (tmp_path / "trueup.toml").read_text()
    assert 'stripe_account = "stripe_account"' in proposed
    assert 'stripe_account = "account"' in proposed
