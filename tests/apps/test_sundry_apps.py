"""What ``trueup init`` writes, untouched, finds the planted faults of three apps of further shapes, completely."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.rows import App, assert_all_is_found
from tests.apps.sundry import FLAGGED, ORGANISED, SUBTRACTING, SUNDRY

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("app", SUNDRY, ids=lambda app: app.name)
def test_in_sqlite(app: App, sqlite_url: str, tmp_path: Path) -> None:
    assert_all_is_found(app, sqlite_url, tmp_path)


@pytest.mark.parametrize("app", [SUBTRACTING, ORGANISED], ids=lambda app: app.name)
def test_in_postgres(app: App, postgres_url: str, tmp_path: Path) -> None:
    assert_all_is_found(app, postgres_url, tmp_path)


@pytest.mark.parametrize("app", [FLAGGED], ids=lambda app: app.name)
def test_in_mariadb(app: App, mariadb_url: str, tmp_path: Path) -> None:
    assert_all_is_found(app, mariadb_url, tmp_path)
