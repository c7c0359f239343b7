"""What a line of the config would change is seen without recording anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.field.test_what_is_sold import subscribers
from tests.support.command import trueup
from tests.support.field.company import MAPPING, PLANS
from tests.support.field.stripe_side import NOW

_THEN = ("--as-of", NOW.isoformat())
_BOTH = PLANS.replace('{ id = "price_pro" }', '{ id = "price_pro" }, { id = "price_pro_2024" }')
_SAID = "\n[prices.price_pro_2024]\ncredits = 500\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A company on two prices of one plan, its config, and beside it one that says what the old price owes."""
    company = subscribers(
        ("price_pro_2024", 10, 500),
        ("price_pro", 10, 1000),
        ("price_pro_2024", 10, 1000),
        prices={"price_pro_2024": 1900, "price_pro": 2900},
    )
    company.audit(tmp_path, MAPPING + _BOTH)
    (tmp_path / "changed.toml").write_text((tmp_path / "trueup.toml").read_text() + _SAID)
    return tmp_path


def test_new_and_gone_findings_are_shown_and_nothing_is_recorded(folder: Path) -> None:
    shown = trueup("compare", *_THEN, "changed.toml", "--check", "wrong-grant-amount", cwd=folder)

    assert shown.code == 1
    assert "changed.toml would find 1 issue, where now there are 1" in shown.out
    new, _, gone = shown.out.partition("  gone ")
    assert "wrong-grant-amount:in_3 (error): in_3 granted u3 1000 credits, but it owes 500." in new
    assert "wrong-grant-amount:in_1 (error): in_1 granted u1 500 credits, but it owes 1000." in gone
    assert not (folder / "trueup.db").exists()


def test_the_same_config_changes_nothing(folder: Path) -> None:
    shown = trueup("compare", *_THEN, "trueup.toml", "--format", "json", cwd=folder)

    assert shown.code == 0
    document = json.loads(shown.out)
    assert (document["new"], document["gone"], document["changed"]) == ([], [], [])


def test_a_severity_that_would_change_is_a_change(folder: Path) -> None:
    (folder / "changed.toml").write_text(
        (folder / "trueup.toml").read_text() + '[policy.severity]\nwrong-grant-amount = "critical"\n'
    )
    shown = trueup("compare", *_THEN, "changed.toml", "--format", "json", cwd=folder)
    (change,) = json.loads(shown.out)["changed"]

    assert (change["before"]["severity"], change["after"]["severity"]) == ("error", "critical")


def test_kept_books_are_compared_without_the_database(folder: Path) -> None:
    trueup("audit", *_THEN, "--no-store", "--keep-books", "kept.duckdb", cwd=folder)
    (folder / "app.db").unlink()

    shown = trueup("compare", *_THEN, "changed.toml", "--books", "kept.duckdb", "--format", "json", cwd=folder)

    assert [issue["id"] for issue in json.loads(shown.out)["new"]] == ["wrong-grant-amount:in_3"]


def test_a_config_that_reads_other_rows_is_refused(folder: Path) -> None:
    text = (folder / "trueup.toml").read_text().replace('account_id = "user_id"', 'account_id = "user_id || user_id"')
    (folder / "changed.toml").write_text(text)

    shown = trueup("compare", *_THEN, "changed.toml", cwd=folder)

    assert shown.code == 2
    assert "changed.toml reads other rows than trueup.toml" in shown.err
