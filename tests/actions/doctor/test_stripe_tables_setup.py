"""What init, doctor and the printed grants make of a sync tool's tables."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.databases import PASSWORD, PostgresServer
from tests.support.stripe import stories
from tests.support.stripe.kept import KINDS, keep_in_django, keep_in_stripe_database, keep_in_sync_engine
from tests.support.stripe.world import StripeWorld
from trueup.actions.audit.run_audit import audit
from trueup.actions.doctor.diagnostic import Health
from trueup.actions.doctor.preflight import examine_setup
from trueup.actions.doctor.privileges import grants
from trueup.actions.init.propose_config import proposed_config
from trueup.config import Config, load_config
from trueup.mapping.recognise import recognised_stripe
from trueup.model.source import Silent
from trueup.sources import open_source

NOW = datetime.now(UTC)
SECTION = 'supplier = "database"\npreset = "stripe-sync-engine"\n'


@pytest.fixture
def world() -> StripeWorld:
    world = StripeWorld()
    stories.every_kind(world)
    return world


@pytest.fixture
def app(postgres_url: str) -> str:
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            "CREATE TABLE users (id text PRIMARY KEY, email text, plan text, stripe_customer_id text, credits integer);"
            "CREATE TABLE stripe_webhook_events (event_id text PRIMARY KEY, type text, received_at timestamptz)"
        )
    return postgres_url


def config_of(folder: Path, url: str, section: str = SECTION, **environ: str) -> Config:
    path = folder / "trueup.toml"
    head = '[database]\nurl = "${APP}"\n[relations.account]\ntable = "users"\n'
    columns = '[relations.account.columns]\naccount_id = "id"\nstripe_customer_id = "stripe_customer_id"\n'
    path.write_text(f"{head}{columns}[gates]\nenabled = false\n[stripe]\n{section}", encoding="utf-8")
    return load_config(path, {"APP": url, **environ})


def said(config: Config) -> list[tuple[Health, str]]:
    return [(one.health, one.says) for one in examine_setup(config, (), now=NOW) if one.about == "stripe"]


def test_doctor_names_the_tables_their_age_and_what_is_not_in_them(
    world: StripeWorld, app: str, tmp_path: Path
) -> None:
    keep_in_sync_engine(app, world, synced_at=NOW - timedelta(hours=3))
    symptoms = [one for one in said(config_of(tmp_path, app)) if "were looked at" not in one[1]]
    assert [health for health, _ in symptoms] == [Health.FINE, Health.WARNING]
    assert symptoms[0][1].startswith("11 tables of postgresql://")
    assert symptoms[0][1].endswith("last written 3 hours ago")
    assert symptoms[1][1] == (
        "not in the tables, and read only if [stripe] also has an api_key: stripe_event, stripe_webhook_endpoint, "
        "stripe_product_feature"
    )


def test_doctor_names_the_declared_fields_that_no_object_of_a_kind_has(app: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    plain = {"object": "customer", "created": 1, "livemode": True, "metadata": {"account": "user_1"}}
    lines = [json.dumps({"id": f"cus_{number}", "email": None, **plain}) for number in range(2)]
    (folder / "customers.jsonl").write_text("\n".join([*lines, "{"]), encoding="utf-8")
    section = f'supplier = "files"\nurl = "{folder}"\n'
    absent = "2 customers were looked at, and none has metadata.user_id (stripe_customer.account_id)"
    assert (Health.FINE, absent) in said(config_of(tmp_path, app, section))
    named = f'{section}account_metadata_key = "account"\n'
    assert not any("none has" in says for _, says in said(config_of(tmp_path, app, named)))


def test_doctor_says_that_what_is_too_old_will_be_unknown(world: StripeWorld, app: str, tmp_path: Path) -> None:
    keep_in_sync_engine(app, world, synced_at=NOW - timedelta(days=3))
    (health, says), *_ = said(config_of(tmp_path, app))
    assert health is Health.WRONG
    assert says.startswith("everything about Stripe will be unknown: what was last synced of Stripe is of ")


@pytest.mark.slow
def test_doctor_names_a_table_that_the_tool_should_have_and_one_that_is_no_file_of_ours(
    world: StripeWorld, app: str, tmp_path: Path
) -> None:
    keep_in_sync_engine(app, world, synced_at=NOW)
    with psycopg.connect(app) as connection:
        connection.execute("DROP TABLE stripe.disputes")
    problem = 'stripe.objects.disputes.table is "stripe.disputes", but no such table can be read'
    assert any(health is Health.WARNING and says.startswith(problem) for health, says in said(config_of(tmp_path, app)))
    folder = tmp_path / "export"
    folder.mkdir()
    for name in ("customers", "custommers"):
        (folder / f"{name}.jsonl").write_text('{"id": "cus_1", "object": "customer"}\n')
    symptoms = said(config_of(tmp_path, app, f'supplier = "files"\nurl = "{folder}"\n'))
    unknown = 'the file "custommers" is neither a relation nor a kind of object; did you mean "customers"?'
    assert (Health.WARNING, unknown) in symptoms
    os.utime(folder / "customers.jsonl", (1, 1))
    assert said(config_of(tmp_path, app, f'supplier = "files"\nurl = "{folder}"\n'))[1][0] is Health.WRONG


def test_doctor_says_that_nothing_of_stripe_s_is_there(app: str, tmp_path: Path) -> None:
    ((health, says),) = said(config_of(tmp_path, app))
    assert health is Health.WRONG
    assert says.startswith("Nothing of Stripe's is at postgresql://")


def test_doctor_asks_for_the_moment_of_syncing_where_nothing_says_it(app: str, tmp_path: Path) -> None:
    with psycopg.connect(app) as connection:
        connection.execute("CREATE TABLE subs (sid text, live boolean)")
    section = 'supplier = "database"\n[relations.stripe_subscription]\ntable = "subs"\n'
    columns = '[relations.stripe_subscription.columns]\nsubscription_id = "sid"\nlivemode = "live"\n'
    (health, says), _ = said(config_of(tmp_path, app, section + columns))
    assert health is Health.WARNING
    assert says.endswith("it is unknown when they were last synced; set synced_at")


def test_init_recognises_the_newer_sync_engine_s_tables_and_no_others_by_their_names(
    world: StripeWorld, app: str
) -> None:
    keep_in_stripe_database(app, world, written_at=NOW, synced=True)
    with psycopg.connect(app) as connection:
        connection.execute("CREATE TABLE invoices_of_ours (id text PRIMARY KEY, user_id text)")
    text = proposed_config(app, url_reference="${APP}").text
    assert 'preset = "stripe-database"' in text
    assert 'table = "users"' in text
    assert recognised_stripe(open_source(app).tables(), dialect="postgres") == (
        "stripe-database",
        frozenset({*KINDS, "subscription_items"}),
    )


@pytest.mark.slow
def test_init_recognises_stripe_sync_engine_beside_an_app_and_takes_none_of_its_tables_for_the_app_s(
    world: StripeWorld, app: str, tmp_path: Path
) -> None:
    keep_in_sync_engine(app, world, synced_at=NOW)
    text = proposed_config(app, url_reference="${APP}").text
    assert 'supplier = "database"' in text
    assert 'preset = "stripe-sync-engine"' in text
    path = tmp_path / "trueup.toml"
    path.write_text(text)
    config = load_config(path, {"APP": app})
    assert config.relations["account"].table == "users"
    assert config.relations["webhook_event"].table == "stripe_webhook_events"
    report = audit(config, checks=(), now=NOW.replace(tzinfo=None), progress=Silent(), keep_books=tmp_path / "books")
    assert [read.rows for read in report.relations if read.relation == "stripe_customer"] == [1]


def test_init_recognises_dj_stripe(world: StripeWorld, app: str) -> None:
    keep_in_django(app, world, synced_at=NOW)
    text = proposed_config(app).text
    assert 'preset = "dj-stripe"' in text
    assert "djstripe_" not in text.partition("[written_for]")[0]


@pytest.mark.slow
def test_a_role_with_the_printed_rights_reads_the_tables(
    world: StripeWorld, app: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    keep_in_sync_engine(app, world, synced_at=NOW)
    script = grants(config_of(tmp_path, app), audit_role="sync_audit", repair_role="sync_repair")
    assert "GRANT USAGE ON SCHEMA stripe" in script or 'GRANT USAGE ON SCHEMA "stripe"' in script
    database = app.partition("@/")[2].partition("?")[0]
    with psycopg.connect(postgres_server.admin_url, dbname=database, autocommit=True) as connection:
        connection.execute(script.encode())
        connection.execute(f"ALTER ROLE sync_audit LOGIN PASSWORD '{PASSWORD}'".encode())
    config = config_of(tmp_path, postgres_server.url(database, user="sync_audit"))
    report = audit(config, checks=(), now=NOW.replace(tzinfo=None), progress=Silent(), keep_books=tmp_path / "books")
    read = {read.relation: (read.rows, read.problem) for read in report.relations}
    assert read["stripe_subscription"] == (1, None)
    assert read["stripe_invoice_payment"] == (1, None)


def test_the_printed_rights_say_where_else_stripe_s_tables_are(app: str, tmp_path: Path) -> None:
    config = config_of(tmp_path, app, SECTION + 'url = "${SYNC}"\n', SYNC="postgresql://sync@db/sync")
    assert "Stripe's tables are in another database (stripe.url): grant SELECT on them there" in grants(config)


def test_an_empty_file_is_no_fault_of_the_setup(app: str, tmp_path: Path) -> None:
    """An audit decides whether it should hold something: it is wrong only where another object names one."""
    folder = tmp_path / "export"
    folder.mkdir()
    line = {"id": "cus_1", "object": "customer", "created": 1, "livemode": True, "metadata": {}}
    (folder / "customers.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    (folder / "refunds.jsonl").touch()
    symptoms = said(config_of(tmp_path, app, f'supplier = "files"\nurl = "{folder}"\n'))
    assert [state for state, says in symptoms if "refunds.jsonl" in says] == [Health.WARNING]
