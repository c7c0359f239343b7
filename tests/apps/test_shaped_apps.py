"""What ``trueup init`` writes, untouched, for apps that keep balances, ids and signs in other shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.rows import App, audited, missed_and_false, written
from tests.apps.shaped import CODED, IN_JSON, SHAPED


@pytest.mark.slow
@pytest.mark.parametrize("app", SHAPED, ids=lambda app: app.name)
def test_in_sqlite(app: App, sqlite_url: str, tmp_path: Path) -> None:
    written(app, sqlite_url)
    audit = audited(sqlite_url, tmp_path)
    assert missed_and_false(app, audit) == ([], []), audit.config


@pytest.mark.slow
def test_in_postgres(postgres_url: str, tmp_path: Path) -> None:
    written(IN_JSON, postgres_url)
    audit = audited(postgres_url, tmp_path)
    assert missed_and_false(IN_JSON, audit) == ([], []), audit.config


@pytest.mark.parametrize("app", [IN_JSON, CODED], ids=lambda app: app.name)
def test_in_mariadb(app: App, mariadb_url: str, tmp_path: Path) -> None:
    written(app, mariadb_url)
    audit = audited(mariadb_url, tmp_path)
    assert missed_and_false(app, audit) == ([], []), audit.config
