"""Which tables and files hold Stripe's side: what a config may say of it, and what it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mapping.schema import table
from trueup.config import Config, load_config
from trueup.config.stripe_tables import stripe_preset_named, stripe_preset_names
from trueup.mapping.resolve_stripe import fit_stripe
from trueup.model.errors import ConfigurationError
from trueup.model.stripe_objects import OBJECT_KINDS
from trueup.model.stripe_settings import StripeTables

HEAD = 'preset = "canonical"\n[database]\nurl = "app.db"\n'
SYNC = '[stripe]\nsupplier = "database"\npreset = "stripe-sync-engine"\n'
OWN = '[relations.stripe_price]\ntable = "prices"\n[relations.stripe_price.columns]\nprice_id = "id"\n'

NO_TABLES = (
    'stripe.supplier in trueup.toml is "database", but no tables are named: add a preset, or write '
    "[relations.stripe_customer]."
)


def load(tmp_path: Path, text: str, **environ: str) -> Config:
    path = tmp_path / "trueup.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return load_config(path, environ)


def tables_of(tmp_path: Path, text: str) -> StripeTables:
    found = load(tmp_path, text).stripe.tables
    assert found is not None
    return found


@pytest.mark.parametrize("name", stripe_preset_names())
def test_every_preset_of_a_sync_tool_says_where_each_kind_stands_and_when_it_was_synced(name: str) -> None:
    objects = stripe_preset_named(name).objects
    assert set(objects) <= set(OBJECT_KINDS)
    assert all(one.table and (one.object or one.fields) and one.synced_at and one.account for one in objects.values())


@pytest.mark.parametrize("name", stripe_preset_names())
def test_no_preset_offers_what_only_was_delivered_as_all_there_is(name: str) -> None:
    assert not {"events", "webhook_endpoints"} & set(stripe_preset_named(name).objects)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            '[stripe]\nsupplier = "datbase"\n',
            'stripe.supplier in trueup.toml is not a supplier; did you mean "database"?',
        ),
        (
            '[stripe]\nsupplier = "files"\n',
            'stripe.url in trueup.toml is missing: name the folder of the files, as supplier = "files" says.',
        ),
        (
            '[stripe]\nsupplier = "database"\n',
            NO_TABLES,
        ),
        (OWN, 'relations.stripe_price in trueup.toml needs supplier = "database" in [stripe], which has "api".'),
        (
            '[stripe]\npreset = "dj-stripe"\n',
            'stripe.preset in trueup.toml needs supplier = "database" in [stripe], which has "api".',
        ),
        (
            '[stripe]\nsupplier = "files"\nurl = "x"\n[stripe.objects.prices]\ntable = "p"\n',
            'stripe.objects in trueup.toml needs supplier = "database" in [stripe], which has "files".',
        ),
        (
            "[stripe]\ncomplete_since = 2025-01-01\n",
            'stripe.complete_since in trueup.toml needs supplier = "database" or "files" in [stripe].',
        ),
        (
            '[stripe]\nsupplier = "database"\npreset = "djstripe"\n',
            'stripe.preset in trueup.toml is "djstripe", which trueup does not have; did you mean "dj-stripe"?',
        ),
        (
            SYNC + '[stripe.objects.custommers]\ntable = "c"\n',
            'stripe.objects.custommers in trueup.toml is not a kind of Stripe\'s objects; did you mean "customers"?',
        ),
        (
            '[stripe]\nsupplier = "database"\n[stripe.objects.customers]\nobject = "body"\n',
            "stripe.objects.customers.table in trueup.toml is missing: name the table that holds these objects.",
        ),
        (
            '[stripe]\nsupplier = "database"\n[stripe.objects.customers]\ntable = "c"\n',
            "stripe.objects.customers.object in trueup.toml is missing: name the column that holds the object's JSON.",
        ),
        (
            '[relations.account]\nsynced_at = "x"\n',
            "relations.account.synced_at in trueup.toml is only for Stripe's relations, which a sync tool writes.",
        ),
        (
            SYNC + '[relations.stripe_price]\ntable = "p"\n[relations.stripe_price.columns]\ncurrency = "c"\n',
            "relations.stripe_price.columns.price_id in trueup.toml is missing: it names the row.",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        load(Path(), text)
    assert str(caught.value) == says


def test_stripe_s_relations_are_none_of_the_app_s(tmp_path: Path) -> None:
    config = load(tmp_path, '[stripe]\nsupplier = "database"\n' + OWN)
    assert "stripe_price" not in config.relations
    assert config.stripe.tables is not None
    assert set(config.stripe.tables.relations) == {"stripe_price"}
    assert config.stripe.tables.required == {("stripe_price", ""), ("stripe_price", "price_id")}
    assert not any(relation == "stripe_price" for relation, _ in config.required)


def test_where_there_is_no_stripe_nothing_is_read_of_its_tables(tmp_path: Path) -> None:
    assert load(tmp_path, SYNC + "enabled = false\n").stripe.tables is None


def test_the_address_of_the_tables_is_a_secret_by_reference(tmp_path: Path) -> None:
    config = load(tmp_path, SYNC + 'url = "${SYNC}"\n', SYNC="postgresql://a:hunter2@db/sync")
    assert config.stripe.tables is not None
    assert config.stripe.tables.url == "postgresql://a:hunter2@db/sync"
    assert "hunter2" not in repr(config)
    assert load(tmp_path, SYNC + 'url = "postgresql://a:pw@db/x"\n').literal_secrets == ("stripe.url",)


def test_a_config_overrides_one_key_of_a_sync_tool_s_table(tmp_path: Path) -> None:
    found = tables_of(tmp_path, SYNC + '[stripe.objects.prices]\ntable = "billing.prices"\n')
    assert found.objects["prices"].table == "billing.prices"
    assert found.objects["prices"].object == ("_raw_data", "raw_data")
    assert found.objects["prices"].is_own
    assert not found.objects["customers"].is_own


def test_of_several_names_the_first_that_is_there_is_meant(tmp_path: Path) -> None:
    old = table("customers", "id text!; raw_data jsonb; last_synced_at timestamptz", schema="stripe")
    older = table("prices", "id text!; currency text; recurring jsonb; updated_at timestamptz", schema="stripe")
    fitted = fit_stripe(tables_of(tmp_path, SYNC), [old, older], dialect="postgres")
    assert {name: column.column for name, column in fitted.objects["customers"].columns.items()} == {
        "object": "raw_data"
    }
    assert list(fitted.objects["prices"].columns) == ["field.id", "field.currency", "nested.recurring"]
    assert {name: reading.columns["newest"].expression for name, reading in fitted.newest.items()} == {
        "stripe.customers": "max(last_synced_at)",
        "stripe.prices": "max(updated_at)",
    }
    assert len(fitted.notes) == 9


def test_a_table_that_the_config_itself_names_must_be_there(tmp_path: Path) -> None:
    live = [table("customers", "id text!; body jsonb")]
    own = '[stripe]\nsupplier = "database"\n[stripe.objects.customers]\ntable = "custommers"\nobject = "body"\n'
    with pytest.raises(ConfigurationError, match=r'no such table can be read; did you mean "customers"\?'):
        fit_stripe(tables_of(tmp_path, own), live, dialect="postgres")
    wrong = own.replace("custommers", "customers").replace('"body"', '"boddy"')
    with pytest.raises(ConfigurationError, match='finds no object in table "customers": there is no "boddy"'):
        fit_stripe(tables_of(tmp_path, wrong), live, dialect="postgres")
