"""What ``trueup init`` writes, untouched, finds the planted faults of apps that are sold as a service, completely."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.hosted import FORMS, HOSTED, KEYS, MAILING, PUBLISHING, SIGNING, TRACING
from tests.apps.ledgered import CENTS, HOLDERS, LEDGERED, NUMBERED, SUPPORT, TWO_COLUMNS, WORKFLOWS
from tests.apps.rows import App, assert_all_is_found


@pytest.mark.parametrize("app", [*HOSTED, *LEDGERED], ids=lambda app: app.name)
def test_in_sqlite(app: App, sqlite_url: str, tmp_path: Path) -> None:
    assert_all_is_found(app, sqlite_url, tmp_path)


@pytest.mark.parametrize(
    "app", [SIGNING, TRACING, MAILING, FORMS, TWO_COLUMNS, WORKFLOWS, SUPPORT, CENTS], ids=lambda app: app.name
)
def test_in_postgres(app: App, postgres_url: str, tmp_path: Path) -> None:
    assert_all_is_found(app, postgres_url, tmp_path)


@pytest.mark.parametrize("app", [KEYS, PUBLISHING, NUMBERED, HOLDERS], ids=lambda app: app.name)
def test_in_mariadb(app: App, mariadb_url: str, tmp_path: Path) -> None:
    assert_all_is_found(app, mariadb_url, tmp_path)
