"""What ``trueup init`` writes, untouched, finds every planted fault of ten apps, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.rows import App, audited, missed_and_false, written
from tests.apps.ten import IN_MARIADB, IN_POSTGRES, IN_SQLITE


@pytest.mark.parametrize("app", IN_SQLITE, ids=lambda app: app.name)
def test_in_sqlite(app: App, sqlite_url: str, tmp_path: Path) -> None:
    finds_what_was_planted(app, sqlite_url, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("app", IN_POSTGRES, ids=lambda app: app.name)
def test_in_postgres(app: App, postgres_url: str, tmp_path: Path) -> None:
    finds_what_was_planted(app, postgres_url, tmp_path)


@pytest.mark.parametrize("app", IN_MARIADB, ids=lambda app: app.name)
def test_in_mariadb(app: App, mariadb_url: str, tmp_path: Path) -> None:
    finds_what_was_planted(app, mariadb_url, tmp_path)


def finds_what_was_planted(app: App, url: str, folder: Path) -> None:
    written(app, url)
    audit = audited(url, folder)
    assert missed_and_false(app, audit) == ([], []), audit.config
