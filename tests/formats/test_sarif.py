"""The SARIF log, as code-scanning pages read it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.support.reports import CATALOGUE, QUICK, finding, large, reports, sample
from tests.support.writing import written
from trueup.formats.sarif import RESULT_LIMIT
from trueup.model.outcome import Checked, CheckOutcome
from trueup.model.report import Report


def run_of(report: Report) -> dict[str, Any]:
    log = json.loads(written(report, "sarif"))
    assert log["version"] == "2.1.0"
    run: dict[str, Any] = log["runs"][0]
    return run


@QUICK
@given(reports())
def test_every_result_points_at_its_rule_and_carries_what_the_pages_need(report: Report) -> None:
    run = run_of(report)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [made.check for made in report.outcomes]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "trueup.toml"
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == result["properties"]["issueId"]
        assert set(result["partialFingerprints"].values()) == {result["partialFingerprints"]["trueupFinding/v1"]}
    assert run["invocations"][0]["executionSuccessful"] is report.complete


def test_a_rule_says_why_its_check_exists() -> None:
    rules = {rule["id"]: rule for rule in run_of(sample())["tool"]["driver"]["rules"]}
    rule = rules["credit-balance"]
    assert rule["shortDescription"]["text"] == "Cached balance differs from the ledger"
    assert rule["fullDescription"]["text"] == CATALOGUE["credit-balance"].why
    assert rule["helpUri"] == "docs/checks/credit-balance.md"
    assert rule["defaultConfiguration"] == {"level": "error"}


def test_the_four_severities_become_three_levels() -> None:
    levels = {result["properties"]["severity"]: result["level"] for result in run_of(sample())["results"]}
    assert levels == {"critical": "error", "error": "error", "warning": "warning", "info": "note"}


def test_an_exempted_finding_is_suppressed_with_its_reason() -> None:
    suppressed = [result for result in run_of(sample())["results"] if result["suppressions"]]
    assert [result["properties"]["issueId"] for result in suppressed] == ["paid-without-customer:user_42"]
    assert suppressed[0]["suppressions"][0]["justification"] == (
        "accepted by finance until 2027-01-31: annual contract paid by bank transfer"
    )


def test_what_could_not_be_checked_is_notified_and_fails_the_invocation() -> None:
    invocation = run_of(sample())["invocations"][0]
    assert invocation["executionSuccessful"] is False
    texts = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert texts == [
        "ledger_entry (credit_transactions) was not read whole: the connection was lost after 10,000 rows",
        "hollow-event was skipped: webhook_event.type is not mapped in trueup.toml.",
        "shared-customer was broken: could not reach postgresql://app:***@db:5432/app: connection reset by peer",
    ]
    assert run_of(sample(whole=True))["invocations"][0]["executionSuccessful"] is True


def test_brackets_in_a_message_are_no_link() -> None:
    found = finding("credit-balance", "user_1", "[click](https://evil.example)")
    outcome = CheckOutcome(check="credit-balance", outcome=Checked(population=1, findings=(found,)), milliseconds=1)
    base = sample(whole=True)
    report = Report(
        run_id="r",
        generated_at=base.generated_at,
        environment="e",
        period_days=1,
        database_as_of=None,
        relations=(),
        outcomes=(outcome,),
    )
    assert run_of(report)["results"][0]["message"]["text"] == "\\[click\\](https://evil.example)"


@pytest.mark.slow
def test_beyond_githubs_limit_the_worst_are_kept_and_it_is_said() -> None:
    run = run_of(large(2 * RESULT_LIMIT + 10))
    assert len(run["results"]) == RESULT_LIMIT
    assert {result["ruleId"] for result in run["results"]} == {"credit-balance"}
    texts = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert texts == ["The worst 25,000 of 50,010 findings are here; 25,010 are not."]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_the_guardrails_are_properties_of_the_run() -> None:
    guardrails = run_of(sample())["properties"]["guardrails"]
    assert [(guardrail["id"], guardrail["status"]) for guardrail in guardrails] == [
        ("audited-repairs", "allowed"),
        ("replay", "blocked"),
        ("release", "unknown"),
    ]
