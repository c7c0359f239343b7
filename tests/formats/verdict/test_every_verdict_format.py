"""What holds for all formats of a verdict: the same questions, the same findings, no secrets, any stream."""

from __future__ import annotations

import io
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trueup.formats
from tests.support.json_schema import violations
from tests.support.releases import (
    NOW,
    Reported,
    answered,
    baseline,
    baselines,
    exempted,
    guardrails,
    issue,
    judge,
    report_of,
    reports,
    rules,
)
from tests.support.reports import QUICK, hostile_text
from trueup.formats.gitlab import BLOCKER
from trueup.formats.verdict import FORMATS, write
from trueup.formats.verdict.wording import findings_to_show
from trueup.model.errors import ConfigurationError
from trueup.model.finding import subject_text
from trueup.model.gate import PlanGate
from trueup.model.guardrail import GuardrailStatus
from trueup.model.outcome import Broken
from trueup.model.release import Standing, Verdict
from trueup.model.report import RelationRead
from trueup.model.severity import Severity

SCHEMA: dict[str, Any] = json.loads((Path(trueup.formats.__file__).parent / "verdict.schema.json").read_text("utf-8"))
SECRETS = ("postgresql://app:Zq9hunter2Zq9@db:5432/app", "sk_live_Zq9abcdefghijklmnopqrZq9")
verdicts = st.builds(lambda report, before, told_: judge(report, before, **told_), reports, baselines, rules)


def written(made: Verdict, output_format: str, *, width: int | None = None) -> str:
    out = io.StringIO()
    write(made, format=output_format, stream=out, width=width)
    return out.getvalue()


def sample(**told_: Any) -> Verdict:
    """A verdict with something of everything."""
    found = [
        issue("gate-regression:exports:FREE"),
        issue("credit-balance:new"),
        issue("credit-balance:old"),
        issue("stale-paid-plan:mild", severity=Severity.WARNING),
        issue("grant-without-invoice:soon", severity=Severity.ERROR),
        exempted("credit-balance:comped", until=date(2026, 6, 1)),
        exempted("credit-balance:lapsed", until=date(2026, 2, 1)),
    ]
    report = report_of(
        found,
        outcomes=answered(stale_paid_plan=Broken(error="its reason")),
        guardrails=guardrails(replay=(GuardrailStatus.UNKNOWN, "Nobody looked.")),
        plan_gates=(PlanGate(feature="exports", plan="FREE", expected=False, actual=True, accepted=False),),
    )
    shadow = {"grant-without-invoice": date(2026, 12, 31)}
    return judge(report, baseline(["credit-balance:old"]), **({"shadow": shadow} | told_))


def entries(made: Verdict) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(written(made, "gitlab"))
    return found


def ids_in(made: Verdict, output_format: str) -> list[str]:
    """The findings to show that a document names, by their fingerprints or ids."""
    text = written(made, output_format, width=140)
    match output_format:
        case "json":
            standings = {*(one for one in Standing if one.blocks), Standing.UNKNOWN, Standing.SHADOW}
            return [one["id"] for one in json.loads(text)["findings"] if one["standing"] in standings]
        case "sarif":
            results = json.loads(text)["runs"][0]["results"]
            quiet = {"old", "below", "exempted"}
            return [r["properties"]["issueId"] for r in results if r["properties"]["standing"] not in quiet]
        case "gitlab":
            return [
                one["description"].partition(": ")[0] for one in json.loads(text) if one["check_name"] != "release-gate"
            ]
        case "github":
            findings = (line.partition("::")[2].partition("::")[2] for line in text.splitlines())
            known = {one.finding.id for one in made.findings}
            return [told_id for line in findings if (told_id := line.partition(": ")[0]) in known]
        case "junit":
            return re.findall(r"^(?:<system-out>)?\[\w+\] (\S+):", text.replace("      ", ""), re.MULTILINE)
        case "markdown":
            return re.findall(r"^\| \w+, \w+ \| `([^`]+)`", text, re.MULTILINE)
        case _:
            return re.findall(r"^ (?:gate|new|worse|open|lapsed|unknown|shadow) +(\S+:\S+)$", text, re.MULTILINE)


@pytest.mark.parametrize("output_format", FORMATS)
@QUICK
@given(made=verdicts)
def test_all_formats_hold_the_same_findings(output_format: str, made: Verdict) -> None:
    assert sorted(ids_in(made, output_format)) == sorted(one.finding.id for one in findings_to_show(made))


@pytest.mark.parametrize("output_format", FORMATS)
def test_all_formats_hold_the_verdict_the_reasons_and_the_notes_of_what_was_let_pass(output_format: str) -> None:
    for allow in (False, True):
        text = written(sample(allow_inconclusive=allow), output_format, width=140)
        assert "Nobody looked." in text
        assert "stale-paid-plan was broken: its reason" in re.sub(r"\s+", " ", text)
        assert ("allow-inconclusive" in text.replace("allowInconclusive", "")) is allow or output_format == "json"


@QUICK
@given(verdicts)
def test_every_verdict_is_as_its_schema_says(made: Verdict) -> None:
    assert list(violations(json.loads(written(made, "json")), SCHEMA, SCHEMA)) == []


def test_the_schema_refuses_what_is_not_a_verdict() -> None:
    found = json.loads(written(sample(), "json"))
    assert list(violations(found, SCHEMA, SCHEMA)) == []
    changes: list[dict[str, Any]] = [
        {"status": "fine"},
        {"questions": [{}]},
        {"findings": [{}]},
        {"extra": 1},
        {"judgedAt": "now"},
    ]
    for change in changes:
        assert list(violations(found | change, SCHEMA, SCHEMA))


def test_the_json_says_whether_it_passes_and_why() -> None:
    found = json.loads(written(sample(), "json"))
    assert (found["status"], found["passes"], found["failOn"]) == ("blocked", False, "error")
    assert {question["id"]: question["status"] for question in found["questions"]} == {
        "complete": "unknown",
        "fresh": "allowed",
        "baseline": "allowed",
        "plan-gates": "blocked",
        "findings": "blocked",
        "replay": "unknown",
        "audited-repairs": "allowed",
    }
    soon = next(one for one in found["findings"] if one["standing"] == "shadow")
    assert (soon["blocks"], soon["blocksFrom"]) == (False, "2026-12-31")


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_comes_out_of_no_place_in_any_format(output_format: str, secret: str) -> None:
    hiding = issue(f"credit-balance:u {secret}", title=f"t {secret}", message=f"m {secret} end")
    report = report_of(
        [hiding],
        environment=f"env {secret}",
        run_id=f"run {secret}",
        relations=(RelationRead(relation="account", table="users", rows=0, problem=f"{secret} end"),),
        guardrails=guardrails(replay=(GuardrailStatus.UNKNOWN, f"r {secret} end")),
    )
    for width in (60, 200):
        assert "Zq9" not in written(judge(report, baseline(environment=f"e {secret}")), output_format, width=width)


@pytest.mark.parametrize("output_format", FORMATS)
@QUICK
@given(text=hostile_text, encoding=st.sampled_from(["utf-8", "ascii", "cp1252"]))
def test_no_stream_and_no_text_breaks_a_format(output_format: str, text: str, encoding: str) -> None:
    hostile = issue(f"credit-balance:{subject_text(text)}", title=text, message=text)
    report = report_of(
        [hostile], environment=text, relations=(RelationRead(relation="account", table="users", rows=0, problem=text),)
    )
    buffer = io.BytesIO()
    out = io.TextIOWrapper(buffer, encoding=encoding)
    write(judge(report), format=output_format, stream=out)
    out.flush()
    said = buffer.getvalue().decode(encoding)
    out.detach()
    match output_format:
        case "json" | "sarif" | "gitlab":
            json.loads(said)
        case "junit":
            ET.fromstring(said)  # noqa: S314 - made just now
        case "github":
            assert all(line.startswith("::") for line in said.splitlines())


@pytest.mark.parametrize("width", [80, 200])
def test_a_log_can_be_read_at_this_width(width: int) -> None:
    lines = written(sample(), "text", width=width).splitlines()
    assert all(len(line) <= width for line in lines)
    assert lines[0].startswith(" BLOCKED   This must not be released.")
    assert lines[-1] == lines[0]


def test_a_long_log_says_how_much_it_leaves_out() -> None:
    many = report_of([f"credit-balance:user_{number}" for number in range(250)])
    assert "and 150 more (--format json shows all)" in written(judge(many), "text")


def test_a_question_is_a_test_of_junit() -> None:
    suite = ET.fromstring(written(sample(), "junit"))[0]  # noqa: S314 - made just now
    verdict_of = {case.get("name"): [child.tag for child in case] for case in suite}
    assert verdict_of == {
        "complete": ["error"],
        "fresh": [],
        "baseline": [],
        "plan-gates": ["failure", "system-out"],
        "findings": ["failure", "system-out"],
        "replay": ["error"],
        "audited-repairs": [],
    }
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("7", "2", "2")


def test_annotations_are_errors_for_what_blocks_and_warnings_for_what_will() -> None:
    lines = written(sample(), "github").splitlines()
    assert lines[0] == ("::error file=trueup.toml,line=1,title=trueup gate%3A blocked::This must not be released.")
    (soon,) = [line for line in lines if "grant-without-invoice:soon" in line]
    assert soon.startswith("::warning file=trueup.toml,line=1,title=shadow%3A What grant-without-invoice says::")
    assert all(line.startswith(("::error ", "::warning ")) for line in lines)


def test_gitlab_calls_what_blocks_a_blocker_and_tells_entries_apart() -> None:
    found = entries(sample())
    assert {one["severity"] for one in found if "credit-balance:new" in one["description"]} == {BLOCKER}
    assert {one["severity"] for one in found if "grant-without-invoice:soon" in one["description"]} == {"minor"}
    assert len({one["fingerprint"] for one in found}) == len(found)


def test_sarif_knows_what_is_new_and_suppresses_what_is_let_pass() -> None:
    results = json.loads(written(sample(), "sarif"))["runs"][0]["results"]
    state = {one["properties"]["issueId"]: (one.get("baselineState"), bool(one["suppressions"])) for one in results}
    assert state == {
        "gate-regression:exports:FREE": (None, False),
        "credit-balance:new": ("new", False),
        "credit-balance:old": ("unchanged", True),
        "stale-paid-plan:mild": (None, False),
        "grant-without-invoice:soon": (None, True),
        "credit-balance:comped": (None, True),
        "credit-balance:lapsed": (None, False),
    }


def test_a_summary_is_far_below_what_github_takes() -> None:
    many = report_of([issue(f"credit-balance:user_{number}", message="x" * 500) for number in range(5_000)])
    assert len(written(judge(many), "markdown").encode()) < 500_000


def test_an_unknown_format_is_named_with_its_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r'There is no format "jnit"; did you mean "junit"\?'):
        write(judge(report_of()), format="jnit", stream=io.StringIO())


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (report_of(), "This may be released."),
        (report_of(["credit-balance:user_1"]), "This must not be released."),
        (report_of(at=NOW - timedelta(days=1)), "It is not known whether this may be released."),
    ],
)
def test_the_first_line_of_a_log_is_the_verdict(report: Reported, says: str) -> None:
    assert written(judge(report), "text").splitlines()[0].endswith(says)
