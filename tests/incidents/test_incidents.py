"""What was seen in the field: each incident is found exactly, each innocent stays quiet, alone and together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.incidents.cast import INNOCENTS, PARTS, SCENARIOS, company_of
from tests.support.incidents.company import departures, open_findings
from tests.support.incidents.scenario import Findings, Part, Scenario
from trueup.model.change import Change
from trueup.model.finding import Finding
from trueup.model.outcome import Checked
from trueup.model.report import Report
from trueup.model.severity import Severity

EVERY_PART = pytest.mark.parametrize("part", PARTS, ids=lambda part: part.id)
NOT_ASKED = {
    "history-rewritten",
    "ledger-sequence-gap",
    "lapsed-credits",
    "stale-local-subscription",
    "gate-regression",
    "gate-uncovered",
    "gate-unreachable",
}
"""No earlier books are kept, the sequence is not mapped as dense, no credits lapse, no subscription is copied, and
there are no plan gates."""


@dataclass(frozen=True, kw_only=True)
class Together:
    """All parts in one company: what was expected and found of each, and of the rest of the company."""

    report: Report
    expected: dict[str, Findings]
    found: dict[str, list[Finding]]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Together:
    """One audit of all."""
    company = company_of(*PARTS)
    report = company.audited(tmp_path_factory.mktemp("together"))
    found = company.by_tag(open_findings(report))
    expected = {told.tag: told.findings for told in company.told}
    keys = dict(zip(expected, ["others", *(part.id for part in PARTS)], strict=True))
    return Together(
        report=report,
        expected={keys[tag]: findings for tag, findings in expected.items()},
        found={keys[tag]: findings for tag, findings in found.items()},
    )


def test_the_design_s_list_is_told_whole() -> None:
    assert [scenario.number for scenario in SCENARIOS] == list(range(1, 47))
    assert [innocent.number for innocent in INNOCENTS] == list(range(1, 24))


@pytest.mark.slow
def test_no_innocent_is_expected_to_alert_anybody(together: Together) -> None:
    for part in PARTS:
        if part.form != "incident":
            assert all(finding.severity is Severity.INFO for finding in together.expected[part.id])


def test_no_incident_is_answered_with_a_downgrade(together: Together) -> None:
    """Failure 17 above all: whoever pays for an unknown price must not lose the plan to a repair."""
    kinds = [
        finding.repair.kind
        for findings in together.found.values()
        for finding in findings
        if isinstance(finding.repair, Change)
    ]
    assert set(kinds) == {"sync-credit-balance", "backfill-idempotency-record", "switch-off-unlimited"}


@EVERY_PART
def test_it_is_found_exactly_among_all_the_others(together: Together, part: Part) -> None:
    assert departures(together.expected[part.id], together.found[part.id]) == []


def test_nothing_is_said_of_the_rest_of_the_company(together: Together) -> None:
    assert departures(together.expected["others"], together.found["others"]) == []


def test_every_check_was_asked(together: Together) -> None:
    made = {made.check: made.outcome for made in together.report.outcomes}
    assert {check for check, outcome in made.items() if not isinstance(outcome, Checked)} == NOT_ASKED


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.number}: {scenario.name}")
def test_an_incident_leaves_what_its_checks_catch_and_more_only_for_a_reason(
    together: Together, scenario: Scenario
) -> None:
    checks = {finding.check for finding in together.expected[scenario.parts[0].id]}
    assert set(scenario.catches) <= checks
    assert checks == set(scenario.catches) or scenario.remark


@pytest.mark.slow
@pytest.mark.sampled(15)
@EVERY_PART
def test_it_is_found_exactly_in_a_company_of_its_own(part: Part, tmp_path: Path) -> None:
    company = company_of(part)
    assert departures(company.expected, open_findings(company.audited(tmp_path))) == []
