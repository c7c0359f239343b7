"""A source tells what the schema declares: keys, references, the words of an enum, the columns with an index."""

from __future__ import annotations

import contextlib
import sqlite3

import psycopg
import pymysql

from trueup.model.address import parse_address
from trueup.model.source import ForeignKey, SourceTable
from trueup.sources import open_source

_TABLES = (
    "CREATE TABLE owners (id integer PRIMARY KEY, name varchar(40))",
    """
    CREATE TABLE wallets (shop integer NOT NULL, no integer NOT NULL, owner_id integer, state {state},
        PRIMARY KEY (shop, no), FOREIGN KEY (owner_id) REFERENCES owners (id))
    """,
    "CREATE INDEX by_owner ON wallets (owner_id)",
)


def wallets(url: str) -> SourceTable:
    return next(table for table in open_source(url).tables() if table.name == "wallets")


def test_postgres_tells_them(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TYPE state AS ENUM ('open', 'shut')")
        for statement in _TABLES:
            connection.execute(statement.format(state="state").encode())
    check(wallets(postgres_url), labels=("open", "shut"))


def test_mariadb_tells_them(mariadb_url: str) -> None:
    with contextlib.closing(pymysql.connect(**parse_address(mariadb_url).for_mysql())) as connection:
        for statement in _TABLES:
            connection.cursor().execute(statement.format(state="enum('open', 'shut')"))
    check(wallets(mariadb_url), labels=("open", "shut"))


def test_sqlite_tells_them(sqlite_url: str) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        for statement in _TABLES:
            connection.execute(statement.format(state="text"))
    check(wallets(sqlite_url), labels=())


def check(table: SourceTable, *, labels: tuple[str, ...]) -> None:
    assert table.primary_key == ("shop", "no")
    assert table.foreign_keys == (ForeignKey(column="owner_id", table="owners", referred="id"),)
    assert {"shop", "owner_id"} <= table.indexed
    assert next(column.labels for column in table.columns if column.name == "state") == labels
    assert not table.is_view
