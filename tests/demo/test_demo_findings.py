"""An audit of the demo company finds what was planted, all of it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.demo import NOW, audited, report_of
from trueup.actions.audit.mapping_doubts import MAPPING_SUSPECT
from trueup.actions.audit.run_audit import audit
from trueup.checks import catalogue
from trueup.checks.credits.history_rewritten import CHECK as HISTORY_REWRITTEN
from trueup.config import load_config
from trueup.demo import make_company
from trueup.demo.company import sentence_of
from trueup.demo.faults import FAULTS
from trueup.demo.scene import Scene
from trueup.demo.twins import TWINS
from trueup.engines.requirements import absent_need
from trueup.model.outcome import Checked, NotApplicable
from trueup.model.relations import STRIPE, relation_name
from trueup.model.report import Status
from trueup.model.source import Silent

OF_STRIPE = {
    check.id for check in catalogue() if absent_need(check, dict.fromkeys(map(relation_name, STRIPE), "absent"), {})
}
LEAP_DAY = datetime(2024, 2, 29, 23, 59, 59)
LEAP_DAY_TO_COME = datetime(2044, 2, 29, 23, 59, 59)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("accounts", [100, 500])
def test_the_findings_are_the_truth(accounts: int, seed: int, tmp_path: Path) -> None:
    made = audited(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, accounts=accounts, seed=seed)
    assert made.issue_ids == list(made.truth.issue_ids)
    assert made.exempted_ids == sorted(finding.id for finding in made.truth.findings if finding.exempted)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("months", "now"), [(6, LEAP_DAY), (36, LEAP_DAY_TO_COME)])
def test_the_findings_are_the_truth_whatever_the_day_and_the_length_of_the_history(
    months: int, now: datetime, tmp_path: Path
) -> None:
    place = str(tmp_path / "parquet")
    with make_company(accounts=300, seed=5, now=now, months=months) as company:
        company.write(place)
        report = report_of(company, place, tmp_path, now=now)
    assert sorted(finding.id for finding in report.findings()) == list(company.truth.issue_ids)


@pytest.mark.slow
def test_every_check_can_answer(tmp_path: Path) -> None:
    made = audited(str(tmp_path / "parquet"), tmp_path, accounts=150)
    outcomes = {examined.check: examined.outcome for examined in made.report.outcomes}
    assert {check for check, outcome in outcomes.items() if not isinstance(outcome, Checked)} == {HISTORY_REWRITTEN.id}
    assert made.report.status is not Status.INCOMPLETE


@pytest.mark.slow
def test_without_stripe_s_side_the_rest_of_the_truth_is_found(tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path / 'app.db'}"
    with make_company(accounts=300, seed=2, now=NOW) as company:
        company.write(place)
        company.write_gates(tmp_path)
        path = tmp_path / "trueup.toml"
        path.write_text(company.config_text(place), encoding="utf-8")
    report = audit(load_config(path, {}), checks=catalogue(), now=NOW, progress=Silent())
    unasked = {examined.check for examined in report.outcomes if isinstance(examined.outcome, NotApplicable)}
    assert unasked == OF_STRIPE | {HISTORY_REWRITTEN.id}
    told = [finding.id for finding in company.truth.findings if finding.check not in OF_STRIPE]
    assert sorted(finding.id for finding in report.findings()) == told


def test_every_check_has_a_planted_fault() -> None:
    with make_company(accounts=150, now=NOW) as company:
        findable = {check.id for check in catalogue() if not check.inconclusive}
        findable -= {MAPPING_SUSPECT.id}  # it is about a config, not about a company's rows
        findable -= {HISTORY_REWRITTEN.id}  # it is about what an earlier audit saw
        assert {finding.check for finding in company.truth.findings} == findable


@pytest.mark.slow
def test_a_company_without_faults_has_no_open_findings(tmp_path: Path) -> None:
    made = audited(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, accounts=2000, seed=9, fault_share=0)
    assert list(made.report.open_findings()) == []
    assert made.report.score == 100


@pytest.mark.slow
def test_many_plantings_of_each_fault_are_all_found(tmp_path: Path) -> None:
    made = audited(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, accounts=2500, seed=4, fault_share=0.2)
    assert len(made.truth.findings) > 300
    assert made.issue_ids == list(made.truth.issue_ids)


@pytest.mark.slow
def test_no_finding_is_about_a_twin(tmp_path: Path) -> None:
    made = audited(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, accounts=500, seed=6)
    twins = {twin.subject for twin in made.truth.twins}
    assert len(twins) > len(TWINS)
    findings = list(made.report.open_findings())
    assert twins.isdisjoint(finding.subject for finding in findings)
    assert twins.isdisjoint(finding.evidence.get("account_id") for finding in findings)


@pytest.mark.parametrize("story", [*FAULTS, *TWINS], ids=lambda story: story.__name__)
def test_a_story_is_told_in_one_sentence(story: Callable[[Scene], None]) -> None:
    assert len(sentence_of(story)) > 20
    assert sentence_of(story).endswith(".")
