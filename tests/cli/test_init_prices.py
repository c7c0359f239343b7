"""``trueup init`` of an app that keeps Stripe's objects in its own database shows what prices seem to sell."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from pathlib import Path

import pytest

from tests.support.command import trueup
from tests.support.field.company import USERS, FieldCompany
from tests.support.field.stripe_side import ago, line, written
from tests.support.stripe.kept import DJANGO_TABLES


def company() -> FieldCompany:
    """Twelve customers bought a pack by invoice: eleven were followed by 500 credits, one by none."""
    company = FieldCompany()
    company.stripe.price("price_pack", 1000, interval=None, product="prod_pack")
    for number in range(1, 13):
        company.stripe.customer(f"cus_{number:02}Abc8K2qZ", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number:02}Abc8K2qZ", f"cus_{number:02}Abc8K2qZ", 1000, ago(9))
        lines = [line(f"in_{number:02}Abc8K2qZ", "price_pack", 1000)]
        company.stripe.invoice(
            f"in_{number:02}Abc8K2qZ", f"cus_{number:02}Abc8K2qZ", lines, ago(9), payment=f"pi_{number:02}Abc8K2qZ"
        )
        company.ledger.add(f"u{number}", "promotional_grant", 10, ago(40))
        if number > 1:
            company.ledger.add(f"u{number}", "purchase", 500, ago(9) + 9, invoice=f"in_{number:02}Abc8K2qZ")
    company.users(
        **{f"u{number}": {"stripe_customer_id": f"cus_{number:02}Abc8K2qZ", "plan": "pro"} for number in range(1, 13)}
    )
    return company


def shift(value: object, seconds: int) -> object:
    """Move the moments of objects that were made for another day."""
    if isinstance(value, dict):
        return {name: shift(held, seconds) for name, held in value.items()}
    if isinstance(value, list):
        return [shift(held, seconds) for held in value]
    return value + seconds if type(value) is int and value > 1_000_000_000 else value


@pytest.mark.slow
def test_what_prices_sell_is_proposed_and_not_written(tmp_path: Path) -> None:
    made = company()
    later = int(time.time()) - ago()
    with contextlib.closing(sqlite3.connect(tmp_path / "app.db")) as connection, connection:
        for create, rows in made.tables:
            connection.execute(create)
            for row in rows:
                moment = {"created_at": written(int(time.time()) - 40 * 86400)} if create == USERS else {}
                values = [str(value) if value is not None else None for value in {**row, **moment}.values()]
                marks = ", ".join("?" * len(values))
                connection.execute(f"INSERT INTO {create.split()[2]} ({', '.join(row)}) VALUES ({marks})", values)
        connection.execute(f"UPDATE credit_transactions SET created_at = datetime(created_at, '+{later} seconds')")
        for kind, table in DJANGO_TABLES.items():
            connection.execute(
                f"CREATE TABLE djstripe_{table} (djstripe_updated datetime, stripe_data text, id text, livemode bool)"
            )
            for item in made.stripe.objects[kind]:
                text = json.dumps(shift(item, later))
                at = written(int(time.time()) - 60)
                connection.execute(f"INSERT INTO djstripe_{table} VALUES (?, ?, ?, 1)", (at, text, item["id"]))
    done = trueup("init", "sqlite:///app.db", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "11 of 12 paid units of price_pack were followed by 500 credits; 1 was not" in done.out, done.out
    assert "  [prices.price_pack]\n  credits = 500" in done.out
    assert "\n[prices" not in (tmp_path / "trueup.toml").read_text()
