"""However the app spells its account ids, the findings and the repairs are those of the same app with one spelling."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.databases import MariaDBServer
from tests.support.keyed import Entry, Keys, balances, issues, keyed_app, problems, repair_unattended
from trueup.model.report import Report

IDS = ["alice-1", "Bob_2", "3f25d0a1", "josé", "gone"]
KEPT = IDS[:-1]
"""The last has entries and no account."""

Spell = Callable[[random.Random, str], str]

_QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
_ACCENTS = str.maketrans({"e": "é", "é": "e", "o": "ö", "a": "à"})


def _in_ascii_case(chance: random.Random, key: str) -> str:
    return "".join(chance.choice([c.lower(), c.upper()]) if c.isascii() else c for c in key)


def _in_general_ci(chance: random.Random, key: str) -> str:
    letters = (chance.choice([c, c.lower(), c.upper(), c.translate(_ACCENTS)]) for c in key)
    return "".join(letters) + " " * chance.choice([0, 0, 1, 3])


def _company(chance: random.Random) -> tuple[list[tuple[str | int, int]], list[Entry]]:
    """Accounts and their entries in a random order; some balances and some ledgers are wrong."""
    balance = dict.fromkeys(IDS, 0)
    entries: list[Entry] = []
    for _ in range(chance.randint(1, 14)):
        key, amount = chance.choice(IDS), chance.choice([100, 50, 7, -5, -20])
        balance[key] += amount
        entries.append((key, amount, balance[key] + (9 if chance.random() < 0.1 else 0)))
    return [(key, balance[key] + chance.choice([0, 0, 13])) for key in KEPT], entries


def _is_as_with_one_spelling(urls: tuple[str, str], folder: Path, type_: str, spell: Spell, seed: int) -> None:
    chance = random.Random(seed)
    users, entries = _company(chance)
    spelled: list[Entry] = [(spell(chance, str(key)), amount, balance) for key, amount, balance in entries]
    keys = Keys(account=type_, entry=type_)
    for name in ("one", "many"):
        (folder / name).mkdir()
    one = keyed_app(urls[0], folder / "one", keys, users=users, entries=entries)
    many = keyed_app(urls[1], folder / "many", keys, users=users, entries=spelled)
    reports = [app.report() for app in (one, many)]
    assert problems(reports[1]) == {}
    assert _of_accounts(reports[1]) == _of_accounts(reports[0])
    results = [
        [type(result) for result in repair_unattended(app, report)]
        for app, report in zip((one, many), reports, strict=True)
    ]
    assert results[0] == results[1]
    assert balances(many) == balances(one)
    assert _of_accounts(many.report()) == _of_accounts(one.report())


def _of_accounts(report: Report) -> set[str]:
    return {_of_account(issue) for issue in issues(report)}


def _of_account(issue: str) -> str:
    """The issue, but for the spelling of an id that has no account of which to take it."""
    check, _, subject = issue.partition(":")
    return issue if subject in KEPT or check != "ledger-orphan" else check


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=_QUIET, print_blob=True)
@given(seed=st.integers(0, 2**32))
def test_any_spelling_in_sqlite(seed: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        urls = tuple(f"sqlite:///{folder}/{name}.db" for name in ("one", "many"))
        for name in ("one", "many"):
            (folder / f"{name}.db").touch()
        _is_as_with_one_spelling((urls[0], urls[1]), folder, "TEXT COLLATE NOCASE", _in_ascii_case, seed)


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=_QUIET, print_blob=True)
@given(seed=st.integers(0, 2**32))
def test_any_spelling_in_mariadb(mariadb_server: MariaDBServer, seed: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        urls = (mariadb_server.create_database(), mariadb_server.create_database())
        _is_as_with_one_spelling(urls, Path(home), "varchar(64)", _in_general_ci, seed)
