"""The same company in every kind of database gives the same findings, evidence included."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tests.support.databases import ENCODED_PASSWORD, PASSWORD
from tests.support.demo import NOW, Audited, audited
from trueup.demo import Company, make_company
from trueup.model.errors import ConfigurationError, SourceUnavailable


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with make_company(accounts=150, now=NOW) as made:
        yield made


@pytest.fixture(scope="module")
def in_parquet(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("parquet")
    return audited(str(folder / "tables"), folder, accounts=500)


@pytest.mark.slow
def test_parquet_gives_the_truth(in_parquet: Audited) -> None:
    assert in_parquet.issue_ids == list(in_parquet.truth.issue_ids)


@pytest.mark.slow
def test_sqlite_gives_the_same_issues(in_parquet: Audited, sqlite_url: str, tmp_path: Path) -> None:
    assert audited(sqlite_url, tmp_path, accounts=500).issues == in_parquet.issues


@pytest.mark.slow
def test_postgres_gives_the_same_issues(in_parquet: Audited, postgres_url: str, tmp_path: Path) -> None:
    assert audited(postgres_url, tmp_path, accounts=500).issues == in_parquet.issues


@pytest.mark.slow
def test_mariadb_gives_the_same_issues(in_parquet: Audited, mariadb_url: str, tmp_path: Path) -> None:
    assert audited(mariadb_url, tmp_path, accounts=500).issues == in_parquet.issues


@pytest.fixture(params=["sqlite_url", "postgres_url", "mariadb_url", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "folder") if request.param == "folder" else str(request.getfixturevalue(request.param))


def test_tables_that_are_there_are_not_written_over_unless_forced(company: Company, place: str) -> None:
    company.write(place)
    with pytest.raises(
        ConfigurationError, match="already has credit_grants, credit_transactions, members, plan_changes"
    ) as refused:
        company.write(place)
    assert PASSWORD not in str(refused.value)
    assert ENCODED_PASSWORD not in str(refused.value)
    company.write(place, force=True)


def test_tables_of_other_names_are_left_alone(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (7);")
    company.write(f"sqlite:///{path}")
    company.write(f"sqlite:///{path}", force=True)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM orders").fetchall() == [(7,)]


def test_an_address_that_names_a_driver_is_the_same_place(company: Company, tmp_path: Path) -> None:
    company.write(f"sqlite+pysqlite:///{tmp_path / 'app.db'}")
    company.write((tmp_path / "a folder").as_uri())
    assert (tmp_path / "app.db").is_file()
    assert (tmp_path / "a folder" / "users.parquet").is_file()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("oracle://db/app", "cannot be written to oracle://"),
        ("sqlite://app.db", "names no SQLite file"),
        ("sqlite:////no/such/folder/app.db", "name a SQLite file you may write to"),
        ("mysql://app@127.0.0.1", "names no database"),
    ],
)
def test_a_place_that_cannot_be_is_refused_in_one_sentence(company: Company, address: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        company.write(address)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_is_not_there_is_unavailable_and_the_password_stays_secret(company: Company, scheme: str) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be written") as refused:
        company.write(f"{scheme}://app:{ENCODED_PASSWORD}@127.0.0.1:1/app")
    assert PASSWORD not in str(refused.value)
    assert ENCODED_PASSWORD not in str(refused.value)


def test_a_failure_in_the_middle_leaves_nothing_behind(place: str) -> None:
    with make_company(accounts=150, now=NOW) as company:
        rows = company.connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'members'").fetchone()
        assert rows is not None
        company.connection.execute("DROP VIEW members")
        with pytest.raises(duckdb.CatalogException, match="members"):
            company.write(place)
        company.connection.execute(rows[0])
        company.write(place)
