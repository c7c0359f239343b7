"""Tables and words with a dot, quotes or control characters in them: proposed, looked at and audited as they are."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote as encoded

import psycopg
import pymysql
import pytest

from tests.support.command import trueup
from trueup.model.address import parse_address
from trueup.sources.select import quoted

USERS, LEDGER = "my.users", 'credit"ledger.v2'
STATEMENTS = (
    "CREATE TABLE {users} (id VARCHAR(40) PRIMARY KEY, email VARCHAR(90), plan VARCHAR(40), credits INTEGER)",
    """CREATE TABLE {ledger} (id INTEGER PRIMARY KEY, user_id VARCHAR(40), type VARCHAR(40), amount INTEGER,
    balance_after INTEGER, created_at TIMESTAMP)""",
    "INSERT INTO {users} VALUES ('u1', 'a@example.com', 'FREE', 7), ('u2', 'b@example.com', 'FREE', 5)",
    """INSERT INTO {ledger} VALUES (1, 'u1', 'purchase', 5, 5, '2026-01-01 00:00:00'),
    (2, 'u2', 'purchase', 5, 5, '2026-01-01 00:00:00')""",
)
CONFIG = """
[database]
url = "${DATABASE_URL}"
[stripe]
enabled = false
[gates]
enabled = false
[plans.FREE]
rank = 0
[relations.account]
table = '%s'
columns = { account_id = "id", email = "email", plan = "plan", credits = "credits" }
[relations.ledger_entry]
table = '%s'
[relations.ledger_entry.columns]
entry_id = "id"
account_id = "user_id"
kind = "type"
amount = "amount"
balance_after = "balance_after"
created_at = "created_at"
"""


def in_sqlite(url: str, statements: list[str]) -> None:
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def in_postgres(url: str, statements: list[str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def in_mariadb(url: str, statements: list[str]) -> None:
    with contextlib.closing(pymysql.connect(**parse_address(url).for_mysql(), autocommit=True)) as connection:
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement)


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a database whose tables have such names."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    fill: Callable[[str, list[str]], None] = {
        "sqlite": in_sqlite,
        "postgres": in_postgres,
        "mariadb": in_mariadb,
    }[request.param]
    quote = "`" if request.param == "mariadb" else '"'
    fill(url, [each.format(users=quoted(USERS, quote), ledger=quoted(LEDGER, quote)) for each in STATEMENTS])
    return url


@pytest.mark.parametrize(
    ("users", "ledger"),
    [('"my.users"', '"credit""ledger.v2"'), ("my.users", 'credit"ledger.v2')],
    ids=["quoted", "as they are"],
)
def test_such_tables_are_looked_at_and_audited(database: str, users: str, ledger: str, tmp_path: Path) -> None:
    (tmp_path / "trueup.toml").write_text(CONFIG % (users, ledger))
    looked = trueup("doctor", cwd=tmp_path, DATABASE_URL=database)
    assert looked.code == 0, looked
    assert 'account from "my.users"' in looked.out
    ran = trueup("audit", "--no-store", "--format", "json", cwd=tmp_path, DATABASE_URL=database)
    assert ran.code == 1, ran
    assert '"credit-balance:u1"' in ran.out
    assert '"credit-balance:u2"' not in ran.out


def test_such_tables_are_proposed_in_a_config_that_works(database: str, tmp_path: Path) -> None:
    made = trueup("init", database, cwd=tmp_path, DATABASE_URL=database)
    assert made.code == 0, made
    text = (tmp_path / "trueup.toml").read_text("utf-8")
    assert r"table = " in text
    assert "'\"my.users\"'" in text
    looked = trueup("doctor", cwd=tmp_path, DATABASE_URL=database)
    assert looked.code == 0, looked
    assert 'account from "my.users"' in looked.out


@pytest.mark.parametrize("character", ["\u202e", "\x1b", "\u2066", "\x7f", "\u200f", "\x85", "\U000e0041", "\n"])
def test_characters_that_move_a_cursor_are_shown_escaped_everywhere(
    sqlite_url: str, character: str, tmp_path: Path
) -> None:
    table, column, word = f"users{character}", f"note{character}", f"PRO{character}"
    in_sqlite(
        sqlite_url,
        [
            f'CREATE TABLE "{table}" (id TEXT PRIMARY KEY, email TEXT, plan TEXT, credits INTEGER, "{column}" TEXT)',
            f"INSERT INTO \"{table}\" VALUES ('u1', 'a@example.com', '{word}', 1, 'x')",
        ],
    )
    made = trueup("init", sqlite_url, cwd=tmp_path)
    assert made.code == 0, made
    text = (tmp_path / "trueup.toml").read_bytes().decode("utf-8")
    looked = trueup("doctor", cwd=tmp_path, DATABASE_URL=sqlite_url)
    assert looked.code == 0, looked
    missing = text.replace("[relations.account.columns]", '[relations.account.columns]\nrole = "note\\u202e\\u001b[2J"')
    (tmp_path / "trueup.toml").write_text(missing, "utf-8")
    refused = trueup("doctor", cwd=tmp_path, DATABASE_URL=sqlite_url)
    shown = made.out + made.err + looked.out + looked.err + refused.out + refused.err + text
    assert character == "\n" or character not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert refused.code == 2, refused
    assert refused.err.count("\n") + refused.out.count("FAIL") >= 1


def test_a_file_with_a_dot_in_its_name_is_a_table(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    (folder / "my.users.csv").write_text("id,email,plan,credits\nu1,a@example.com,FREE,1\n")
    made = trueup("init", encoded(str(folder)), cwd=tmp_path)
    assert made.code == 0, made
    looked = trueup("doctor", cwd=tmp_path, DATABASE_URL=str(folder))
    assert looked.code == 0, looked
    assert 'account from "my.users"' in looked.out
