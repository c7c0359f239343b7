"""GitLab's code quality report: exactly the fields that GitLab reads, and its own words for severities."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given

from tests.support.reports import QUICK, clean, reports, sample
from tests.support.writing import written
from trueup.model.report import Report

WORDS = {"info", "minor", "major", "critical", "blocker"}


def entries(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(written(report, "gitlab"))
    return found


@QUICK
@given(reports())
def test_every_entry_has_what_gitlab_reads(report: Report) -> None:
    for entry in entries(report):
        assert entry["description"]
        assert entry["check_name"]
        assert entry["severity"] in WORDS
        assert entry["location"] == {"path": "trueup.toml", "lines": {"begin": 1}}


@QUICK
@given(reports())
def test_findings_are_told_apart_by_their_fingerprints(report: Report) -> None:
    marks = [entry["fingerprint"] for entry in entries(report) if entry["check_name"] != "could-not-check"]
    assert len(set(marks)) == len(marks)


def test_severities_are_gitlabs_and_what_could_not_be_checked_is_a_blocker() -> None:
    severity = {entry["description"].partition(": ")[0]: entry["severity"] for entry in entries(sample())}
    assert severity["credit-balance:user_1000"] == "critical"
    assert severity["paid-without-customer:user_7"] == "major"
    assert severity["ending-plan:user_99"] == "info"
    assert severity["paid-without-customer:user_42"] == "info"
    assert severity["hollow-event"] == "blocker"


def test_a_clean_report_is_an_empty_list() -> None:
    assert entries(clean()) == []
