"""The checks cannot tell who supplied Stripe's side: its API, a sync tool's tables, or files."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, text

from tests.support.databases import PostgresServer
from tests.support.stripe import stories
from tests.support.stripe.kept import (
    keep_in_django,
    keep_in_files,
    keep_in_old_sync_engine,
    keep_in_stripe_database,
    keep_in_sync_engine,
    kept,
    write_lines,
)
from tests.support.stripe.objects import EPOCH, phase
from tests.support.stripe.server import stripe_server
from tests.support.stripe.world import KEY, StripeWorld
from trueup.actions.audit.run_audit import audit
from trueup.books.opening import open_books
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.model.errors import ConfigurationError
from trueup.model.outcome import Broken, Checked
from trueup.model.relations import STRIPE, columns_of, relation_name
from trueup.model.report import RelationRead, Report
from trueup.model.source import Progress, Silent
from trueup.model.stripe_objects import StripePaymentIntent, StripeSubscription

NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
DAY = 86_400
STATED = int(NOW.replace(tzinfo=UTC).timestamp())
NOT_IN_TABLES = {"stripe_event", "stripe_webhook_endpoint", "stripe_product_feature"}
FEATURES = "stripe_product_feature.parquet"
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
    stories.subscribe(world, bob, *(stories.new_price(world, unit_amount=amount) for amount in range(12)))
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


def read(app_url: str, folder: Path, section: str, *, progress: Progress | None = None, **environ: str) -> Read:
    """Audit with this ``[stripe]`` section, and look into the books."""
    kept = folder / f"books-{len(list(folder.glob('books-*')))}.duckdb"
    path = folder / "trueup.toml"
    path.write_text(
        f'preset = "canonical"\n[database]\nurl = "${{APP}}"\n[gates]\nenabled = false\n[stripe]\n{section}\n',
        encoding="utf-8",
    )
    config = load_config(path, {"APP": app_url, **environ})
    report = audit(config, checks=(), now=NOW, progress=progress or Silent(), keep_books=kept)
    with open_books(kept) as books:
        rows = {name: sorted(books.run(f"SELECT {_shown_of(name)} FROM {name}").fetchall(), key=repr) for name in EVERY}
        readings = {row[0]: row[1:] for row in books.run("SELECT * FROM stripe_reading").fetchall()}
    return Read(report=report, rows=rows, readings=readings)


def _shown_of(relation: str) -> str:
    """The columns that every supplier has: a checkout's lines are shown only where they are asked for."""
    asked_for = ("price_id", "lookup_key", "product_id", "quantity", "amount_subtotal")
    return f"* EXCLUDE ({', '.join(asked_for)})" if relation == "stripe_checkout_session" else "*"


def by_api(world: StripeWorld, app_url: str, folder: Path) -> Read:
    with stripe_server(world) as server:
        return read(app_url, folder, f'api_key = "${{KEY}}"\napi_base = "{server.url}"\ncache = "off"', KEY=KEY)


def without(rows: Rows, *relations: str) -> Rows:
    return {name: found for name, found in rows.items() if name not in relations}


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("synced", [False, True], ids=["stripe-database", "sync-engine-1"])
def test_stripe_database_s_tables_give_the_rows_that_the_api_gives(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path, synced: bool
) -> None:
    keep_in_stripe_database(postgres_url, world, written_at=NOW.replace(tzinfo=UTC), synced=synced)
    section = 'supplier = "database"\npreset = "stripe-database"\nurl = "${SYNC}"'
    tables = read(app_url, tmp_path, section, SYNC=postgres_url)
    api = by_api(world, app_url, tmp_path)
    assert without(tables.rows, *NOT_IN_TABLES) == without(api.rows, *NOT_IN_TABLES)
    assert set(tables.readings) == set(EVERY) - NOT_IN_TABLES


@pytest.mark.slow
def test_its_older_tables_with_a_column_for_each_field_give_the_same(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    keep_in_old_sync_engine(postgres_url, world, synced_at=NOW.replace(tzinfo=UTC))
    section = 'supplier = "database"\npreset = "stripe-sync-engine"\nurl = "${SYNC}"'
    found = read(app_url, tmp_path, section, SYNC=postgres_url)
    told = by_api(world, app_url, tmp_path)
    apart = {*NOT_IN_TABLES, "stripe_invoice_payment", "stripe_payment_intent"}
    assert without(found.rows, *apart) == without(told.rows, *apart)
    place = [column.name for column in columns_of(StripePaymentIntent)].index("charge_id")
    by_table, by_asking = (
        [(*row[:place], *row[place + 1 :]) for row in read_rows["stripe_payment_intent"]]
        for read_rows in (found.rows, told.rows)
    )
    assert by_table == by_asking  # they have no column for the latest charge


@pytest.mark.slow
def test_dj_stripe_s_tables_give_the_same_out_of_objects_of_the_old_shape(
    world: StripeWorld, postgres_url: str, app_url: str, tmp_path: Path
) -> None:
    keep_in_django(postgres_url, world, synced_at=NOW.replace(tzinfo=UTC))
    found = read(app_url, tmp_path, 'supplier = "database"\npreset = "dj-stripe"\nurl = "${SYNC}"', SYNC=postgres_url)
    told = by_api(world, app_url, tmp_path)
    apart = {*NOT_IN_TABLES, "stripe_invoice_payment"}
    assert without(found.rows, *apart) == without(told.rows, *apart)


@pytest.mark.slow
def test_exported_json_lines_give_the_rows_that_the_api_gives(world: StripeWorld, app_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    keep_in_files(folder, world)
    found = read(app_url, tmp_path, f'supplier = "files"\nurl = "{folder}"')
    told = by_api(world, app_url, tmp_path)
    assert without(found.rows, "stripe_product_feature") == without(told.rows, "stripe_product_feature")


def in_sync_engine(world: StripeWorld, url: str, *, age: timedelta = timedelta(), account: str | None = None) -> None:
    synced_at = NOW.replace(tzinfo=UTC) - age
    keep_in_sync_engine(url, world, synced_at=synced_at, account=account or world.account_id)


SYNC = 'supplier = "database"\npreset = "stripe-sync-engine"\nurl = "${SYNC}"'


def app_in_postgres(url: str) -> str:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE users (id text PRIMARY KEY, stripe_customer_id text)")
        connection.execute("INSERT INTO users VALUES ('user_1', 'cus_000001Ex')")
    return url


class Meddler(Silent):
    """Writes into Stripe's tables as soon as the app's are being copied."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.labels: list[str] = []

    def begin(self, label: str, total: int | None) -> None:  # noqa: ARG002 - a progress is told it
        self.labels.append(label)
        if label == "Copying users":
            with psycopg.connect(self.url) as connection:
                connection.execute("DELETE FROM stripe.subscriptions")


@pytest.mark.slow
def test_tables_beside_the_app_s_are_read_in_the_app_s_own_snapshot(
    world: StripeWorld, postgres_url: str, tmp_path: Path
) -> None:
    in_sync_engine(world, app_in_postgres(postgres_url))
    meddler = Meddler(postgres_url)
    found = read(postgres_url, tmp_path, 'supplier = "database"\npreset = "stripe-sync-engine"', progress=meddler)
    assert "Copying users" in meddler.labels
    assert len(found.rows["stripe_subscription"]) == 3
    assert found.copy_of("stripe_invoice").table == "stripe.invoices"


@pytest.mark.slow
def test_what_tables_do_not_hold_the_api_supplies(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    in_sync_engine(world, postgres_url)
    with stripe_server(world) as server:
        section = f'{SYNC}\napi_key = "${{KEY}}"\napi_base = "{server.url}"\ncache = "off"'
        found = read(app_url, tmp_path, section, SYNC=postgres_url, KEY=KEY)
        asked = {request.path for request in server.requests}
    assert set(found.readings) == set(EVERY)
    assert found.rows == by_api(world, app_url, tmp_path).rows
    assert "/v1/events" in asked
    assert "/v1/invoices" not in asked


@pytest.mark.slow
def test_what_was_synced_too_long_ago_is_unknown_and_never_silently_old(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    in_sync_engine(world, postgres_url, age=timedelta(hours=25))
    found = read(app_url, tmp_path, SYNC, SYNC=postgres_url)
    assert found.report.stripe_as_of is None
    assert not any(found.rows.values())
    assert "stripe.stale_after_hours allows 24 hours" in str(found.copy_of("stripe_customer").problem)
    assert not found.report.complete
    fresh = read(app_url, tmp_path, f"{SYNC}\nstale_after_hours = 26", SYNC=postgres_url)
    assert fresh.report.stripe_as_of == NOW - timedelta(hours=25)
    assert fresh.rows["stripe_customer"]


def test_tables_into_which_nothing_was_ever_synced_are_unknown_and_not_empty(
    app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    in_sync_engine(StripeWorld(), postgres_url)
    found = read(app_url, tmp_path, SYNC, SYNC=postgres_url)
    assert "nothing was ever synced" in str(found.copy_of("stripe_customer").problem)


@pytest.mark.slow
def test_from_when_on_the_tables_are_whole_is_what_the_config_says(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    in_sync_engine(world, postgres_url)
    since_ever = read(app_url, tmp_path, SYNC, SYNC=postgres_url)
    assert since_ever.readings["stripe_invoice"][:2] == (None, NOW)
    found = read(app_url, tmp_path, f"{SYNC}\ncomplete_since = 2025-01-01", SYNC=postgres_url)
    assert found.readings["stripe_invoice"][:2] == (datetime(2025, 1, 1), NOW)


def test_another_database_that_cannot_be_reached_leaves_stripe_s_side_unknown(
    app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    gone = postgres_url.replace("/app_", "/gone_")
    found = read(app_url, tmp_path, SYNC, SYNC=gone)
    assert found.copy_of("account").rows == 1
    assert "cannot be read" in str(found.copy_of("stripe_customer").problem)
    assert not found.report.complete


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("spoil", "relations", "says"),
    [
        ("DROP TABLE stripe.subscription_items", ("stripe_subscription_item",), "without its items"),
        (
            "UPDATE stripe.invoices SET _raw_data = jsonb_set(_raw_data, '{lines,has_more}', 'true')",
            ("stripe_invoice_line",),
            "without its lines, or not all of them",
        ),
        (
            "UPDATE stripe.refunds SET _raw_data = _raw_data - 'id'",
            ("stripe_refund",),
            "one of the refunds cannot be read: it is not an object with an id",
        ),
        (
            'UPDATE stripe.disputes SET _raw_data = _raw_data || \'{"object": "charge"}\'',
            ("stripe_dispute",),
            "is of kind charge",
        ),
    ],
)
def test_what_the_tables_lack_makes_the_relations_that_need_it_unknown(
    world: StripeWorld,
    app_url: str,
    postgres_url: str,
    tmp_path: Path,
    spoil: str,
    relations: tuple[str, ...],
    says: str,
) -> None:
    in_sync_engine(world, postgres_url)
    with psycopg.connect(postgres_url) as connection:
        if "refunds" in spoil:
            connection.execute("ALTER TABLE stripe.refunds DROP COLUMN id")
        connection.execute(spoil.encode())
    found = read(app_url, tmp_path, SYNC, SYNC=postgres_url)
    assert {name for name in EVERY if name in found.readings}.isdisjoint(relations)
    assert {says in str(found.copy_of(relation).problem) for relation in relations} == {True}
    assert found.rows["stripe_customer"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "relation"),
    [("invoice_payments", "stripe_invoice_payment"), ("prices", "stripe_invoice_line")],
)
def test_what_other_tables_alone_would_say_is_as_if_it_were_not_mapped(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path, table: str, relation: str
) -> None:
    in_sync_engine(world, postgres_url)
    with psycopg.connect(postgres_url) as connection:
        connection.execute(f"DROP TABLE stripe.{table}".encode())
    result = read(app_url, tmp_path, SYNC, SYNC=postgres_url)
    assert {name for name in EVERY if name in result.readings}.isdisjoint({relation})
    assert result.rows["stripe_invoice"]
    assert relation not in {copied.relation for copied in result.report.interruptions}


@pytest.mark.slow
def test_without_schedules_only_what_a_subscription_changes_to_is_not_supplied(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    in_sync_engine(world, postgres_url)
    whole = read(app_url, tmp_path, SYNC, SYNC=postgres_url)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("DROP TABLE stripe.subscription_schedules")
    result = read(app_url, tmp_path, SYNC, SYNC=postgres_url)
    names = [column.name for column in columns_of(StripeSubscription)]
    moment = names.index("next_phase_at")
    assert any(row[moment] for row in whole.rows["stripe_subscription"])
    assert not any(row[moment] for row in result.rows["stripe_subscription"])
    assert result.copy_of("stripe_subscription").problem is None


@pytest.mark.slow
def test_objects_of_several_accounts_are_refused_until_one_is_named(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    in_sync_engine(world, postgres_url)
    other = StripeWorld(account_id="acct_2Other")
    stories.new_customer(other, id="cus_other")
    in_sync_engine(other, postgres_url)
    with pytest.raises(ConfigurationError, match=r"of 2 accounts \(acct_1Example, acct_2Other\)"):
        read(app_url, tmp_path, SYNC, SYNC=postgres_url)
    found = read(app_url, tmp_path, f'{SYNC}\naccount = "acct_2Other"', SYNC=postgres_url)
    assert [row[0] for row in found.rows["stripe_customer"]] == ["cus_other"]
    assert found.rows["stripe_invoice"] == []


@pytest.mark.slow
def test_objects_of_the_other_mode_are_left_out_and_nothing_else_than_them_is_refused(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    tried = stories.new_customer(world, id="cus_test", livemode=False)
    stories.new_customer(world, livemode=False)
    keep_in_django(postgres_url, world, synced_at=NOW.replace(tzinfo=UTC))
    section = 'supplier = "database"\npreset = "dj-stripe"\nurl = "${SYNC}"'
    found = read(app_url, tmp_path, section, SYNC=postgres_url)
    assert tried["id"] not in [row[0] for row in found.rows["stripe_customer"]]
    with psycopg.connect(postgres_url) as connection:
        live = b"DELETE FROM djstripe_customer WHERE livemode; TRUNCATE djstripe_subscription, djstripe_invoice, "
        connection.execute(
            live + b"djstripe_paymentintent, djstripe_dispute, djstripe_session, djstripe_price, "
            b"djstripe_refund, djstripe_subscriptionitem, djstripe_subscriptionschedule"
        )
    with pytest.raises(ConfigurationError, match="All 2 of Stripe's objects are in test mode"):
        read(app_url, tmp_path, section, SYNC=postgres_url)


@pytest.mark.slow
def test_a_deleted_customer_is_known_as_one_and_a_deleted_price_is_no_more(
    world: StripeWorld, app_url: str, postgres_url: str, tmp_path: Path
) -> None:
    gone_customer = world.objects("customer")[0]["id"]
    world.delete_customer(gone_customer)
    in_sync_engine(world, postgres_url)
    with psycopg.connect(postgres_url) as connection:
        gone = b'INSERT INTO stripe.prices (_raw_data) VALUES (\'{"id": "price_gone", "deleted": true}\')'
        connection.execute(gone)
    found = read(app_url, tmp_path, SYNC, SYNC=postgres_url)
    assert (gone_customer, True) in [(row[0], row[3]) for row in found.rows["stripe_customer"]]
    assert "price_gone" not in [row[0] for row in found.rows["stripe_price"]]


def test_relations_are_mapped_column_by_column_where_no_tool_is_known(
    world: StripeWorld, postgres_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(app_in_postgres(postgres_url)) as connection:
        connection.execute(
            "CREATE SCHEMA warehouse; CREATE TABLE warehouse.subs (sid text, who text, state text, live boolean, "
            "loaded timestamptz, starts timestamptz)"
        )
        connection.execute(
            "INSERT INTO warehouse.subs VALUES ('sub_1', 'cus_1', 'running', true, %s, now())",
            [NOW.replace(tzinfo=UTC) - timedelta(hours=2)],
        )
    relation = (
        '[relations.stripe_subscription]\ntable = "warehouse.subs"\nsynced_at = "loaded"\n'
        '[relations.stripe_subscription.columns]\nsubscription_id = "sid"\ncustomer_id = "upper(who)"\n'
        'status = "state"\nlivemode = "live"\ncreated_at = "starts"\n'
        '[relations.stripe_subscription.values.status]\nactive = "running"\n'
    )
    found = read(postgres_url, tmp_path, f'supplier = "database"\n{relation}')
    assert [row[:2] + row[3:4] for row in found.rows["stripe_subscription"]] == [("sub_1", "CUS_1", "active")]
    assert found.readings == {"stripe_subscription": (None, NOW - timedelta(hours=2), None, None, None)}
    assert found.report.stripe_as_of == NOW - timedelta(hours=2)


@pytest.mark.slow
def test_files_of_our_own_columns_stand_beside_json_lines(world: StripeWorld, app_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    write_lines(folder, "customers", world.objects("customer"))
    (folder / "stripe_price.csv").write_text("price_id,currency,livemode\nprice_1,eur,true\n")
    pq.write_table(
        pa.table({"product_id": ["prod_1"], "feature": ["export"]}), folder / "stripe_product_feature.parquet"
    )
    found = read(app_url, tmp_path, f'supplier = "files"\nurl = "{folder}"')
    assert [row[0] for row in found.rows["stripe_price"]] == ["price_1"]
    assert [row[:2] for row in found.rows["stripe_product_feature"]] == [("prod_1", "export")]
    assert len(found.rows["stripe_customer"]) == 2
    assert set(found.readings) == {"stripe_customer", "stripe_price", "stripe_product_feature"}


@pytest.mark.slow
def test_files_are_as_old_as_the_oldest_of_them(world: StripeWorld, app_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    keep_in_files(folder, world)
    os.utime(folder / "refunds.jsonl", (STATED - 3 * DAY, STATED - 3 * DAY))
    section = f'supplier = "files"\nurl = "{folder}"'
    stale = read(app_url, tmp_path, section)
    assert "the oldest of Stripe's files is of" in str(stale.copy_of("stripe_customer").problem)
    found = read(app_url, tmp_path, f"{section}\nstale_after_hours = 96")
    assert found.report.stripe_as_of == NOW - timedelta(days=3)
    assert found.readings["stripe_event"][0] == NOW - timedelta(days=33)


@pytest.mark.slow
def test_a_line_that_is_no_object_makes_its_relation_unknown(world: StripeWorld, app_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    keep_in_files(folder, world)
    with (folder / "customers.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"id": "cus_cut", "obj')
    found = read(app_url, tmp_path, f'supplier = "files"\nurl = "{folder}"')
    problem = str(found.copy_of("stripe_customer").problem)
    assert "customers.jsonl, line 4 (cus_cut) cannot be read: it breaks off or is damaged at column" in problem
    assert found.rows["stripe_price"]


def test_an_object_that_stands_twice_is_the_later_one(world: StripeWorld, app_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    first, *rest = world.objects("customer")
    write_lines(folder, "customers", [first, *rest, first | {"email": "new@example.com"}])
    found = read(app_url, tmp_path, f'supplier = "files"\nurl = "{folder}"')
    assert [row[2] for row in found.rows["stripe_customer"] if row[0] == first["id"]] == ["new@example.com"]


COMPANY = """
INSERT INTO users VALUES ('user_1', 'FREE', NULL, '{ada}', 10, '2025-01-01'),
                         ('user_2', 'PRO', NULL, NULL, 10, '2025-01-01'),
                         ('user_3', 'PRO', 'sub_gone', 'cus_gone', 10, '2025-01-01');
INSERT INTO credit_transactions VALUES ('e1', 'user_1', 1, 'purchase', 10, 20, 'evt_gone', '{intent}', '2026-01-01');
"""
PLANS = '[plans.PRO]\nprices = ["pro_monthly"]\n[plans.TEAM]\nprices = []\n'


def company(world: StripeWorld, path: Path) -> str:
    """An app that is wrong about who pays, in each direction."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE users (id TEXT PRIMARY KEY, plan TEXT, stripe_subscription_id TEXT, stripe_customer_id TEXT, "
            "credits INTEGER, created_at DATETIME);"
            "CREATE TABLE credit_transactions (id TEXT PRIMARY KEY, user_id TEXT, sequence INTEGER, type TEXT, "
            "amount INTEGER, balance_after INTEGER, stripe_event_id TEXT, stripe_payment_intent_id TEXT, "
            "created_at DATETIME);"
        )
        ada, intent = world.objects("customer")[0]["id"], world.objects("payment_intent")[0]["id"]
        connection.executescript(COMPANY.format(ada=ada, intent=intent))
    return f"sqlite:///{path}"


def findings(url: str, folder: Path, section: str, **environ: str) -> dict[str, object]:
    """The outcome of each check, with all that its findings say."""
    path = folder / "trueup.toml"
    head = f'preset = "canonical"\n[database]\nurl = "{url}"\n[gates]\nenabled = false\n{PLANS}'
    path.write_text(f"{head}[stripe]\n{section}\n", encoding="utf-8")
    report = audit(load_config(path, environ), checks=catalogue(), now=NOW, progress=Silent())
    return {made.check: made.outcome for made in report.outcomes}


@pytest.mark.slow
def test_the_findings_are_the_same_whoever_supplied_the_rows(
    world: StripeWorld, postgres_url: str, tmp_path: Path
) -> None:
    url = company(world, tmp_path / "company.db")
    in_sync_engine(world, postgres_url)
    folder = tmp_path / "export"
    folder.mkdir()
    keep_in_files(folder, world)
    (folder / "stripe_product_feature.csv").write_text("product_id,feature,livemode\n")
    with stripe_server(world) as server:
        api = f'api_key = "${{KEY}}"\napi_base = "{server.url}"\ncache = "off"'
        told = findings(url, tmp_path, api, KEY=KEY)
        assert findings(url, tmp_path, f"{SYNC}\n{api}", KEY=KEY, SYNC=postgres_url) == told
    assert findings(url, tmp_path, f'supplier = "files"\nurl = "{folder}"') == told
    assert sum(len(made.findings) for made in told.values() if isinstance(made, Checked)) >= 3


@pytest.mark.slow
def test_an_empty_file_is_believed_only_where_nothing_names_what_would_be_in_it(tmp_path: Path) -> None:
    world = StripeWorld(now=STATED)
    pro = stories.new_price(world, lookup_key="pro_monthly")
    ada = stories.new_customer(world, email="ada@example.com", metadata={"user_id": "user_1"})
    stories.bill(world, stories.subscribe(world, ada, pro))
    url, folder = company(world_of_a_payment(world), tmp_path / "company.db"), tmp_path / "export"
    folder.mkdir()
    keep_in_files(folder, world)
    section = f'supplier = "files"\nurl = "{folder}"'
    whole = findings(url, tmp_path, section)
    for kind in ("disputes", "refunds", "subscription_schedules", "subscription_items"):
        (folder / f"{kind}.jsonl").write_text("")
    assert findings(url, tmp_path, section) == whole
    (folder / "customers.jsonl").write_text("")
    doubted = findings(url, tmp_path, section)
    assert isinstance(doubted["unpaid-but-active"], Broken)
    assert "customers.jsonl is empty" in doubted["unpaid-but-active"].error


def world_of_a_payment(world: StripeWorld) -> StripeWorld:
    """The world with a payment in it, which the company's ledger names."""
    stories.buy(world, world.objects("customer")[0], stories.new_price(world, recurring=None, type="one_time"))
    return world


@pytest.mark.slow
def test_customers_and_subscriptions_from_a_day_on_are_unknown_and_never_looked_at_as_if_whole(
    world: StripeWorld, tmp_path: Path
) -> None:
    """Whoever is not in such a copy may be older than it: the checks that ask for absence cannot look."""
    url = company(world, tmp_path / "company.db")
    folder = tmp_path / "export"
    folder.mkdir()
    keep_in_files(folder, world)
    section = f'supplier = "files"\nurl = "{folder}"'
    whole = findings(url, tmp_path, section)
    assert all(isinstance(whole[check], Checked) for check in ("missing-customer", "unpaid-but-active"))
    cut = findings(url, tmp_path, f"{section}\ncomplete_since = 2025-01-01")
    for check in ("missing-customer", "unpaid-but-active"):
        made = cut[check]
        assert isinstance(made, Broken), made
        assert "only from 2025-01-01 on (stripe.complete_since)" in made.error
    found = read(url, tmp_path, f"{section}\ncomplete_since = 2025-01-01")
    assert not found.report.complete
    assert found.readings["stripe_invoice"][0] == datetime(2025, 1, 1)


@pytest.mark.slow
def test_what_a_copy_holds_from_a_day_on_is_read_from_the_api_where_there_is_a_key(
    world: StripeWorld, tmp_path: Path
) -> None:
    url = company(world, tmp_path / "company.db")
    folder = tmp_path / "export"
    folder.mkdir()
    keep_in_files(folder, world)
    with stripe_server(world) as server:
        section = f'supplier = "files"\nurl = "{folder}"\ncomplete_since = 2025-01-01\ncache = "off"'
        section += f'\napi_key = "${{KEY}}"\napi_base = "{server.url}"'
        told = findings(url, tmp_path, section, KEY=KEY)
        assert {"/v1/customers", "/v1/subscriptions"} <= server.counts.keys()
        assert "/v1/invoices" not in server.counts
    assert all(isinstance(told[check], Checked) for check in ("missing-customer", "unpaid-but-active"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_dj_stripe_s_tables_are_read_in_other_databases_too(
    kind: str, world: StripeWorld, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'django.db'}" if kind == "sqlite" else request.getfixturevalue("mariadb_url")
    types = {"sqlite": ("text", "bool"), "mariadb": ("json", "tinyint(1)")}[kind]
    (tmp_path / "django.db").touch()
    address = url if kind == "sqlite" else url.replace("mysql://", "mysql+pymysql://")
    engine = create_engine(address)
    columns = f"djstripe_updated datetime, stripe_data {types[0]}, id varchar(255), livemode {types[1]}"
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (id varchar(40) PRIMARY KEY, stripe_customer_id varchar(40))"))
        for kept_kind, table in (("refunds", "refund"), ("customers", "customer")):
            connection.execute(text(f"CREATE TABLE djstripe_{table} ({columns})"))
            for one in kept(world, kept_kind):
                row = {"at": NOW - timedelta(hours=1), "data": json.dumps(one), "id": one["id"]}
                connection.execute(text(f"INSERT INTO djstripe_{table} VALUES (:at, :data, :id, 1)"), row)
    engine.dispose()
    found = read(url, tmp_path, 'supplier = "database"\npreset = "dj-stripe"')
    assert found.report.stripe_as_of == NOW - timedelta(hours=1)
    assert [row[2] for row in found.rows["stripe_customer"]] == [
        one["email"] for one in sorted(world.objects("customer"), key=lambda one: str(one["id"]))
    ]
    assert len(found.rows["stripe_refund"]) == 1


class Cutter(Silent):
    """Ends every connection to a database when a step of this name begins."""

    def __init__(self, admin_url: str, label: str) -> None:
        self.admin_url, self.label = admin_url, label

    def begin(self, label: str, total: int | None) -> None:  # noqa: ARG002 - a progress is told it
        if label == self.label:
            with psycopg.connect(self.admin_url) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname LIKE 'app\\_%' AND pid <> pg_backend_pid()"
                )


@pytest.mark.slow
@pytest.mark.parametrize("label", ["Copying users", "Reading stripe.invoices"])
def test_a_database_that_goes_away_in_the_middle_leaves_all_of_stripe_s_side_unknown(
    world: StripeWorld, postgres_server: PostgresServer, postgres_url: str, tmp_path: Path, label: str
) -> None:
    in_sync_engine(world, app_in_postgres(postgres_url))
    cutter = Cutter(postgres_server.admin_url, label)
    found = read(postgres_url, tmp_path, 'supplier = "database"\npreset = "stripe-sync-engine"', progress=cutter)
    assert found.readings == {}
    assert all(found.copy_of(name).problem for name in EVERY if name not in NOT_IN_TABLES)
    assert found.report.stripe_as_of is None
    assert not found.report.complete
