"""The JSON document: exactly the interface's fields, valid whatever the rows hold."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given

import trueup.formats
from tests.support.json_schema import violations
from tests.support.reports import NOW, QUICK, clean, finding, reports, sample
from tests.support.writing import document, written
from trueup.formats.json import issue
from trueup.model.change import Value
from trueup.model.report import Report

SCHEMA: dict[str, Any] = json.loads((Path(trueup.formats.__file__).parent / "report.schema.json").read_text("utf-8"))


def evidence_of(value: Value) -> object:
    made = issue(finding("credit-balance", "user_1", "m", evidence={"the_value": value}), first_seen=NOW)
    return made.evidence["theValue"]


def broken(change: dict[str, Any]) -> list[str]:
    return list(violations(document(sample()) | change, SCHEMA, SCHEMA))


@QUICK
@given(reports())
def test_every_report_is_as_its_schema_says(report: Report) -> None:
    assert list(violations(document(report), SCHEMA, SCHEMA)) == []


def test_the_schema_refuses_what_is_not_a_report() -> None:
    assert broken({"score": 1})
    assert broken({"schemaVersion": 1})
    assert broken({"generatedAt": "2026-03-01 12:00"})
    assert broken({"issues": [{}]})
    assert broken({}) == []


def test_the_fields_stand_in_the_interfaces_order() -> None:
    assert list(document(sample())) == [
        "schemaVersion",
        "runId",
        "generatedAt",
        "environment",
        "periodDays",
        "asOf",
        "summary",
        "rereading",
        "scoreBreakdown",
        "issues",
        "nextCursor",
        "planGates",
        "guardrails",
        "outcomes",
        "relations",
    ]


def test_the_summary_counts_the_whole_and_leaves_exempted_issues_out() -> None:
    assert document(sample())["summary"] == {
        "status": "incomplete",
        "score": 59,
        "confidence": 0.77,
        "checks": {"checked": 7, "skipped": 1, "broken": 1, "off": 1, "notApplicable": 1},
        "alertCount": 14,
        "severities": {"critical": 14, "error": 2, "warning": 1, "info": 1},
        "checkedUsers": 512,
        "checkedTransactions": 10000,
        "checkedWebhookEvents": 2400,
        "failedPlanGates": 0,
        "revenueImpactingIssues": 14,
        "repairableIssues": 13,
        "moneyAtRisk": {"eur": 4500, "usd": 34110},
        "creditsAtRisk": "6414",
    }


def test_an_issue_says_everything_about_its_finding() -> None:
    issues = {found["id"]: found for found in document(sample())["issues"]}
    assert issues["credit-balance:user_1000"] == {
        "id": "credit-balance:user_1000",
        "check": "credit-balance",
        "category": "credits",
        "severity": "critical",
        "title": "Cached balance differs from the ledger",
        "message": "The cached balance is 120, the ledger says 100 (hand-edit).",
        "subject": "user_1000",
        "fingerprint": "9cc7dbfaa080ebc97cf148cbdf8157e3",
        "revenueImpacting": True,
        "impact": {"money": {"usd": 300}, "credits": "20"},
        "evidence": {
            "credits": "120",
            "lastBalanceAfter": "100",
            "sumOfAmounts": "100",
            "diagnosis": "hand-edit",
            "lastEntryAt": "2026-02-26T12:00:05Z",
        },
        "firstSeen": "2026-03-01T12:00:05Z",
        "exemption": None,
        "repair": {
            "kind": "sync-credit-balance",
            "safe": True,
            "change": "account.credits 120 -> 100, plus one ledger_entry row",
        },
    }
    exempted = issues["paid-without-customer:user_42"]
    assert exempted["exemption"] == {
        "subject": "user_42",
        "plan": None,
        "owner": "finance",
        "reason": "annual contract paid by bank transfer",
        "expiresAt": "2027-01-31",
    }
    assert exempted["repair"] == {"refused": "an exemption covers it"}
    assert issues["paid-without-customer:user_7"]["repair"] is None


def test_the_outcomes_say_what_was_not_checked_and_why() -> None:
    outcomes = {made["check"]: made for made in document(sample())["outcomes"]}
    assert outcomes["hollow-event"]["outcome"] == "skipped"
    assert outcomes["hollow-event"]["reason"] == "webhook_event.type is not mapped in trueup.toml."
    assert outcomes["shared-customer"]["outcome"] == "broken"
    assert outcomes["ledger-sequence-gap"] == {
        "check": "ledger-sequence-gap",
        "outcome": "off",
        "population": 0,
        "findings": 0,
        "reason": None,
        "milliseconds": 0,
    }


def test_an_integer_that_javascript_would_round_is_a_string() -> None:
    assert evidence_of(2**53) == 2**53
    assert evidence_of(2**53 + 1) == "9007199254740993"
    assert evidence_of(-(2**60)) == "-1152921504606846976"


def test_a_decimal_is_plain_digits() -> None:
    assert evidence_of(Decimal("1E+3")) == "1000"
    assert evidence_of(Decimal("0.500000000")) == "0.5"


def test_true_and_nothing_stay_what_they_are() -> None:
    assert evidence_of(value=True) is True
    assert evidence_of(None) is None


def test_a_moment_says_that_it_is_utc() -> None:
    assert evidence_of(datetime(2026, 3, 1, 12)) == "2026-03-01T12:00:00Z"
    assert evidence_of(datetime.fromisoformat("2026-03-01T12:00:00.5+02:00")) == "2026-03-01T10:00:00.500000Z"


def test_a_lone_surrogate_becomes_an_escape_that_every_reader_takes() -> None:
    assert evidence_of("a\ud800b") == "a\\ud800b"


def test_the_document_is_ascii() -> None:
    assert written(sample(), "json").isascii()


def test_the_issues_are_the_same_bytes_whatever_the_run_took_and_was_called() -> None:
    one, other = sample(), sample()
    other = Report(
        run_id="another",
        generated_at=one.generated_at,
        environment=one.environment,
        period_days=one.period_days,
        database_as_of=NOW + timedelta(minutes=1),
        relations=(),
        outcomes=one.outcomes,
    )

    def issues(report: Report) -> str:
        text = written(report, "json")
        return text[text.index('"issues"') : text.index('"planGates"')]

    assert issues(one) == issues(other)


def test_a_clean_report_has_no_issues() -> None:
    found = document(clean())
    assert found["issues"] == []
    assert found["summary"]["status"] == "healthy"
    assert found["summary"]["score"] == 100
