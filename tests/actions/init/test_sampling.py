"""What ``trueup init`` reads of a database: little, in a read-only snapshot, and no secret."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from trueup.actions.init import proposed_config
from trueup.actions.init.sampling import MOST_ROWS, Sampler
from trueup.mapping.samples import is_secret
from trueup.model.source import SourceColumn, SourceTable
from trueup.sources import open_source

TABLES = 130
ENTRIES = 60_000
SECRET = "do-not-read-me-1234"


@pytest.fixture
def large(postgres_url: str) -> str:
    """A Postgres database of 130 tables, one of them a ledger of 60,000 entries with an index on its owner."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            "CREATE TABLE users (id integer PRIMARY KEY, email text, password text, stripe_customer_id text, "
            "plan text, credits integer)"
        )
        connection.execute(
            "CREATE TABLE credit_transactions (id integer PRIMARY KEY, user_id integer REFERENCES users (id), "
            "amount integer, balance_after integer, type text, created_at timestamp)"
        )
        connection.execute(
            "INSERT INTO users SELECT n, n || '@example.org', %s, CASE WHEN n %% 2 = 1 THEN 'cus_1A' || n END, "
            "CASE WHEN n %% 2 = 1 THEN 'pro' ELSE 'free' END, 60 FROM generate_series(1, 5000) AS n",
            [SECRET],
        )
        connection.execute(
            "INSERT INTO credit_transactions SELECT n, 1 + n %% 5000, 5, 5 * (1 + n / 5000), 'bonus', "
            "timestamp '2026-01-01' + n * interval '1 minute' FROM generate_series(0, %s) AS n",
            [ENTRIES - 1],
        )
        connection.execute("CREATE INDEX by_user ON credit_transactions (user_id)")
        for number in range(TABLES - 2):
            connection.execute(
                f"CREATE TABLE thing_{number:03d} (id integer PRIMARY KEY, name text, count integer, "
                "secret_token text, data jsonb, updated_at timestamp)".encode()
            )
            connection.execute(
                (
                    f"INSERT INTO thing_{number:03d} SELECT n, 'x' || n, n, 'y', '{{}}', now() "
                    "FROM generate_series(1, 50) AS n"
                ).encode()
            )
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return postgres_url


@contextlib.contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that the sampler sends, with how many rows each brought."""
    statements: list[str] = []
    real = Sampler._rows

    def noted(self: Sampler, table: SourceTable, columns: list[SourceColumn], end: str) -> object:
        rows = real(self, table, columns, end)
        statements.append(f"{table.name} {end} {len(rows)}")
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(Sampler, "_rows", noted)
        yield statements


@pytest.mark.slow
def test_130_tables_take_a_statement_each_and_few_rows(large: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with counted(monkeypatch) as statements:
        config = proposed_config(large).text
    assert TABLES <= len(statements) <= TABLES + 6, len(statements)
    whole = [statement for statement in statements if " WHERE " in statement]
    assert [statement.split()[0] for statement in whole] == ["credit_transactions", "users"]
    for statement in statements:
        if statement not in whole:
            assert int(statement.split()[-1]) <= MOST_ROWS
    assert 'balance_after = "balance_after"' in config
    assert re.search(r"550 of 550 sampled entries", config), config
    assert 'credits = "credits"' in config
    assert SECRET not in config


def test_a_column_that_looks_like_a_secret_is_never_sampled(large: str) -> None:
    source = open_source(large)
    with Sampler(source) as sampler:
        for table in source.tables():
            secret = {column.name for column in table.columns if is_secret(column)}
            assert all(not secret & row.keys() for row in sampler.sample(table).rows)
            assert table.name != "users" or secret == {"password"}


def test_only_reading_locks_are_taken(large: str) -> None:
    source = open_source(large)
    table = next(table for table in source.tables() if table.name == "credit_transactions")
    with Sampler(source) as sampler, psycopg.connect(large) as other:
        assert sampler.sample(table).rows
        modes = other.execute(
            "SELECT DISTINCT mode FROM pg_locks WHERE relation = 'credit_transactions'::regclass"
        ).fetchall()
    assert modes == [("AccessShareLock",)]


def test_a_schema_without_accounts_is_refused_with_what_was_looked_for(sqlite_url: str, tmp_path: Path) -> None:
    from tests.support.command import trueup  # noqa: PLC0415 - only here

    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        connection.execute("CREATE TABLE recipes (id integer PRIMARY KEY, title text, minutes integer)")
        connection.execute("INSERT INTO recipes VALUES (1, 'soup', 20)")
        connection.commit()
    ran = trueup("init", sqlite_url, cwd=tmp_path)
    assert ran.code == 2, ran
    assert "begin with cus_" in ran.err
    assert not (tmp_path / "trueup.toml").exists()
