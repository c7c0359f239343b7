"""What ``trueup init`` writes, untouched, for apps with several balances, or one that a grant sets anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.rows import App, audited, missed_and_false, written
from tests.apps.walleted import BUCKETS, POOLS, PURSES, WALLETED

COMPARED = ("credit-balance", "ledger-break", "negative-balance")


@pytest.mark.slow
@pytest.mark.parametrize("app", WALLETED, ids=lambda app: app.name)
def test_in_sqlite(app: App, sqlite_url: str, tmp_path: Path) -> None:
    written(app, sqlite_url)
    audit = audited(sqlite_url, tmp_path)
    assert missed_and_false(app, audit) == ([], []), audit.config


@pytest.mark.slow
@pytest.mark.parametrize("app", [POOLS, PURSES], ids=lambda app: app.name)
def test_in_postgres(app: App, postgres_url: str, tmp_path: Path) -> None:
    written(app, postgres_url)
    audit = audited(postgres_url, tmp_path)
    assert missed_and_false(app, audit) == ([], []), audit.config


def test_in_mariadb(mariadb_url: str, tmp_path: Path) -> None:
    written(BUCKETS, mariadb_url)
    audit = audited(mariadb_url, tmp_path)
    assert missed_and_false(BUCKETS, audit) == ([], []), audit.config


@pytest.mark.slow
def test_the_file_says_why(sqlite_url: str, tmp_path: Path) -> None:
    written(POOLS, sqlite_url)
    config = audited(sqlite_url, tmp_path).config
    assert 'wallets = { monthly = "monthly_credits", topup = "topup_credits" }' in config
    assert "sampled balances" in next(line for line in config.splitlines() if line.startswith("wallets ="))
    assert "sets_balance = \"reason IN ('cycle_reset')\"" in config
