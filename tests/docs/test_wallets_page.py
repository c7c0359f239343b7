"""The page about wallets: its config loads, and its finding is what an audit with it says."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy

from tests.support.console import fences
from tests.support.deployed import ROOT
from tests.support.local_plans import TABLES
from tests.support.wallets import audited, fill
from trueup.targets import open_target

PAGE = (ROOT / "docs" / "wallets.md").read_text("utf-8")
WALLETS, FINDING, PLANS, PLAN_FINDING, *_ = (fence.text for fence in fences(PAGE))
HEAD = '[database]\nurl = "${PLACE}"\n[stripe]\nenabled = false\n[gates]\nenabled = false\n'


def test_the_finding_is_what_the_config_finds(sqlite_url: str, tmp_path: Path) -> None:
    fill(
        sqlite_url,
        "UPDATE movements SET kind = 'promotional_grant' WHERE kind = 'gift'",
        "UPDATE users SET bonus_credits = 500 WHERE id = 'ann'",
    )
    (finding,) = audited(sqlite_url, tmp_path, HEAD + WALLETS).open_findings()
    assert " ".join(FINDING.split()) == f"{finding.id} {finding.severity} {finding.message}"


def test_the_finding_about_a_plan_is_what_the_config_finds(sqlite_url: str, tmp_path: Path) -> None:
    with open_target(sqlite_url).transaction() as connection:
        for statement in TABLES:
            connection.execute(sqlalchemy.text(statement))
        connection.commit()
    findings = audited(sqlite_url, tmp_path, HEAD + PLANS).open_findings()
    finding = next(each for each in findings if each.subject == "bob")
    assert " ".join(PLAN_FINDING.split()) == f"{finding.id} {finding.severity} {finding.message}"
