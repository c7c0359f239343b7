"""What ``trueup init`` writes, untouched, finds the planted faults of further apps, completely."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.dated import DATED, MINUTES, TWO_BALANCES, UNTIL, UNTIL_IN_NUMBERS
from tests.apps.rows import App, assert_all_is_found

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("app", DATED, ids=lambda app: app.name)
def test_in_sqlite(app: App, sqlite_url: str, tmp_path: Path) -> None:
    assert_all_is_found(app, sqlite_url, tmp_path)


@pytest.mark.parametrize("app", [TWO_BALANCES, UNTIL, UNTIL_IN_NUMBERS], ids=lambda app: app.name)
def test_in_postgres(app: App, postgres_url: str, tmp_path: Path) -> None:
    assert_all_is_found(app, postgres_url, tmp_path)


@pytest.mark.parametrize("app", [MINUTES, UNTIL, UNTIL_IN_NUMBERS], ids=lambda app: app.name)
def test_in_mariadb(app: App, mariadb_url: str, tmp_path: Path) -> None:
    assert_all_is_found(app, mariadb_url, tmp_path)
