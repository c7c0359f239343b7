"""The README's five minutes with your own database can be followed, word for word, on a database it has never seen."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import shlex
import textwrap
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.console import Command, Console, commands, fences
from tests.support.databases import PostgresServer
from tests.support.deployed import ROOT
from tests.support.gating import now

README = (ROOT / "README.md").read_text("utf-8")
SECTION = README[README.index("## Your own database") : README.index("A mapping names your table")]
PASSWORD = "only-for-tests"
EDITED = (7, 123, 150)
TABLES = """
CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL, credits bigint NOT NULL, stripe_customer_id text);
CREATE TABLE credit_transactions (
    id bigserial PRIMARY KEY, user_id text NOT NULL REFERENCES users (id), type text NOT NULL, amount bigint NOT NULL,
    balance_after bigint NOT NULL, created_at timestamptz NOT NULL
);
CREATE INDEX ON credit_transactions (user_id);
CREATE TABLE sessions (id text PRIMARY KEY, user_id text NOT NULL REFERENCES users (id), token text NOT NULL);
"""


def typed() -> list[Command]:
    """The commands of the section, in order; its blocks are indented, as parts of a list."""
    text = "\n".join(line.removeprefix("   ") for line in textwrap.dedent(SECTION).splitlines())
    return [command for fence in fences(text) if fence.language == "console" for command in commands(fence)]


@pytest.fixture
def shop(postgres_server: PostgresServer) -> Iterator[tuple[str, str]]:
    """An app's database in which three of 200 balances were edited: its owner's address, and the audit role's."""
    with contextlib.closing(psycopg.connect(postgres_server.admin_url, autocommit=True)) as admin:
        admin.execute(f"CREATE ROLE readme_owner LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
        admin.execute("CREATE DATABASE readme_shop OWNER readme_owner")
        owner = postgres_server.url("readme_shop", user="readme_owner", password=PASSWORD)
        with psycopg.connect(owner) as connection:
            fill(connection)
        yield owner, postgres_server.url("readme_shop", user="trueup_audit", password=PASSWORD)
        admin.execute("DROP DATABASE readme_shop WITH (FORCE)")
        for role in ("readme_owner", "trueup_audit", "trueup_repair"):
            admin.execute(f"DROP ROLE IF EXISTS {role}".encode())


def fill(connection: psycopg.Connection) -> None:
    """Each user bought 500 credits and used 20; some balances say 90 more."""
    connection.execute(TABLES.encode())
    for number in range(200):
        user, moment = f"user_{number}", now() - timedelta(days=30, minutes=number)
        balance = 480 + (90 if number in EDITED else 0)
        connection.execute(
            "INSERT INTO users VALUES (%s, %s, %s, %s)",
            (user, f"{number}@example.org", balance, f"cus_1Q{number}"),
        )
        for kind, amount, after, day in (("purchase", 500, 500, 0), ("usage", -20, 480, 1)):
            connection.execute(
                "INSERT INTO credit_transactions (user_id, type, amount, balance_after, created_at) "
                "VALUES (%s, %s, %s, %s, %s)",
                (user, kind, amount, after, moment + timedelta(days=day)),
            )
    connection.execute("ANALYZE")


def test_the_five_minutes_work_word_for_word(
    postgres_server: PostgresServer, shop: tuple[str, str], tmp_path: Path
) -> None:
    """Findings are exit code 1. The password of the new role is set as the remark says."""
    owner, reader = shop
    programs = Path(shlex.split((postgres_server.socket_folder / "postmaster.opts").read_text())[0]).parent
    console = Console(folder=tmp_path, tools=(programs,), variables={"DATABASE_URL": owner})
    for command in typed():
        if command.text.startswith(("pip ", "export ")):
            continue
        finds = command.text.startswith("trueup audit")
        console.run(dataclasses.replace(command, code=1 if finds else command.code))
        if command.text.startswith("psql"):
            with psycopg.connect(owner, autocommit=True) as connection:
                connection.execute(f"ALTER ROLE trueup_audit LOGIN PASSWORD '{PASSWORD}'".encode())
            console.variables = {"DATABASE_URL": reader}
            (tmp_path / ".exports").write_text("")
    assert {"trueup.db", "trueup.sarif", "trueup.toml"} <= {path.name for path in tmp_path.iterdir()}


def test_what_pip_installs_there_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {extra for group in re.findall(r"\.\[([\w,]+)\]", SECTION) for extra in group.split(",")}
    assert named <= set(extras)
    assert "stripe" in named
