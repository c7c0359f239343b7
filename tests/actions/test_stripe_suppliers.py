"""The checks cannot tell who supplied Stripe's side: its API, a sync tool's tables, or files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.stripe import stories
from tests.support.stripe.kept import (
    keep_in_django,
    keep_in_files,
    keep_in_old_sync_engine,
    keep_in_sync_engine,
    write_lines,
)
from tests.support.stripe.objects import EPOCH, phase
from tests.support.stripe.server import stripe_server
from tests.support.stripe.world import KEY, StripeWorld
from trueup.actions.audit import audit
from trueup.books.file import opened_books
from trueup.mapping.config import load_config
from trueup.model.errors import ConfigurationError
from trueup.model.relations import STRIPE, relation_name
from trueup.model.report import RelationRead, Report, Status
from trueup.model.source import Silent

NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
DAY = 86_400
STATED = int(NOW.replace(tzinfo=UTC).timestamp())
NOT_IN_TABLES = {"stripe_event", "stripe_webhook_endpoint", "stripe_product_feature"}
EVERY = tuple(map(relation_name, STRIPE))

Rows = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True, kw_only=True)
class Read:
    """What an audit read of Stripe's side."""

    report: Report
    rows: Rows
    readings: dict[str, tuple[object, ...]]

    def copy_of(self, relation: str) -> RelationRead:
        return next(read for read in self.report.relations if read.relation == relation)


@pytest.fixture
def world() -> StripeWorld:
    """A year of a small business: every kind of object, and every shape of invoice."""
    world = StripeWorld(now=STATED)
    pro = stories.new_price(world, lookup_key="pro_monthly")
    metered = stories.new_price(world, recurring={"interval": "month", "interval_count": 1, "usage_type": "metered"})
    once = stories.new_price(world, recurring=None, type="one_time", unit_amount=500)
    ada = stories.new_customer(world, email="ada@example.com", metadata={"user_id": "user_1"})
    bob = stories.new_customer(world, email="Bób \u2603 'o\"clock'@example.com")
    subscription = stories.subscribe(world, ada, pro, metered, quantity=3, metadata={"user_id": "user_1"})
    billed = stories.bill(world, subscription)
    stories.credit(world, billed, amount=100)
    stories.bill(world, subscription, status="open", amount_paid=0, due_date=EPOCH + DAY)
    stories.bill(world, subscription, status="paid", total=0, amount_due=0, amount_paid=0)
    stories.bill_once(world, bob, once)
    first = phase([{"price": pro["id"], "quantity": 1}], start_date=EPOCH, end_date=EPOCH + DAY)
    then = phase([{"price": metered["id"], "quantity": 1}], start_date=EPOCH + DAY, end_date=EPOCH + 2 * DAY)
    stories.plan_ahead(world, subscription, first, then, current_phase={"start_date": EPOCH, "end_date": EPOCH + DAY})
    cancelled = stories.subscribe(world, bob, pro, collection_method="send_invoice")
    stories.cancel(world, cancelled, at=EPOCH + DAY)
    session = stories.buy(world, bob, once, client_reference_id="user_2")
    paid = world.get(session["payment_intent"])
    stories.give_back(world, paid, amount=100)
    stories.contest(world, paid)
    stories.buy(world, ada, once, payment_status="unpaid", status="expired")
    stories.listen(world)
    stories.emit(world, "invoice.paid", world.get(billed["id"]), created=STATED - DAY)
    return world


@pytest.fixture
def app_url(tmp_path: Path) -> str:
    """An app with one account, in SQLite."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY, stripe_customer_id TEXT)")
        connection.execute("INSERT INTO users VALUES ('user_1', 'cus_000001Ex')")
        connection.commit()
    return f"sqlite:///{path}"


def read(app_url: str, folder: Path, section: str, *, now: datetime = NOW, **environ: str) -> Read:
    """Audit with this ``[stripe]`` section, and look into the books."""
    kept = folder / f"books-{len(list(folder.glob('books-*')))}.duckdb"
    path = folder / "trueup.toml"
    path.write_text(
        f'preset = "canonical"\n[database]\nurl = "${{APP}}"\n[gates]\nenabled = false\n[stripe]\n{section}\n',
        encoding="utf-8",
    )
    config = load_config(path, {"APP": app_url, **environ})
    report = audit(config, checks=(), now=now, progress=Silent(), keep_books=kept)
    with opened_books(kept) as books:
        rows = {name: sorted(books.run(f"SELECT * FROM {name}").fetchall(), key=repr) for name in EVERY}
        readings = {row[0]: row[1:] for row in books.run("SELECT * FROM stripe_reading").fetchall()}
    return Read(report=report, rows=rows, readings=readings)


def by_api(world: StripeWorld, app_url: str, folder: Path) -> Read:
    with stripe_server(world) as server:
        return read(app_url, folder, f'api_key = "${{KEY}}"\napi_base = "{server.url}"\ncache = "off"', KEY=KEY)


def without(rows: Rows, *relations: str) -> Rows:
    return {name: found for name, found in rows.items() if name not in relations}


def test_stripe_sync_engine_s_tables_give_the_rows_that_the_api_gives(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    keep_in_sync_engine(postgres_url, world, synced_at=NOW.replace(tzinfo=UTC))
    section = 'supplier = "database"\npreset = "stripe-sync-engine"\nurl = "${SYNC}"'
    found = read(app_url, tmp_path, section, SYNC=postgres_url)
    told = by_api(world, app_url, tmp_path)
    assert without(found.rows, *NOT_IN_TABLES) == without(told.rows, *NOT_IN_TABLES)
    assert set(found.readings) == set(EVERY) - NOT_IN_TABLES
    assert all(told.rows.values()) or [name for name, rows in told.rows.items() if not rows] == [
        "stripe_product_feature"
    ]


def test_its_older_tables_with_a_column_for_each_field_give_the_same(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    keep_in_old_sync_engine(postgres_url, world, synced_at=NOW.replace(tzinfo=UTC))
    section = 'supplier = "database"\npreset = "stripe-sync-engine"\nurl = "${SYNC}"'
    found = read(app_url, tmp_path, section, SYNC=postgres_url)
    told = by_api(world, app_url, tmp_path)
    apart = {*NOT_IN_TABLES, "stripe_invoice_payment"}
    assert without(found.rows, *apart) == without(told.rows, *apart)


def test_dj_stripe_s_tables_give_the_same_out_of_objects_of_the_old_shape(
    world: StripeWorld, postgres_url: str, app_url: str, tmp_path: Path
) -> None:
    keep_in_django(postgres_url, world, synced_at=NOW.replace(tzinfo=UTC))
    found = read(app_url, tmp_path, 'supplier = "database"\npreset = "dj-stripe"\nurl = "${SYNC}"', SYNC=postgres_url)
    told = by_api(world, app_url, tmp_path)
    apart = {*NOT_IN_TABLES, "stripe_invoice_payment"}
    assert without(found.rows, *apart) == without(told.rows, *apart)


def test_exported_json_lines_give_the_rows_that_the_api_gives(world: StripeWorld, app_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    keep_in_files(folder, world)
    found = read(app_url, tmp_path, f'supplier = "files"\nurl = "{folder}"')
    told = by_api(world, app_url, tmp_path)
    assert without(found.rows, "stripe_product_feature") == without(told.rows, "stripe_product_feature")
