"""What ``trueup init`` writes, untouched, finds the planted faults of apps of other kinds than the ten."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.apps.others import EPOCH, OTHERS, TENANTS, WALLET
from tests.apps.rows import App, audited, missed_and_false, written


@pytest.mark.parametrize("app", OTHERS, ids=lambda app: app.name)
def test_in_sqlite(app: App, sqlite_url: str, tmp_path: Path) -> None:
    written(app, sqlite_url)
    audit = audited(sqlite_url, tmp_path)
    assert missed_and_false(app, audit) == ([], []), audit.config


@pytest.mark.parametrize("app", [WALLET, TENANTS], ids=lambda app: app.name)
def test_in_postgres(app: App, postgres_url: str, tmp_path: Path) -> None:
    written(app, postgres_url)
    audit = audited(postgres_url, tmp_path)
    assert missed_and_false(app, audit) == ([], []), audit.config


def test_json_in_a_text_column_of_postgres_is_left_alone(postgres_url: str, tmp_path: Path) -> None:
    """There it cannot be read without a cast that fails on the first text that is no JSON."""
    ledger = {**TENANTS.tables["credit_transactions"], "metadata": "text"}
    app = dataclasses.replace(TENANTS, tables={**TENANTS.tables, "credit_transactions": ledger})
    written(app, postgres_url)
    audit = audited(postgres_url, tmp_path)
    assert missed_and_false(app, audit) == (["duplicate-payment-grant"], []), audit.config


@pytest.mark.parametrize("app", [EPOCH, TENANTS], ids=lambda app: app.name)
def test_in_mariadb(app: App, mariadb_url: str, tmp_path: Path) -> None:
    written(app, mariadb_url)
    audit = audited(mariadb_url, tmp_path)
    assert missed_and_false(app, audit) == ([], []), audit.config
