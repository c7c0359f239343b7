"""The query probe reads the app's own database, in the audit's snapshot and with the mapping's words."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.databases import MariaDBServer
from tests.support.gates import answered, asked, gates
from trueup.model.errors import ConfigurationError
from trueup.model.settings import OptionValue
from trueup.probes import Answers
from trueup.sources import open_source

TABLE = """
CREATE TABLE plan_entitlements (feature_key VARCHAR(50), plan_code VARCHAR(50), enabled INTEGER);
INSERT INTO plan_entitlements VALUES
  ('exports', 'free', 0), ('exports', 'pro', 1), ('exports', 'team', 1),
  ('sso', 'free', 0), ('sso', 'pro', 0), ('sso', 'team', 1),
  ('seats', 'free', 1), ('seats', 'pro', 5), ('seats', 'team', 50);
"""
WORDS = {"free": "FREE", "pro": "PRO", "team": "TEAM"}
COLUMNS: dict[str, OptionValue] = {"feature": "feature_key", "plan": "plan_code", "value": "enabled"}
RIGHT = [0, 1, 1, 0, 0, 1, 1, 5, 50]


@pytest.fixture
def database(tmp_path: Path) -> str:
    return sqlite(tmp_path, TABLE)


def sqlite(folder: Path, script: str) -> str:
    with closing(sqlite3.connect(folder / "app.db")) as connection:
        connection.executescript(script)
    return f"sqlite:///{folder / 'app.db'}"


def said(url: str, **options: OptionValue) -> tuple[Answers, dict[str, int | str | None]]:
    settings = gates(Path(), kind="query", options=options)
    with open_source(url).snapshot() as snapshot:
        answers = asked(settings, snapshot=snapshot, plan_words=WORDS)
    return answers, answered(settings, answers)


def test_a_table_answers_every_cell_and_lists_every_feature(database: str) -> None:
    answers, cells = said(database, table="plan_entitlements", **COLUMNS)
    assert list(cells.values()) == RIGHT
    assert set(answers.lists or ()) == {"exports", "sso", "seats"}


def test_a_query_in_the_database_s_own_sql_does_as_well(database: str) -> None:
    query = "SELECT feature_key AS feature, upper(plan_code) AS plan, enabled AS value FROM plan_entitlements"
    assert list(said(database, query=query)[1].values()) == RIGHT


def test_a_condition_leaves_rows_out(database: str) -> None:
    _, cells = said(database, table="plan_entitlements", where="feature_key <> 'sso'", **COLUMNS)
    assert cells["exports:PRO"] == 1
    assert cells["sso:PRO"] == "was not answered"


@pytest.mark.parametrize("query", [None, "SELECT * FROM plan_entitlements"])
def test_postgres_answers_the_same(postgres_url: str, query: str | None) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(TABLE.replace("INTEGER", "NUMERIC").encode())
    where: dict[str, OptionValue] = {"query": query} if query else {"table": "plan_entitlements"}
    assert list(said(postgres_url, **where, **COLUMNS)[1].values()) == RIGHT


def test_mysql_answers_the_same(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    database = urlsplit(mariadb_url).path.removeprefix("/")
    with closing(mariadb_server.admin(database)) as connection, connection.cursor() as cursor:
        for statement in TABLE.strip().removesuffix(";").split(";"):
            cursor.execute(statement)
        connection.commit()
    assert list(said(mariadb_url, table="plan_entitlements", **COLUMNS)[1].values()) == RIGHT


def test_a_folder_of_files_answers_by_table_and_knows_no_queries(tmp_path: Path) -> None:
    (tmp_path / "plan_entitlements.csv").write_text(
        "feature,plan,value\nexports,pro,true\nseats,pro,5\nexports,free,f\n"
    )
    _, cells = said(str(tmp_path), table="plan_entitlements")
    assert (cells["exports:PRO"], cells["exports:FREE"], cells["seats:PRO"]) == (1, 0, 5)
    answers, _ = said(str(tmp_path), query="SELECT 1")
    assert "has no queries" in str(answers.problem)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("('exports', 'free', NULL)", "its value is NULL"),
        ("('exports', 'free', 2)", "neither true nor false"),
        ("('exports', 'free', 'maybe')", "neither true nor false"),
        ("('exports', 'free', 'false')", "its value is text, which is neither true nor false"),
        ("('exports', 'free', 'no')", "its value is text"),
        ("('exports', 'free', 'Off')", "its value is text"),
        ("('exports', 'free', ' ')", "its value is text"),
        ("('seats', 'free', 1.5)", "not a whole number"),
        ("('seats', 'free', 'many')", "not a whole number"),
        ("('seats', 'free', -1)", "a number from 0"),
        ("('seats', 'free', 1), ('seats', 'free', 1)", "is on several rows"),
        ("('seats', 'free', 1), ('seats', 'FREE', 1)", "is on several rows"),
    ],
)
def test_a_value_that_says_nothing_is_no_answer(tmp_path: Path, row: str, reason: str) -> None:
    url = sqlite(tmp_path, f"CREATE TABLE t (feature TEXT, plan TEXT, value); INSERT INTO t VALUES {row};")
    _, cells = said(url, table="t")
    feature = "seats" if "seats" in row else "exports"
    assert reason in str(cells[f"{feature}:FREE"])


@pytest.mark.parametrize(
    "options",
    [{"table": "nowhere"}, {"query": "SELECT feature FROM nowhere"}, {"query": "DELETE FROM plan_entitlements"}],
)
def test_what_the_database_refuses_is_a_reason_and_changes_nothing(
    database: str, options: dict[str, OptionValue]
) -> None:
    answers, cells = said(database, **options)
    assert answers.problem
    assert all(isinstance(cell, str) for cell in cells.values())
    assert list(said(database, table="plan_entitlements", **COLUMNS)[1].values()) == RIGHT


@pytest.mark.slow
def test_a_query_that_never_ends_is_not_an_answer(tmp_path: Path) -> None:
    url = sqlite(tmp_path, TABLE)
    endless = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'exports' AS feature, 'free' AS plan"
    )
    settings = gates(Path(), kind="query", options={"query": f"{endless}, max(x) AS value FROM n"})
    started = time.monotonic()
    with open_source(url, statement_timeout_seconds=2).snapshot() as snapshot:
        answers = asked(settings, snapshot=snapshot)
    assert time.monotonic() - started < 30
    assert "a read took longer than 2 seconds" in str(answers.problem)


def test_names_that_are_none_spoil_the_whole_answer(tmp_path: Path) -> None:
    url = sqlite(
        tmp_path, "CREATE TABLE t (feature, plan, value); INSERT INTO t VALUES ('a:b', 'free', 1), ('sso', 'pro', 1);"
    )
    assert "which is not a name" in str(said(url, table="t")[0].problem)


def test_without_a_snapshot_nothing_is_answered() -> None:
    assert "gone away" in str(asked(gates(Path(), kind="query", options={"table": "t"})).problem)


@pytest.mark.parametrize("options", [{}, {"table": "t", "query": "SELECT 1"}])
def test_there_is_one_of_table_and_query(options: dict[str, OptionValue]) -> None:
    with pytest.raises(ConfigurationError, match="give one of them"):
        asked(gates(Path(), kind="query", options=options))
