"""The JUnit document: a suite per area, a test per check, valid XML whatever the rows hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given

from tests.support.reports import QUICK, clean, large, reports, sample
from tests.support.writing import written
from trueup.model.guardrail import GuardrailStatus
from trueup.model.outcome import Broken, Checked
from trueup.model.report import Report


def parsed(report: Report) -> ET.Element:
    return ET.fromstring(written(report, "junit").encode())  # noqa: S314 - our own output


def case(report: Report, name: str) -> ET.Element:
    found = parsed(report).find(f".//testcase[@name='{name}']")
    assert found is not None
    return found


def verdict(report: Report, name: str) -> tuple[str, str]:
    child = next(iter(case(report, name)))
    return child.tag, child.get("message", "")


@QUICK
@given(reports())
def test_every_report_is_well_formed_and_counts_right(report: Report) -> None:
    root = parsed(report)
    assert root.get("tests") == str(len(root.findall(".//testcase")))
    assert root.get("failures") == str(len(root.findall(".//failure")))
    broken = sum(isinstance(made.outcome, Broken) for made in report.outcomes) + len(report.interruptions)
    assert root.get("errors") == str(len(root.findall(".//error"))) == str(broken)
    failing = sum(
        isinstance(made.outcome, Checked) and any(f.exemption is None for f in made.outcome.findings)
        for made in report.outcomes
    )
    blocked = sum(guardrail.status is GuardrailStatus.BLOCKED for guardrail in report.guardrails)
    assert len(root.findall(".//failure")) == failing + blocked


@QUICK
@given(reports())
def test_a_check_is_one_test(report: Report) -> None:
    names = [
        found.get("name")
        for found in parsed(report).findall(".//testcase")
        if found.get("classname") not in {"trueup.read", "trueup.guardrails"}
    ]
    assert sorted(map(str, names)) == sorted(made.check for made in report.outcomes)


def test_each_outcome_has_its_verdict() -> None:
    report = sample()
    assert verdict(report, "credit-balance") == (
        "failure",
        "13 findings (13 critical): Cached balance differs from the ledger",
    )
    assert verdict(report, "hollow-event") == ("skipped", "webhook_event.type is not mapped in trueup.toml.")
    assert verdict(report, "shared-customer")[0] == "error"
    assert verdict(report, "ledger-sequence-gap") == ("skipped", "off")
    assert list(case(report, "large-credit-movement")) == []


def test_an_area_is_a_suite() -> None:
    suites = {suite.get("name"): len(suite) for suite in parsed(sample()).findall("testsuite")}
    assert suites == {
        "trueup.read": 1,
        "trueup.credits": 1,
        "trueup.entitlements": 3,
        "trueup.webhooks": 3,
        "trueup.revenue": 1,
        "trueup.other": 3,
        "trueup.guardrails": 3,
    }


def test_a_relation_that_was_not_read_whole_is_an_error() -> None:
    tag, message = verdict(sample(), "ledger_entry")
    assert tag == "error"
    assert "the connection was lost after 10,000 rows" in message


def test_an_exempted_finding_does_not_fail_but_is_mentioned() -> None:
    output = case(sample(), "paid-without-customer").findtext("system-out") or ""
    assert "paid-without-customer:user_42, accepted by finance until 2027-01-31" in output
    assert "1 finding" in verdict(sample(), "paid-without-customer")[1]


def test_a_failure_lists_a_hundred_findings_and_counts_all() -> None:
    failure = case(large(1000), "credit-balance").find("failure")
    assert failure is not None
    assert failure.get("message", "").startswith("500 findings")
    lines = (failure.text or "").strip().split("\n")
    assert len(lines) == 101
    assert lines[-1] == "and 400 more (--format json or csv shows all)"


def test_a_clean_report_has_no_failures() -> None:
    assert parsed(clean()).get("failures") == "0"


def test_a_guardrail_is_a_test_that_fails_where_it_blocks_and_is_skipped_where_nobody_could_look() -> None:
    report = sample()
    assert list(case(report, "audited-repairs")) == []
    assert verdict(report, "replay") == ("failure", "Repair this before any event is replayed: evt_1Oa77.")
    assert "hollow-event could not look." in "".join(case(report, "replay").itertext())
    assert verdict(report, "release") == ("skipped", "gate-regression was not asked.")
