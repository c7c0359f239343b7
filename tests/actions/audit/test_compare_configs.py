"""What a line of the config would change is seen without recording anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.field.test_what_is_sold import packs_by_invoice, subscribers
from tests.support.command import trueup
from tests.support.field.company import MAPPING, PLANS
from tests.support.field.stripe_side import NOW

THEN = ("--as-of", NOW.isoformat())
PLANS_OF_TWO_PRICES = PLANS.replace('{ id = "price_pro" }', '{ id = "price_pro" }, { id = "price_pro_2024" }')
SAID = "\n[prices.price_pro_2024]\ncredits = 500\n"


def company(folder: Path) -> None:
    """Write a company on two prices of one plan, and its config."""
    subscribers(
        ("price_pro_2024", 10, 500),
        ("price_pro", 10, 1000),
        ("price_pro_2024", 10, 1000),
        prices={"price_pro_2024": 1900, "price_pro": 2900},
    ).write(folder, MAPPING + PLANS_OF_TWO_PRICES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The company, and beside its config one that says what the old price owes."""
    company(tmp_path)
    (tmp_path / "changed.toml").write_text((tmp_path / "trueup.toml").read_text() + SAID)
    return tmp_path


@pytest.mark.slow
def test_new_and_gone_findings_are_shown_and_nothing_is_recorded(folder: Path) -> None:
    shown = trueup("compare", *THEN, "changed.toml", "--check", "wrong-grant-amount", cwd=folder)

    assert shown.code == 1
    assert "changed.toml would find 1 issue, where now there are 1" in shown.out
    new, _, gone = shown.out.partition("  gone ")
    assert "wrong-grant-amount:in_3 (error): in_3 granted u3 1000 credits, but it owes 500." in new
    assert "wrong-grant-amount:in_1 (error): in_1 granted u1 500 credits, but it owes 1000." in gone
    assert not (folder / "trueup.db").exists()


@pytest.mark.slow
def test_the_same_config_changes_nothing(folder: Path) -> None:
    shown = trueup("compare", *THEN, "trueup.toml", "--format", "json", cwd=folder)

    assert shown.code == 0
    document = json.loads(shown.out)
    assert (document["new"], document["gone"], document["changed"]) == ([], [], [])


@pytest.mark.slow
def test_a_severity_that_would_change_is_a_change(folder: Path) -> None:
    (folder / "changed.toml").write_text(
        (folder / "trueup.toml").read_text() + '[policy.severity]\nwrong-grant-amount = "critical"\n'
    )
    shown = trueup("compare", *THEN, "changed.toml", "--format", "json", cwd=folder)
    (change,) = json.loads(shown.out)["changed"]

    assert (change["before"]["severity"], change["after"]["severity"]) == ("error", "critical")


@pytest.mark.slow
def test_kept_books_are_compared_without_the_database(folder: Path) -> None:
    trueup("audit", *THEN, "--no-store", "--keep-books", "kept.duckdb", cwd=folder)
    (folder / "app.db").unlink()

    shown = trueup("compare", *THEN, "changed.toml", "--books", "kept.duckdb", "--format", "json", cwd=folder)

    assert [issue["id"] for issue in json.loads(shown.out)["new"]] == ["wrong-grant-amount:in_3"]


@pytest.mark.slow
def test_a_config_that_reads_other_rows_is_refused(folder: Path) -> None:
    text = (folder / "trueup.toml").read_text().replace('account_id = "user_id"', 'account_id = "user_id || user_id"')
    (folder / "changed.toml").write_text(text)

    shown = trueup("compare", *THEN, "changed.toml", cwd=folder)

    assert shown.code == 2
    assert "changed.toml reads other rows than trueup.toml" in shown.err


@pytest.mark.slow
def test_an_explanation_shows_what_was_owed_line_by_line(folder: Path) -> None:
    shown = trueup("explain", *THEN, "wrong-grant-amount:in_3", "--config", "changed.toml", cwd=folder)
    assert "Owed, line by line\n  il_in_3_0  1 x price_pro_2024  19.00 USD  owes 500 credits by [prices]\n" in shown.out

    written = trueup(
        "explain", *THEN, "wrong-grant-amount:in_3", "--config", "changed.toml", "--format", "json", cwd=folder
    )
    (line,) = json.loads(written.out)["owed"]
    assert (line["priceName"], line["rule"], line["knownBy"]) == ("price_pro_2024", "price", "line")
    assert (line["fewestCredits"], line["mostCredits"]) == ("500", "500")


@pytest.mark.slow
def test_an_explanation_says_that_the_config_does_not_say_what_a_price_sells(tmp_path: Path) -> None:
    packs_by_invoice().write(tmp_path, MAPPING + PLANS)

    shown = trueup("explain", *THEN, "missing-grant:in_1", cwd=tmp_path)

    assert "1 x price_topup  20.00 USD  owes an unknown number of credits: the config does not say" in shown.out
