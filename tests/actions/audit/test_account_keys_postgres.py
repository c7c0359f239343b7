"""Account ids where Postgres takes two texts for one: ``citext``, and collations that are not deterministic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.databases import PostgresServer
from tests.support.keyed import Entry, Keys, balances, issues, keyed_app, problems, repair_unattended
from trueup.actions.repair import preview
from trueup.model.repair import Applied, Refused

_EXTENDED = "CREATE EXTENSION citext"
_COLLATED = (
    "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    "CREATE COLLATION any_accent (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
)
_DOMAINS = ("CREATE DOMAIN account_key AS citext", "CREATE DOMAIN other_key AS account_key CHECK (VALUE <> '')")


@pytest.fixture
def url(postgres15_server: PostgresServer) -> Iterator[str]:
    """A fresh database of a server that has ``citext`` and ICU, which the wheel's has not."""
    place = postgres15_server.create_database()
    admin = psycopg.conninfo.make_conninfo(
        postgres15_server.admin_url, dbname=psycopg.conninfo.conninfo_to_dict(place)["dbname"]
    )
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(_EXTENDED)
    yield place
    postgres15_server.drop_database(place)


FOLDING = [
    pytest.param("citext", "Éa1", ["éA1", "ÉA1"], id="citext"),
    pytest.param("other_key", "Ab", ["aB", "AB"], id="domain"),
    pytest.param("text COLLATE any_case", "Éa1", ["éA1", "ÉA1"], id="any-case"),
    pytest.param("varchar(40) COLLATE any_accent", "José", ["JOSE", "jose"], id="any-accent"),
]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("type_", "key", "others"), FOLDING)
def test_every_spelling_that_postgres_takes_for_the_account_is_the_account(
    url: str, tmp_path: Path, type_: str, key: str, others: list[str]
) -> None:
    entries: list[Entry] = [(key, 100, 100)]
    entries += [(other, 10, 110 + 10 * number) for number, other in enumerate(others)]
    entries += [("Gone", 5, 5), ("GONE", 5, 10)]
    total = 100 + 10 * len(others)
    keys = Keys(account=type_, entry=type_)
    app = keyed_app(url, tmp_path, keys, before=(*_COLLATED, *_DOMAINS), users=[(key, total)], entries=entries)
    report = app.report()
    assert problems(report) == {}
    (orphan,) = issues(report)
    assert orphan.startswith("ledger-orphan:")
    app.execute("UPDATE users SET credits = 1")
    report = app.report()
    assert issues(report) == {orphan, f"credit-balance:{key}"}
    (result,) = repair_unattended(app, report)
    assert isinstance(result, Applied), result
    assert balances(app) == [(key, total)]
    assert issues(app.report()) == {orphan}


@pytest.mark.parametrize(
    "keys",
    [
        Keys(account="citext", entry="text"),
        Keys(account="text COLLATE any_case", entry="text"),
        Keys(account="text COLLATE any_case", entry="text COLLATE any_accent"),
    ],
)
def test_columns_that_compare_in_two_ways_are_not_guessed_at(url: str, tmp_path: Path, keys: Keys) -> None:
    entries: list[Entry] = [("A1", 95, 95), ("a1", 50, 145)]
    app = keyed_app(url, tmp_path, keys, before=_COLLATED, users=[("A1", 145)], entries=entries)
    report = app.report()
    assert "may be ids of the same account" in problems(report)["ledger_entry"]
    assert repair_unattended(app, report) == []
    result = preview("credit-balance:A1", config=app.config, catalogue=app.checks, now=app.now)
    assert isinstance(result, Refused), result


def test_text_of_two_deterministic_collations_is_compared_by_its_bytes(url: str, tmp_path: Path) -> None:
    app = keyed_app(
        url,
        tmp_path,
        Keys(account='text COLLATE "C"', entry="varchar(20)"),
        users=[("A1", 95), ("a1", 50)],
        entries=[("A1", 95, 95), ("a1", 50, 50)],
    )
    report = app.report()
    assert (problems(report), issues(report)) == ({}, set())
