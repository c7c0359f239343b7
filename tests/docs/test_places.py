"""The page about several places: its examples are configs that load."""

from __future__ import annotations

from pathlib import Path

from tests.support.console import fences
from tests.support.deployed import ROOT
from trueup.config import load_config
from trueup.config.config import Config
from trueup.model.source import mapped_columns, places_of

TABLES, QUERY = (fence.text for fence in fences((ROOT / "docs" / "places.md").read_text("utf-8")))


def load(folder: Path, text: str) -> Config:
    path = folder / "trueup.toml"
    path.write_text(f'[database]\nurl = "sqlite:///app.db"\n{text}', encoding="utf-8")
    return load_config(path, {})


def test_the_tables_are_what_their_comments_say(tmp_path: Path) -> None:
    config = load(tmp_path, TABLES)
    accounts, entries = config.relations["account"], config.relations["ledger_entry"]

    assert [(place.table, place.key_prefix) for place in places_of(accounts)] == [
        ("users", "user_"),
        ("organisations", "org_"),
    ]
    assert [(place.table, place.account_prefix) for place in places_of(entries)] == [
        ("payments", "org_"),
        ("usage", "org_"),
    ]
    assert "stripe_customer_id" in mapped_columns(accounts)
    assert "stripe_payment_intent_id" in mapped_columns(entries)


def test_the_query_supplies_the_columns_that_have_the_names(tmp_path: Path) -> None:
    account = load(tmp_path, QUERY).relations["account"]

    assert account.query is not None
    assert set(account.columns) == {"account_id", "credits", "stripe_customer_id"}
