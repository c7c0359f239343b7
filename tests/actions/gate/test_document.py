"""A report's document is read as what it says, or refused; never as half of it."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.reports import NOW, QUICK, clean, large, reports, sample
from tests.support.writing import document, written
from trueup.actions.gate import read_report_file, reread_report
from trueup.formats.report_reader import StoredReport, read_report
from trueup.formats.wording import exact
from trueup.model.errors import ConfigurationError, ReportUnreadable, TrueupError
from trueup.model.report import Report

Edit = Callable[[dict[str, Any]], object]


def read(found: dict[str, Any]) -> StoredReport:
    return read_report(json.dumps(found), place="report.json")


@pytest.mark.slow
@QUICK
@given(reports())
def test_every_report_is_read_again_as_what_it_holds(report: Report) -> None:
    cells = [(gate.feature, gate.plan) for gate in report.plan_gates]
    rails = [rail.id for rail in report.guardrails]
    assume(report.run_id and len(set(cells)) == len(cells) and len(set(rails)) == len(rails))
    again = reread_report(report).report
    assert again.complete == report.complete
    assert again.generated_at == report.generated_at
    assert [f.fingerprint for f in again.findings()] == [f.fingerprint for f in report.findings()]
    assert [f.severity for f in again.findings()] == [f.severity for f in report.findings()]
    assert [f.id for f in again.findings()] == [exact(f.id) for f in report.findings()]
    assert [outcome.check for outcome in again.outcomes] == [exact(made.check) for made in report.outcomes]


def test_a_report_of_now_and_its_file_give_the_same(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(written(sample(), "json"))
    assert read_report_file(file) == reread_report(sample())


def test_when_a_finding_was_first_seen_is_told_by_memory() -> None:
    (first, *_) = sample().findings()
    earlier = NOW - timedelta(days=9)
    assert reread_report(sample(), first_seen={first.fingerprint: earlier}).first_seen[first.fingerprint] == earlier


@QUICK
@given(st.data())
def test_a_document_that_breaks_off_anywhere_is_refused(data: st.DataObject) -> None:
    text = written(sample(), "json").rstrip()
    end = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(ReportUnreadable):
        read_report(text[:end], place="report.json")


def _first(found: dict[str, Any]) -> dict[str, Any]:
    issue: dict[str, Any] = found["issues"][0]
    return issue


NEEDED = [name for name in document(sample()) if name != "rereading"]
"""Reports from before books were kept say nothing of reading them again."""

EDITS: dict[str, Edit] = {
    "an issue was cut out": lambda found: found["issues"].pop(),
    "every issue was cut out": lambda found: found["issues"].clear(),
    "an issue stands there twice": lambda found: found["issues"].append(found["issues"][0]),
    "an issue was made harmless": lambda found: _first(found).update(severity="info"),
    "an issue was exempted by hand": lambda found: _first(found).update(
        exemption={"owner": "me", "reason": "because", "expiresAt": None}
    ),
    "an issue is about somebody else": lambda found: _first(found).update(subject="user_9"),
    "an issue has another's id": lambda found: _first(found).update(id="credit-balance:user_9"),
    "an issue has another's fingerprint": lambda found: _first(found).update(fingerprint="0" * 32),
    "less is at risk": lambda found: _first(found).update(impact={}),
    "the summary counts fewer": lambda found: found["summary"]["severities"].update(critical=0),
    "the summary is healthy": lambda found: found["summary"].update(status="healthy"),
    "the score is better": lambda found: found["summary"].update(score=100),
    "the confidence is better": lambda found: found["summary"].update(confidence=1.0),
    "no alert is counted": lambda found: found["summary"].update(alertCount=0),
    "nothing is at risk": lambda found: found["summary"].update(moneyAtRisk={}),
    "a summary's key is missing": lambda found: found["summary"].pop("alertCount"),
    "the calculation of the score was shortened": lambda found: found["scoreBreakdown"].pop(),
    "a broken check was answered": lambda found: found["outcomes"][-2].update(outcome="checked"),
    "a broken check is gone": lambda found: found["outcomes"].pop(-2),
    "a check found fewer": lambda found: found["outcomes"][0].update(findings=0),
    "a check that found something is gone": lambda found: found["outcomes"].pop(0),
    "a check stands there twice": lambda found: found["outcomes"].append(found["outcomes"][0]),
    "a plan gate passed against its values": lambda found: found["planGates"].append(
        {"feature": "x", "plan": "FREE", "expected": False, "actual": True, "accepted": None, "passed": True}
    ),
    "it is one page of more": lambda found: found.update(nextCursor="abc"),
    "its version is another": lambda found: found.update(schemaVersion=3),
    "its version is true": lambda found: found.update(schemaVersion=True),
    "its version is missing": lambda found: found.pop("schemaVersion"),
    "a severity is unknown": lambda found: _first(found).update(severity="blocker"),
    "a category is unknown": lambda found: _first(found).update(category="other"),
    "an outcome is unknown": lambda found: found["outcomes"][0].update(outcome="passed"),
    "a guardrail's status is unknown": lambda found: found["guardrails"].append(
        {"id": "replay", "status": "fine", "reasons": []}
    ),
    "its moment has no zone": lambda found: found.update(generatedAt="2026-03-01T12:00:05"),
    "its moment is a number": lambda found: found.update(generatedAt=1772366405),
    "its moment is nonsense": lambda found: found.update(generatedAt="yesterday"),
    "a count is text": lambda found: found["outcomes"][0].update(population="512"),
    "a count is negative": lambda found: found["outcomes"][0].update(population=-1),
    "a count is a fraction": lambda found: found["outcomes"][0].update(population=1.5),
    "money is negative": lambda found: _first(found).update(impact={"money": {"usd": -1}}),
    "credits are a number": lambda found: _first(found).update(impact={"credits": 5}),
    "credits are not a number": lambda found: _first(found).update(impact={"credits": "NaN"}),
    "its run has no name": lambda found: found.update(runId=""),
    **{f"{name} is missing": (lambda found, name=name: found.pop(name)) for name in NEEDED},  # type: ignore[misc]
}


def test_the_sample_itself_is_read() -> None:
    read(document(sample()))
    read(document(clean()))


def _of_version_1(found: dict[str, Any]) -> dict[str, Any]:
    """The document as trueup wrote it before a check could be not applicable."""
    summary = {name: value for name, value in found["summary"].items() if name != "checks"}
    outcomes = [
        {**outcome, "outcome": "off", "reason": None} if outcome["outcome"] == "not-applicable" else outcome
        for outcome in found["outcomes"]
    ]
    return {**found, "schemaVersion": 1, "summary": summary, "outcomes": outcomes}


def test_a_report_of_version_1_is_still_read() -> None:
    now, then = read(document(sample())), read(_of_version_1(document(sample())))
    assert then.report.score == now.report.score
    assert [finding.id for finding in then.report.findings()] == [finding.id for finding in now.report.findings()]


def test_a_report_of_version_1_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ReportUnreadable):
        read(_of_version_1(document(sample()) | {"issues": []}))


@pytest.mark.parametrize("what", EDITS)
def test_a_document_that_was_changed_is_refused(what: str) -> None:
    found = copy.deepcopy(document(sample()))
    EDITS[what](found)
    with pytest.raises(ReportUnreadable):
        read(found)


def test_a_relation_that_was_cut_short_cannot_be_called_whole() -> None:
    read_in_part = dataclasses.replace(clean().relations[0], problem="the connection was lost")
    found = document(dataclasses.replace(clean(), relations=(read_in_part,)))
    read(found)
    found["relations"][0]["problem"] = None
    with pytest.raises(ReportUnreadable, match="status"):
        read(found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '"report"',
        '{"schemaVersion": 1}',
        '{"schemaVersion": 1, "schemaVersion": 1}',
        '{"score": NaN}',
        '{"score": Infinity}',
        "[" * 100_000,
        "1" * 5_000,
        "\ufeff\ufeff{}",
        '{"version": "2.1.0", "runs": []}',
        "<testsuites/>",
    ],
)
def test_what_is_no_report_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ReportUnreadable) as refused:
        read_report(text, place="report.json")
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("report.json")
    assert refused.value.exit_code == 3


def test_a_key_that_stands_there_twice_is_refused_whatever_the_second_says() -> None:
    text = written(sample(), "json").replace('"severity": "critical"', '"severity": "critical", "severity": "critical"')
    with pytest.raises(ReportUnreadable, match='it holds "severity" twice'):
        read_report(text, place="report.json")


def test_a_report_that_does_not_exist_is_a_matter_of_usage(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_report_file(tmp_path / "none.json")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(b"\xff\xfe{\x00}\x00")
    with pytest.raises(ReportUnreadable, match="not UTF-8"):
        read_report_file(file)


@QUICK
@given(st.binary(max_size=200))
def test_no_bytes_make_anything_but_a_refusal(content: bytes) -> None:
    with pytest.raises(TrueupError):
        read_report(content.decode("latin-1"), place="x")


def test_a_key_that_a_later_version_adds_for_people_is_passed_over() -> None:
    found = document(sample())
    found["issues"][0]["remark"] = "seen by finance"
    read(found)


def test_a_large_report_is_read_in_a_few_passes() -> None:
    assert len(list(reread_report(large(2_000)).report.findings())) == 2_000
