"""A mapping against a live schema."""

from __future__ import annotations

import pytest

from tests.mapping.schema import table
from trueup.mapping.resolve import fit
from trueup.model.errors import ConfigurationError
from trueup.model.source import ColumnMapping, RelationMapping, SourceTable

USERS = table(
    "users",
    """id bigint !; email text; Plan text; stripe_customer_id text; credits numeric(12,2) !; settings jsonb;
    active boolean; created_at timestamptz; avatar bytea; deletedAt timestamptz; order-total integer""",
)


def account(where: str | None = None, /, **columns: str) -> dict[str, RelationMapping]:
    mapped = {"account_id": "id", **columns}
    return {
        "account": RelationMapping(
            relation="account",
            table="users",
            columns={ours: ColumnMapping(column=theirs) for ours, theirs in mapped.items()},
            where=where,
        )
    }


def fitted(
    relations: dict[str, RelationMapping], *tables: SourceTable, dialect: str | None = "postgres"
) -> ColumnMapping:
    found, notes = fit(relations, tables or (USERS,), dialect=dialect)
    assert notes == ()
    return list(found["account"].columns.values())[-1]


def refusal(relations: dict[str, RelationMapping], *, dialect: str | None = "postgres") -> str:
    with pytest.raises(ConfigurationError) as caught:
        fit(relations, (USERS, table("credit_transactions", "id bigint !")), dialect=dialect)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "column"),
    [("credits", "credits"), ("CREDITS", "credits"), ('"credits"', "credits"), ("order-total", "order-total")],
)
def test_a_name_of_the_table_is_a_column(text: str, column: str) -> None:
    assert fitted(account(credits=text)) == ColumnMapping(column=column)


@pytest.mark.parametrize("text", ["credits * 100", "coalesce(credits, 0)", "settings->>'credits'", "0", "(SELECT 1)"])
def test_anything_else_is_an_expression(text: str) -> None:
    assert fitted(account(credits=text)) == ColumnMapping(expression=text)


def test_a_constant_is_an_expression() -> None:
    assert fitted(account(active="true")) == ColumnMapping(expression="true")


def test_words_are_kept() -> None:
    relations = account()
    plan = ColumnMapping(column="plan", values={"x": "PRO"})
    columns = {**relations["account"].columns, "plan": plan}
    relations["account"] = RelationMapping(relation="account", table="users", columns=columns)
    assert fitted(relations) == ColumnMapping(column="Plan", values={"x": "PRO"})


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"credits": "credit"},
            (
                'relations.account.columns.credits is "credit", but table "users" has no such column; '
                'did you mean "credits"?'
            ),
        ),
        (
            {"created_at": "nothing_near_it"},
            'relations.account.columns.created_at is "nothing_near_it", but table "users" has no such column.',
        ),
        (
            {"credits": "settings"},
            'relations.account.columns.credits is "settings" of table "users", which is jsonb; it needs a number.',
        ),
        (
            {"credits": "email"},
            'relations.account.columns.credits is "email" of table "users", which is text; it needs a number.',
        ),
        (
            {"credits": "avatar"},
            'relations.account.columns.credits is "avatar" of table "users", which is bytea; it needs a number.',
        ),
        (
            {"created_at": "active"},
            (
                'relations.account.columns.created_at is "active" of table "users", which is boolean; '
                "it needs a timestamp or a date."
            ),
        ),
        (
            {"active": "deletedAt"},
            (
                'relations.account.columns.active is "deletedAt" of table "users", which is timestamptz; '
                "it needs true or false."
            ),
        ),
        (
            {"credits": "credit * 100"},
            (
                'relations.account.columns.credits reads "credit", but table "users" has no such column; '
                'did you mean "credits"?'
            ),
        ),
    ],
)
def test_a_column_that_cannot_be_it_is_refused(columns: dict[str, str], said: str) -> None:
    assert refusal(account(**columns)) == said


def test_a_condition_on_an_unknown_column_is_refused() -> None:
    said = 'relations.account.where reads "delted_at", but table "users" has no such column; did you mean "deletedAt"?'
    assert refusal(account("delted_at IS NULL")) == said


@pytest.mark.parametrize(
    "where", ['"deletedAt" IS NULL', "EXISTS (SELECT 1 FROM other WHERE x = 1)", "((broken", "users.id > 0"]
)
def test_a_condition_that_reads_known_columns_or_that_we_cannot_follow_is_left_to_the_database(where: str) -> None:
    found, _ = fit(account(where), (USERS,), dialect="postgres")
    assert found["account"].where == where


def test_text_may_hold_anything_where_types_promise_nothing() -> None:
    assert fitted(account(credits="email"), dialect="sqlite") == ColumnMapping(column="email")
    assert refusal(account(credits="settings"), dialect="sqlite").endswith("which is jsonb; it needs a number.")


def test_a_missing_table_is_refused_with_the_nearest() -> None:
    ledger = RelationMapping(
        relation="ledger_entry", table="credit_transaction", columns={"entry_id": ColumnMapping(column="id")}
    )
    assert refusal({"ledger_entry": ledger}) == (
        'relations.ledger_entry.table is "credit_transaction", but no such table can be read; '
        'did you mean "credit_transactions"?'
    )


@pytest.mark.parametrize(
    ("named", "live"),
    [("Users", "users"), ("public.users", "users"), ("app.users", "app.users"), ("APP.Users", "app.users")],
)
def test_a_table_is_found_in_the_live_spelling(named: str, live: str) -> None:
    schema, _, name = live.rpartition(".")
    relation = RelationMapping(relation="account", table=named, columns={"account_id": ColumnMapping(column="id")})
    found, _ = fit({"account": relation}, (table(name, "id text", schema=schema or None),))
    assert found["account"].table == live


def test_two_tables_that_differ_only_in_case_are_told_apart() -> None:
    both = (table("Users", "id text"), table("users", "id text"))
    relation = RelationMapping(relation="account", table="users", columns={"account_id": ColumnMapping(column="id")})
    assert fit({"account": relation}, both)[0]["account"].table == "users"


def test_what_only_a_preset_names_is_left_unmapped_and_said() -> None:
    relations = account(role="role", credits="credits")
    relations["member"] = RelationMapping(
        relation="member", table="members", columns={"account_id": ColumnMapping(column="account_id")}
    )
    found, notes = fit(relations, (USERS,), required={("account", "credits")})
    assert list(found) == ["account"]
    assert list(found["account"].columns) == ["account_id", "credits"]
    assert notes == (
        'relations.account.columns.role is "role", but table "users" has no such column.',
        'relations.member.table is "members", but no such table can be read.',
    )


def test_what_the_config_names_beside_a_preset_is_required() -> None:
    with pytest.raises(ConfigurationError, match=r"relations\.account\.columns\.role is"):
        fit(account(role="role"), (USERS,), required={("account", "role")})


def test_a_preset_s_relation_without_its_key_is_left_unmapped() -> None:
    found, notes = fit(account(), (table("users", "uid text"),), required=())
    assert found == {}
    assert notes[-1] == 'relations.account is not mapped: table "users" lacks its key account_id.'


def test_density_goes_with_the_sequence() -> None:
    ledger = RelationMapping(
        relation="ledger_entry",
        table="entries",
        columns={"entry_id": ColumnMapping(column="id"), "sequence": ColumnMapping(column="sequence")},
        dense_sequence=True,
    )
    dense = {"ledger_entry": ledger}
    assert fit(dense, (table("entries", "id text; sequence int"),), required=())[0]["ledger_entry"].dense_sequence
    assert not fit(dense, (table("entries", "id text"),), required=())[0]["ledger_entry"].dense_sequence
