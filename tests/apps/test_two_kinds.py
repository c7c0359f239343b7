"""What ``trueup init`` writes, untouched, finds the faults of both kinds of accounts, where two kinds pay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.kinds import APART, EITHER, KINDS_IN_MARIADB, KINDS_IN_SQLITE
from tests.apps.rows import App, assert_all_is_found
from tests.support.command import trueup

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("app", KINDS_IN_SQLITE, ids=lambda app: app.name)
def test_in_sqlite(app: App, sqlite_url: str, tmp_path: Path) -> None:
    finds_everything(app, sqlite_url, tmp_path)


@pytest.mark.parametrize("app", KINDS_IN_MARIADB, ids=lambda app: app.name)
def test_in_mariadb(app: App, mariadb_url: str, tmp_path: Path) -> None:
    finds_everything(app, mariadb_url, tmp_path)


def finds_everything(app: App, url: str, folder: Path) -> None:
    """Both kinds are proposed where both pay, and doctor agrees."""
    audit = assert_all_is_found(app, url, folder)
    assert (app in (EITHER, APART)) == ("[[relations.account.from]]" in audit.config), audit.config
    doctor = trueup("doctor", cwd=folder, DATABASE_URL=url)
    assert doctor.code == 0, doctor.out
