"""The doctor judges the mapping by the data, and names the line of the config to change."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.support.command import trueup
from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import NOW, ago
from trueup.actions.checks.catalogue import full_catalogue
from trueup.actions.doctor import Health, Symptom, examine_data
from trueup.config import load_config
from trueup.model.source import Silent


def company() -> FieldCompany:
    """Twelve customers, whose cached balances are their ledgers'."""
    company = FieldCompany()
    for number in range(1, 13):
        company.ledger.add(f"u{number}", "promotional_grant", 10 + number, ago(40))
        company.ledger.add(f"u{number}", "promotional_grant", 20, ago(30))
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
    company.users(**{f"u{number}": {"stripe_customer_id": f"cus_{number}"} for number in range(1, 13)})
    return company


def judged(folder: Path, config_text: str) -> list[Symptom]:
    company().write(folder, config_text)
    config = load_config(folder / "trueup.toml", {})
    return list(examine_data(config, full_catalogue(None), now=NOW, progress=Silent()))


@pytest.mark.slow
def test_it_names_the_figures_and_the_line_to_change(tmp_path: Path) -> None:
    symptoms = judged(tmp_path, MAPPING.replace('balance_after = "balance_after"', 'balance_after = "id"') + PLANS)

    (symptom,) = [symptom for symptom in symptoms if symptom.about == "mapping"]
    lines = (tmp_path / "trueup.toml").read_text(encoding="utf-8").splitlines()
    number = lines.index('balance_after = "id"') + 1
    assert symptom.health is Health.WRONG
    assert "balance_after is the previous plus amount in 0 of 12 rows" in symptom.says
    assert symptom.says.endswith(f'(trueup.toml, line {number}: balance_after = "id")')


@pytest.mark.slow
def test_it_says_how_many_balances_agree(tmp_path: Path) -> None:
    symptoms = judged(tmp_path, MAPPING + PLANS)

    assert [symptom.says for symptom in symptoms if symptom.about == "balances"] == [
        "ledger_entry.balance_after is the previous plus amount in 12 of 12 rows",
        "account.credits is the ledger's last balance in 12 of 12 accounts, the sum of amounts in 12",
    ]
    assert not [symptom for symptom in symptoms if symptom.about == "mapping"]


def test_a_config_that_maps_nothing_is_no_success(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("CREATE TABLE poems (title TEXT)")
    config = 'preset = "canonical"\n[database]\nurl = "sqlite:///app.db"\n[stripe]\nenabled = false\n'
    (tmp_path / "trueup.toml").write_text(config, encoding="utf-8")

    shown = trueup("doctor", cwd=tmp_path)

    assert shown.code == 2
    assert "FAIL  mapping     nothing is mapped" in shown.out
    lines = shown.out.splitlines()
    assert len(lines) == len(set(lines))
