"""What is understood of schemas that nobody described, and the config that is written for them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.mapping.schema import Schema, table
from tests.mapping.schemas_of_apps import APPS, DRIZZLE
from tests.mapping.schemas_of_frameworks import DJANGO, FRAMEWORKS, LARAVEL, PRISMA, RAILS
from trueup.config import Config, load_config
from trueup.config.preset import preset_named
from trueup.mapping.names import folded
from trueup.mapping.proposal import Proposal
from trueup.mapping.propose import propose
from trueup.mapping.resolve import fit
from trueup.mapping.write import render
from trueup.model.columns import ColumnKind
from trueup.model.relations import columns_of, relation_named
from trueup.model.source import SourceTable

SCHEMAS = (*FRAMEWORKS, *APPS)
of_each_schema = pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)


def proposed(schema: Schema) -> Proposal:
    return propose(schema.tables, schema.look, dialect=schema.dialect)


def loaded(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "trueup.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, {"DATABASE_URL": "postgresql://a:b@c/d"}, known_checks=())


def canonical_tables() -> tuple[SourceTable, ...]:
    types = {
        ColumnKind.CREDITS: "numeric(20,4)",
        ColumnKind.BOOLEAN: "boolean",
        ColumnKind.TIME: "timestamp",
        ColumnKind.INTEGER: "bigint",
    }
    tables = []
    for name, relation in preset_named("canonical").relations.items():
        kinds = {column.name: column.kind for column in columns_of(relation_named(name))}
        columns = "; ".join(f"{theirs} {types.get(kinds[ours], 'text')}" for ours, theirs in relation.columns.items())
        tables.append(table(relation.table or "", columns))
    return tuple(tables)


@of_each_schema
def test_a_strange_schema_is_understood(schema: Schema) -> None:
    relations = {relation.relation: relation for relation in proposed(schema).relations}
    understood = {
        name: {"": found.table, **{c.column: c.theirs for c in found.columns if c.doubt is None}}
        for name, found in relations.items()
    }
    assert understood.keys() == schema.understood.keys()
    for name, expected in schema.understood.items():
        assert {column: understood[name].get(column) for column in expected} == expected
    assert [need for need in schema.absent if understood.get(need[0], {}).get(need[1])] == []


@of_each_schema
def test_what_is_written_loads_and_fits_the_schema_it_was_written_for(schema: Schema, tmp_path: Path) -> None:
    config = loaded(tmp_path, render(proposed(schema)))
    fitted, notes = fit(config.relations, schema.tables, required=config.required, dialect=schema.dialect)
    assert fitted.keys() == schema.understood.keys()
    assert notes == ()
    assert config.literal_secrets == ()


@of_each_schema
def test_what_is_written_without_a_look_at_words_loads_too(schema: Schema, tmp_path: Path) -> None:
    config = loaded(tmp_path, render(propose(schema.tables)))
    assert all(not column.values for relation in config.relations.values() for column in relation.columns.values())


@of_each_schema
def test_every_line_that_is_not_our_own_word_is_marked_as_a_guess(schema: Schema) -> None:
    for line in render(proposed(schema)).splitlines():
        ours, _, rest = line.partition(" = ")
        theirs = rest.split("#")[0].strip().strip('"')
        if rest and not line.startswith("#") and ours in {"amount", "balance_after", "kind", "reason", "credits"}:
            assert ("guess" in rest) == (folded(theirs) != folded(ours)), line


def test_their_words_are_led_to_ours(tmp_path: Path) -> None:
    columns = loaded(tmp_path, render(proposed(PRISMA))).relations["ledger_entry"].columns
    assert columns["kind"].values == {
        "TOP_UP": "purchase",
        "RENEWAL": "subscription_grant",
        "SPEND": "usage",
        "BONUS": "promotional_grant",
        "REFUND": "refund",
    }


def test_a_word_that_says_nothing_is_left_for_a_person() -> None:
    text = render(proposed(PRISMA))
    assert '# "XFER_9" ' in text
    assert "guess: which of trueup's words is this?" in text


def test_plans_are_named_by_their_words_and_ranked_as_such_names_usually_are(tmp_path: Path) -> None:
    config = loaded(tmp_path, render(proposed(DJANGO)))
    assert [(plan.plan, plan.rank, plan.paid) for plan in config.plans] == [
        ("FREE", 0, False),
        ("PRO", 1, True),
        ("TEAM", 2, True),
    ]
    assert config.relations["account"].columns["plan"].values == {
        "free": "FREE",
        "pro_monthly": "PRO",
        "pro_yearly": "PRO",
        "teams": "TEAM",
    }


def test_no_plan_at_all_means_the_free_one(tmp_path: Path) -> None:
    plan = loaded(tmp_path, render(proposed(RAILS))).relations["account"].columns["plan"]
    assert plan.values[""] == "FREE"
    assert plan.values["enterprise_2024"] == "ENTERPRISE"


def test_codes_are_not_guessed(tmp_path: Path) -> None:
    text = render(proposed(RAILS))
    assert not loaded(tmp_path, text).relations["ledger_entry"].columns["kind"].values
    assert '# "1" ' in text


def test_a_column_in_doubt_is_only_a_comment() -> None:
    text = render(proposed(LARAVEL))
    assert '\n# plan = "(SELECT' in text
    assert "right only if that table has one row for each account" in text


def test_what_was_not_found_stands_as_a_comment() -> None:
    text = render(proposed(DRIZZLE))
    assert '\n# balance_after = ""' in text
    assert "\n# [relations.member]" in text


def test_a_subquery_for_another_table_runs() -> None:
    column = next(c for r in proposed(DRIZZLE).relations for c in r.columns if c.column == "credits")
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(
            'CREATE TABLE "user" (id text); CREATE TABLE credits (balance integer, "userId" text);'
            "INSERT INTO \"user\" VALUES ('a'), ('b'); INSERT INTO credits VALUES (7, 'a');"
        )
        rows = database.execute(f'SELECT id, {column.theirs} FROM "user" ORDER BY id').fetchall()
    assert rows == [("a", 7), ("b", None)]


def test_the_canonical_schema_is_recognised_and_needs_no_columns_written(tmp_path: Path) -> None:
    proposal = propose(canonical_tables())
    text = render(proposal)
    assert proposal.preset == "canonical"
    assert "[relations" not in text.replace("# [relations", "")
    assert loaded(tmp_path, text).required == frozenset()


def test_the_canonical_schema_with_other_words_gets_only_those(tmp_path: Path) -> None:
    words = {("users", "plan"): ["free", "pro"], ("credit_transactions", "type"): ["purchase", "usage"]}
    config = loaded(tmp_path, render(propose(canonical_tables(), lambda table, column: words.get((table, column)))))
    assert config.required == {("account", "plan")}
    assert config.relations["account"].columns["plan"].values == {"free": "FREE", "": "FREE", "pro": "PRO"}


def test_a_schema_about_something_else_is_not_forced_into_ours() -> None:
    shop = (
        table("products", "id bigint !; title text; price integer"),
        table("order_lines", "id bigint !; product_id bigint; quantity integer"),
        table("sessions", "id text !; user_id text; token text; created_at timestamp"),
    )
    assert propose(shop).relations == ()
    assert "# [relations.account]" in render(propose(shop))


def test_an_empty_schema_is_no_error() -> None:
    assert propose(()).missing == ("account", "ledger_entry", "webhook_event", "plan_change", "member")


@pytest.mark.parametrize("url", ["postgresql://app:hunter2@db/app", "postgresql://db/app?password=hunter2"])
def test_a_password_is_never_written(url: str) -> None:
    text = render(proposed(PRISMA), url)
    assert "hunter2" not in text
    assert 'url = "${DATABASE_URL}"' in text


def test_odd_names_stay_valid_toml(tmp_path: Path) -> None:
    odd = 'credit "ledger" \\ \x7f entries'
    schema = (table("users", "id text; plan text; credits integer; stripe_customer_id text"), table(odd, "id text"))
    users = schema[0]
    config = loaded(tmp_path, render(propose(schema, lambda _table, column: ['a "b"\n'] if column == "plan" else None)))
    assert config.relations["account"].table == users.name
    assert "\\u007f" not in render(propose(schema))
