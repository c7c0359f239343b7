"""A mapping that the data contradict is one finding, and what rests on it is held back and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.demo import NOW, audited
from trueup.actions.audit.run_audit import audit
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.demo import make_company
from trueup.model.outcome import Broken
from trueup.model.report import Report
from trueup.model.source import Silent

MAPPING_SUSPECT = "mapping-suspect"


def report_with(place: str, folder: Path, mapping: str, *, only: frozenset[str] = frozenset()) -> Report:
    """The report of the demo company in ``place`` under its own config and these lines."""
    with make_company(accounts=100, seed=3, now=NOW) as company:
        company.write(place)
        company.write_gates(folder)
        company.write_stripe(folder / "stripe")
        path = folder / "trueup.toml"
        path.write_text(company.config_text("${PLACE}", stripe=folder / "stripe") + mapping, encoding="utf-8")
    checks = [check for check in catalogue() if not only or check.id in only]
    return audit(load_config(path, {"PLACE": place}), checks=checks, now=NOW, progress=Silent())


WRONG_BALANCE = '\n[relations.ledger_entry.columns]\nbalance_after = "amount"\n'
HUNDREDFOLD = '\n[relations.account.columns]\ncredits = "credits * 100"\n'
WRONG_CUSTOMER = '\n[relations.account.columns]\nstripe_customer_id = "stripe_subscription_id"\n'


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite_url", "postgres_url", "mariadb_url"])
def test_a_wrong_balance_is_one_finding_in_every_database(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place = str(request.getfixturevalue(database))
    report = report_with(place, tmp_path, WRONG_BALANCE)

    (finding,) = [finding for finding in report.findings() if finding.check == MAPPING_SUSPECT]
    assert finding.subject == "ledger_entry.balance_after"
    assert "balance_after is the previous plus amount in " in finding.message
    assert "Change balance_after under [relations.ledger_entry.columns]" in finding.message
    held = {run.check for run in report.outcomes if "mapping-suspect doubts" in (run.reason or "")}
    assert {"ledger-break", "credit-balance"} <= held
    assert f"{len(held)} checks that rest on it are held back" in finding.message
    assert finding.evidence["checks_held_back"] == len(held)
    assert not report.complete


@pytest.mark.slow
def test_a_check_that_only_describes_by_the_column_still_answers(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.mkdir()
    wrong.mkdir()
    sound = audited(f"sqlite:///{right / 'app.db'}", right, accounts=100, seed=3).report
    doubted = report_with(f"sqlite:///{wrong / 'app.db'}", wrong, WRONG_BALANCE)

    answered = {run.check for run in doubted.outcomes if not isinstance(run.outcome, Broken)} - {MAPPING_SUSPECT}
    assert {"ledger-orphan", "ledger-sequence-gap", "negative-balance", "missing-customer"} <= answered
    assert {f.id for f in doubted.findings() if f.check in answered} == {
        f.id for f in sound.findings() if f.check in answered
    }


@pytest.mark.slow
def test_what_is_below_zero_is_so_in_any_unit(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.mkdir()
    wrong.mkdir()
    sound = audited(f"sqlite:///{right / 'app.db'}", right, accounts=100, seed=3).report
    doubted = report_with(f"sqlite:///{wrong / 'app.db'}", wrong, HUNDREDFOLD)

    assert [f.subject for f in doubted.findings() if f.check == MAPPING_SUSPECT] == ["account.credits"]
    below = [f.id for f in sound.findings() if f.check == "negative-balance"]
    assert [f.id for f in doubted.findings() if f.check == "negative-balance"] == below != []


@pytest.mark.slow
def test_how_many_findings_are_held_back_is_said(tmp_path: Path) -> None:
    report = report_with(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, WRONG_CUSTOMER)

    (finding,) = [finding for finding in report.findings() if finding.check == MAPPING_SUSPECT]
    assert finding.subject == "account.stripe_customer_id"
    findings = finding.evidence["findings_held_back"]
    assert isinstance(findings, int)
    assert findings > 20
    assert f"held back, with {findings} findings." in finding.message


@pytest.mark.slow
def test_a_check_that_was_asked_for_alone_is_held_back_too(tmp_path: Path) -> None:
    report = report_with(
        f"sqlite:///{tmp_path / 'app.db'}", tmp_path, WRONG_BALANCE, only=frozenset({"credit-balance"})
    )

    (run,) = report.outcomes
    assert isinstance(run.outcome, Broken)
    assert "rests on ledger_entry.balance_after, which mapping-suspect doubts" in run.outcome.error
    assert "findings are held back" in run.outcome.error


@pytest.mark.slow
def test_switched_off_it_holds_nothing_back(tmp_path: Path) -> None:
    silence = f'{WRONG_BALANCE}\n[policy.severity]\nmapping-suspect = "off"\n'
    report = report_with(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, silence)

    assert any(finding.check == "ledger-break" for finding in report.findings())


@pytest.mark.slow
def test_as_many_faults_as_can_be_planted_make_no_doubt(tmp_path: Path) -> None:
    company = audited(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, accounts=1000, fault_share=0.25)

    assert company.issue_ids == list(company.truth.issue_ids)
