"""The language itself: what departs is said, and whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.incidents.cast import company_of, incident
from tests.support.incidents.company import Company, departures, open_findings
from tests.support.incidents.people import somebody
from tests.support.incidents.scenario import QUIET, Findings, found
from tests.support.incidents.stage import Stage
from trueup.model.severity import Severity


@pytest.mark.slow
def test_what_is_missing_unexpected_or_otherwise_is_said(tmp_path: Path) -> None:
    """Of a real audit of failure 3, against four expectations of which each is wrong in its way."""
    company = company_of(incident(3))
    findings = open_findings(company.audited(tmp_path))
    (right,) = company.expected
    user = right.subject
    assert departures([right], findings) == []
    assert departures([], findings)[0].startswith(f"unexpected: credit-balance:{user}: ")
    assert departures([right, found("negative-balance", user)], findings) == [f"missing: negative-balance:{user}"]
    assert departures([right, right.__class__(check=right.check, subject=user)], findings) == [
        f"told twice: credit-balance:{user}"
    ]
    other = found(
        "credit-balance", user, severity=Severity.INFO, repair="refused", money={"usd": 1}, diagnosis="lost-update"
    )
    said = departures([other], findings)
    assert [one.split(" is ")[0].split(": ")[1] for one in said] == ["diagnosis", "severity", "repair", "money"]


@pytest.mark.slow
def test_a_finding_that_nobody_expected_is_laid_to_whoever_was_told_of(tmp_path: Path) -> None:
    """By the tag in its subject, by the number of its entry, or by the account in its evidence."""

    def wrong_on_purpose(stage: Stage) -> Findings:
        user = somebody(stage, unlimited_credits=True)
        user.uses(-5, stage.ago(3))
        user.sequence = None
        user.entry(user.uses(1, stage.ago(2)).kind, 1, stage.ago(-2))
        return QUIET

    company = Company.healthy()
    company.tell(lambda _: QUIET, tag="first")
    company.tell(wrong_on_purpose, tag="second")
    company.tell(lambda _: QUIET, tag="third")
    found_by_tag = company.by_tag(open_findings(company.audited(tmp_path)))
    assert {tag for tag, findings in found_by_tag.items() if findings} == {"second"}
    assert {"unlimited-credits", "ledger-time-travel"} <= {finding.check for finding in found_by_tag["second"]}
