"""What ``trueup init`` writes, untouched, finds the faults of both kinds of accounts, where two kinds pay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.kinds import APART, EITHER, KINDS_IN_MARIADB, KINDS_IN_SQLITE
from tests.apps.rows import App, audited, missed_and_false, written
from tests.support.command import trueup

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("app", KINDS_IN_SQLITE, ids=lambda app: app.name)
def test_in_sqlite(app: App, sqlite_url: str, tmp_path: Path) -> None:
    finds_everything(app, sqlite_url, tmp_path)


@pytest.mark.parametrize("app", KINDS_IN_MARIADB, ids=lambda app: app.name)
def test_in_mariadb(app: App, mariadb_url: str, tmp_path: Path) -> None:
    finds_everything(app, mariadb_url, tmp_path)


def finds_everything(app: App, url: str, folder: Path) -> None:
    """Every planted fault is found, nothing else is loud, nothing was skipped, and doctor agrees."""
    written(app, url)
    audit = audited(url, folder)
    assert missed_and_false(app, audit) == ([], []), audit.config
    assert not {check for check, outcome in audit.outcomes.items() if outcome in ("skipped", "broken")}, audit.config
    assert (app in (EITHER, APART)) == ("[[relations.account.from]]" in audit.config), audit.config
    doctor = trueup("doctor", cwd=folder, DATABASE_URL=url)
    assert doctor.code == 0, doctor.out
