"""Which columns the SQL of a mapping reads: those and no others are granted, and what cannot be followed is said."""

from __future__ import annotations

import pytest

from trueup.actions.doctor.privileges.reads import ColumnsRead, columns_read
from trueup.model.source import ColumnMapping, RelationMapping, SourceColumn, SourceTable


def table(name: str, *columns: str, schema: str | None = None) -> SourceTable:
    return SourceTable(name=name, schema=schema, columns=tuple(SourceColumn(name=c, type="text") for c in columns))


TABLES = (
    table("users", "id", "credits", "deleted_at", "is_admin", "password_hash", "Weird Name"),
    table("wallets", "user_id", "balance", "pin"),
    table("subs", "user_id", "tier", "state", "card", schema="billing"),
)


def reads(*expressions: str, where: str | None = None, dialect: str = "postgres") -> ColumnsRead:
    columns = {f"c{number}": ColumnMapping(expression=sql) for number, sql in enumerate(expressions)}
    mapping = RelationMapping(relation="account", table="users", columns=columns, where=where)
    return columns_read({"account": mapping}, TABLES, dialect)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CASE WHEN is_admin THEN 'admin' ELSE 'user' END", {"users": {"is_admin"}}),
        ("coalesce(users.credits, 0)::numeric", {"users": {"credits"}}),
        ('"Weird Name"', {"users": {"Weird Name"}}),
        ("CREDITS", {"users": {"credits"}}),
        ("'password_hash'", {}),
        (
            "(SELECT balance FROM wallets WHERE wallets.user_id = users.id)",
            {"wallets": {"balance", "user_id"}, "users": {"id"}},
        ),
        (
            "(SELECT w.balance FROM wallets AS w WHERE user_id = id)",
            {"wallets": {"balance", "user_id"}, "users": {"id"}},
        ),
        (
            "(SELECT max(tier) FROM billing.subs JOIN wallets USING (user_id) WHERE state IN (SELECT id FROM users))",
            {"billing.subs": {"tier", "state", "user_id"}, "wallets": {"user_id"}, "users": {"id"}},
        ),
        (
            "(WITH t AS (SELECT tier AS b, user_id FROM billing.subs) SELECT b FROM t WHERE t.user_id = users.id)",
            {"billing.subs": {"tier", "user_id"}, "users": {"id"}},
        ),
        (
            "(SELECT tier AS best FROM billing.subs GROUP BY tier ORDER BY best LIMIT 1)",
            {"billing.subs": {"tier"}},
        ),
        ("(SELECT count(*) FROM wallets)", {}),
        ("EXISTS (SELECT 1 FROM wallets WHERE user_id = users.id)", {"wallets": {"user_id"}, "users": {"id"}}),
    ],
)
def test_the_columns_that_an_expression_reads(sql: str, expected: dict[str, set[str]]) -> None:
    found = reads(sql)
    assert found.columns == expected
    assert found.doubts == []


def test_the_condition_counts_too() -> None:
    assert reads("credits", where="deleted_at IS NULL -- kept").columns == {"users": {"credits", "deleted_at"}}


def test_backticks_are_mysqls_quotes() -> None:
    sql = "IF(`is_admin`, `Weird Name`, (SELECT `balance` FROM `wallets` WHERE `wallets`.`user_id` = `users`.`id`))"
    assert reads(sql, dialect="mysql").columns == {
        "users": {"is_admin", "Weird Name", "id"},
        "wallets": {"balance", "user_id"},
    }


@pytest.mark.parametrize(
    ("sql", "doubt"),
    [
        ("to_jsonb(users)", "users, which is not a column"),
        ("(SELECT nothing FROM wallets)", "nothing, which is not a column"),
        ("(SELECT wallets.* FROM wallets)", "wallets.*, which is not a column"),
        ("EXISTS (SELECT * FROM wallets)", "every column of a table"),
        ("(SELECT x FROM hidden)", "the table hidden, which this connection cannot see"),
        ("plan_of(id)", "calls plan_of()"),
        ("(SELECT balance FROM wallets NATURAL JOIN billing.subs)", "NATURAL JOIN"),
        ("this is ( no SQL", "could not be followed"),
    ],
)
def test_what_cannot_be_found_out_is_said(sql: str, doubt: str) -> None:
    assert any(doubt in sentence for sentence in reads(sql).doubts), reads(sql).doubts
