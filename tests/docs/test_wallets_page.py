"""The page about wallets: its config loads, and its finding is what an audit with it says."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy

from tests.support.console import fences
from tests.support.deployed import ROOT
from tests.support.local_plans import TABLES
from tests.support.wallets import audited, fill
from trueup.targets import open_target

PAGE = (ROOT / "docs" / "wallets.md").read_text("utf-8")
WALLETS, FINDING, SET_ANEW, PLANS, PLAN_FINDING, *_ = (fence.text for fence in fences(PAGE))
HEAD = '[database]\nurl = "${PLACE}"\n[stripe]\nenabled = false\n[gates]\nenabled = false\n'


def test_the_finding_is_what_the_config_finds(sqlite_url: str, tmp_path: Path) -> None:
    fill(
        sqlite_url,
        "UPDATE movements SET kind = 'promotional_grant' WHERE kind = 'gift'",
        "UPDATE users SET bonus_credits = 500 WHERE id = 'ann'",
    )
    (finding,) = audited(sqlite_url, tmp_path, HEAD + WALLETS).open_findings()
    assert " ".join(FINDING.split()) == f"{finding.id} {finding.severity} {finding.message}"


@pytest.mark.slow
def test_an_entry_that_sets_the_balance_is_said_in_one_line(sqlite_url: str, tmp_path: Path) -> None:
    """Of ann's paid credits 70 were left when the month's 100 replaced them."""
    fill(
        sqlite_url,
        "INSERT INTO movements VALUES (6, 'ann', 'PAID', 'monthly_reset', 100, 100, NULL, '2026-02-06 10:00:00')",
        "UPDATE users SET paid_credits = 100 WHERE id = 'ann'",
    )
    plain = {finding.id for finding in audited(sqlite_url, tmp_path, HEAD + WALLETS).open_findings()}
    line = SET_ANEW.partition("[relations.ledger_entry.columns]")[2]
    config = HEAD + WALLETS.replace("[relations.ledger_entry.columns]", f"[relations.ledger_entry.columns]{line}")
    anew = {finding.id for finding in audited(sqlite_url, tmp_path, config).open_findings()}
    assert plain - anew == {"ledger-break:6"}


def test_the_finding_about_a_plan_is_what_the_config_finds(sqlite_url: str, tmp_path: Path) -> None:
    with open_target(sqlite_url).transaction() as connection:
        for statement in TABLES:
            connection.execute(sqlalchemy.text(statement))
        connection.commit()
    findings = audited(sqlite_url, tmp_path, HEAD + PLANS).open_findings()
    finding = next(each for each in findings if each.subject == "bob")
    assert " ".join(PLAN_FINDING.split()) == f"{finding.id} {finding.severity} {finding.message}"
