"""The truth table of the release gate: one fault a row. None of them ends with 0, unless it was asked for by name."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest

from tests.support.command import trueup_within
from tests.support.gate_faults import companies, documents, orders
from tests.support.gate_faults.documents import Fault
from tests.support.gating import CONFIG, accepted, before, edited, finding, gate, now, ready, report, save
from tests.support.receivers import Reply, answer, http_sink
from tests.support.tiny_company import PROBE, make_company, replace
from trueup.model.finding import Area, Finding
from trueup.model.gate import PlanGate
from trueup.model.guardrail import GuardrailStatus
from trueup.model.money import Impact
from trueup.model.outcome import Broken, Checked, NotApplicable, Off, Outcome, Skipped
from trueup.model.report import RelationRead, Report
from trueup.model.severity import Severity

BLOCKED, USAGE, UNKNOWN = 1, 2, 3
BALANCE = "credit-balance:user_1"
REGRESSION = "gate-regression"


def of(made: Report, *arguments: str) -> Fault:
    """This report is judged instead."""

    def fault(folder: Path) -> tuple[str, ...]:
        save(made, folder / "report.json")
        return arguments

    return fault


def against(then: Report, made: Report | None = None, *arguments: str) -> Fault:
    """The report is compared with this baseline."""

    def fault(folder: Path) -> tuple[str, ...]:
        save(then, folder / "baseline.json")
        if made is not None:
            save(made, folder / "report.json")
        return ("--baseline", "baseline.json", *arguments)

    return fault


def content(text: str | bytes, name: str = "report.json", *arguments: str) -> Fault:
    """This file holds something else."""

    def fault(folder: Path) -> tuple[str, ...]:
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return arguments

    return fault


def gone(folder: Path) -> tuple[str, ...]:
    """There is no report."""
    (folder / "report.json").unlink()
    return ()


def cut(name: str = "report.json", *arguments: str) -> Fault:
    """This file breaks off."""

    def fault(folder: Path) -> tuple[str, ...]:
        if name != "report.json":
            save(before(BALANCE), folder / name)
        text = (folder / name).read_text()
        (folder / name).write_text(text[: len(text) * 2 // 3])
        return arguments

    return fault


def changed(change: Callable[[dict[str, Any]], object], *found: Finding | str) -> Fault:
    """The report's document was changed after it was made."""

    def fault(folder: Path) -> tuple[str, ...]:
        document = save(report(*(found or (BALANCE,))), folder / "report.json")
        change(document)
        (folder / "report.json").write_text(json.dumps(document))
        return ()

    return fault


def with_config(more: str, *arguments: str, made: Report | None = None) -> Fault:
    """The config says something else, too."""

    def fault(folder: Path) -> tuple[str, ...]:
        (folder / "trueup.toml").write_text(CONFIG + more)
        if made is not None:
            save(made, folder / "report.json")
        return arguments

    return fault


def edited_baseline(**changes: Any) -> Fault:
    """The baseline's document says something else."""

    def fault(folder: Path) -> tuple[str, ...]:
        save(before(), folder / "baseline.json")
        edited(folder / "baseline.json", **changes)
        return ("--baseline", "baseline.json")

    return fault


def gate_finding(subject: str = "exports:FREE", **fields: Any) -> Finding:
    """A plan gate that lets through what it must not."""
    return Finding(
        check=REGRESSION,
        area=Area.GATES,
        severity=Severity.CRITICAL,
        title="A plan gets what it must not",
        subject=subject,
        message="FREE gets exports.",
        **fields,
    )


def gate_accepted(days: int | None) -> Finding:
    until = None if days is None else now() + timedelta(days=days)
    return dataclasses.replace(gate_finding(), exemption=accepted(BALANCE, until=until).exemption)


def outcome(check: str, made: Outcome | None) -> dict[str, Outcome | None]:
    return {check: made}


FAILED = PlanGate(feature="exports", plan="FREE", expected=False, actual=True)
UNANSWERED = PlanGate(feature="exports", plan="PRO", expected=True, actual=None)
ALONE = dict.fromkeys(("gate-regression", "gate-uncovered", "gate-unreachable"))
EMPTY = Checked(population=0, findings=())
HALF = outcome("gate-unreachable", Broken(error="PRO: no answer within 5 s"))
BLOCKS, UNSURE = GuardrailStatus.BLOCKED, GuardrailStatus.UNKNOWN
MANY = finding(BALANCE, impact=Impact(credits=Decimal(400)))
SEVERAL = finding(BALANCE, impact=Impact(credits=Decimal(200)))
DAY = timedelta(days=1)

ROWS: dict[str, tuple[Fault, int]] = {
    # The report as a file
    "there is no report": (gone, USAGE),
    "the report breaks off": (cut(), UNKNOWN),
    "the report is empty": (content(""), UNKNOWN),
    "the report is not JSON": (content("score: 100"), UNKNOWN),
    "the report is binary": (content(b"\x89PNG\r\n\x1a\n\x00"), UNKNOWN),
    "the report is another tool's": (content('{"version": "2.1.0", "runs": []}'), UNKNOWN),
    "the report has another schema version": (changed(lambda found: found.update(schemaVersion=3)), UNKNOWN),
    "the report is one page of a larger one": (changed(lambda found: found.update(nextCursor="abc")), UNKNOWN),
    "an issue stands there twice": (changed(lambda found: found["issues"].append(found["issues"][0])), UNKNOWN),
    "an issue was taken out": (changed(lambda found: found["issues"].clear()), UNKNOWN),
    "an issue was made harmless": (changed(lambda found: found["issues"][0].update(severity="info")), UNKNOWN),
    "a severity is unknown": (changed(lambda found: found["issues"][0].update(severity="fatal")), UNKNOWN),
    "the summary counts other issues": (changed(lambda found: found["summary"]["severities"].update(error=7)), UNKNOWN),
    "the score is not a number": (changed(lambda found: found["summary"].update(score=float("nan"))), UNKNOWN),
    # What was looked at
    "no check was asked": (of(report(outcomes=dict.fromkeys(one.check for one in report().outcomes))), UNKNOWN),
    "every check looked at nothing": (of(report(outcomes={one.check: EMPTY for one in report().outcomes})), UNKNOWN),
    "a check was skipped": (of(report(outcomes=outcome("credit-balance", Skipped(reason="not mapped")))), UNKNOWN),
    "a check is broken": (of(report(outcomes=outcome("credit-balance", Broken(error="Overflow")))), UNKNOWN),
    "a check was not asked": (of(report(outcomes=outcome("credit-balance", None))), UNKNOWN),
    "a relation was read in part": (
        of(report(relations=(RelationRead(relation="account", table="users", rows=3, problem="connection lost"),))),
        UNKNOWN,
    ),
    "no database was read": (of(report(database_as_of=None)), UNKNOWN),
    "the report is of another environment": (of(report(environment="staging")), UNKNOWN),
    "the report is of another period": (of(report(period_days=1)), UNKNOWN),
    # Clocks
    "the report is stale": (of(report(at=now() - timedelta(hours=2))), UNKNOWN),
    "the report is from the future": (of(report(at=now() + DAY)), UNKNOWN),
    "the snapshot is a week old": (of(report(database_as_of=now() - 7 * DAY)), UNKNOWN),
    "the database's clock is ahead": (of(report(database_as_of=now() + DAY)), UNKNOWN),
    "Stripe was read yesterday": (of(report(stripe_as_of=now() - DAY)), UNKNOWN),
    # Plan gates
    "a plan gate regressed": (of(report(gate_finding(), plan_gates=(FAILED,))), BLOCKED),
    "a cell failed and no finding tells": (of(report(plan_gates=(FAILED,))), BLOCKED),
    "half the answers are missing": (of(report(outcomes=HALF, plan_gates=(UNANSWERED,))), UNKNOWN),
    "half are missing and one of the others regressed": (
        of(report(gate_finding(), outcomes=HALF, plan_gates=(UNANSWERED, FAILED))),
        BLOCKED,
    ),
    "no probe answers": (of(report(outcomes=HALF, plan_gates=())), UNKNOWN),
    "plan gates were not asked": (of(report(outcomes=ALONE, plan_gates=())), UNKNOWN),
    "plan gates were asked and there are none": (of(report(plan_gates=())), UNKNOWN),
    "a gate's exemption has no end": (of(report(gate_accepted(None), plan_gates=(FAILED,))), BLOCKED),
    "a gate's exemption has ended": (of(report(gate_accepted(-1), plan_gates=(FAILED,))), BLOCKED),
    # Exemptions and guardrails
    "an exemption ended yesterday": (of(report(accepted(BALANCE, until=now() - DAY))), BLOCKED),
    "an exemption ended, and the finding is old": (
        against(before(BALANCE), report(BALANCE, finding(f"exemption-expired:{BALANCE}"))),
        BLOCKED,
    ),
    "there is no replay guardrail": (of(report(guardrails={"replay": None})), UNKNOWN),
    "whether a replay is safe is unknown": (of(report(guardrails={"replay": UNSURE})), UNKNOWN),
    "a replay is not safe": (of(report(guardrails={"replay": BLOCKS})), BLOCKED),
    "there is no guardrail of repairs": (of(report(guardrails={"audited-repairs": None})), UNKNOWN),
    "whether repairs have rows is unknown": (of(report(guardrails={"audited-repairs": UNSURE})), UNKNOWN),
    "a repair has no row": (
        against(before(guardrails={"audited-repairs": BLOCKS}), report(guardrails={"audited-repairs": BLOCKS})),
        BLOCKED,
    ),
    # Findings
    "something is open and there is no baseline": (of(report(BALANCE)), BLOCKED),
    "something is new": (against(before(), report(BALANCE)), BLOCKED),
    "something got worse": (against(before(SEVERAL), report(MANY)), BLOCKED),
    "something was exempted in the baseline": (
        against(before(accepted(BALANCE, until=None)), report(BALANCE)),
        BLOCKED,
    ),
    "a new fault hides behind a resolved one": (
        against(before("credit-balance:user_2"), report("credit-balance:user_1")),
        BLOCKED,
    ),
    # Baselines
    "there is no baseline of that name": (lambda _: ("--baseline", "none.json"), USAGE),
    "the baseline breaks off": (cut("baseline.json", "--baseline", "baseline.json"), UNKNOWN),
    "the baseline is of another environment": (against(before(environment="staging")), UNKNOWN),
    "the baseline is not of the environment that was named": (
        against(before(), None, "--baseline-environment", "staging"),
        UNKNOWN,
    ),
    "the baseline is of another period": (against(before(period_days=7)), UNKNOWN),
    "the baseline has another schema version": (edited_baseline(schemaVersion=3), UNKNOWN),
    "the baseline is newer than the report": (against(before(at=now() + timedelta(hours=1))), UNKNOWN),
    "the baseline is the report": (lambda _: ("--baseline", "report.json"), UNKNOWN),
    "the baseline is incomplete": (
        against(before(outcomes=outcome("stuck-event", Broken(error="Overflow")))),
        UNKNOWN,
    ),
    "a check is off since the baseline": (
        against(before(), report(outcomes=outcome("credit-balance", Off()))),
        UNKNOWN,
    ),
    "a check does not apply since the baseline": (
        against(before(), report(outcomes=outcome("credit-balance", NotApplicable(reason="it is absent")))),
        UNKNOWN,
    ),
    "a check looks at nothing since the baseline": (
        against(before(), report(outcomes=outcome("credit-balance", EMPTY))),
        UNKNOWN,
    ),
    "the store holds no run to compare with": (lambda _: ("--baseline-environment", "staging"), UNKNOWN),
    "the store cannot be read": (
        content(b"not a database at all" * 100, "store.db", "--baseline-environment", "staging"),
        UNKNOWN,
    ),
    # What a person tells it
    "shadow mode is over": (
        with_config('[release.shadow]\n"credit-balance" = 2026-01-01\n', made=report(BALANCE)),
        BLOCKED,
    ),
    "shadow mode of a check that does not exist": (
        with_config('[release.shadow]\n"credit-balances" = 2126-01-01\n'),
        USAGE,
    ),
    "shadow mode, and the check broke": (
        with_config(
            '[release.shadow]\n"credit-balance" = 2126-01-01\n',
            made=report(outcomes=outcome("credit-balance", Broken(error="Overflow"))),
        ),
        UNKNOWN,
    ),
    "the config is broken": (with_config("[release]\nfail_on = 'never'\n"), USAGE),
    "since a day to come": (lambda _: ("--since", f"{now() + 2 * DAY:%Y-%m-%d}"), USAGE),
    "since no day": (lambda _: ("--since", "2026-02-31"), USAGE),
    "since a run that nobody knows": (lambda _: ("--since", "0198c2f1"), UNKNOWN),
    "since a moment after the report": (lambda _: ("--since", f"{now():%Y-%m-%dT%H:%M:%S.%f}"), UNKNOWN),
    "a file and a run are to be judged": (lambda _: ("--run", "newest"), USAGE),
    "the verdict cannot be written": (lambda _: ("--output", "no-such-folder/verdict.txt"), USAGE),
    "there is no step to summarise": (lambda _: ("--step-summary",), USAGE),
}


@pytest.fixture(autouse=True)
def _outside_of_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


ROWS |= documents.ROWS | orders.ROWS


def test_there_are_enough_rows() -> None:
    """Each is another input, and a name that two themes use is one of them."""
    assert len(ROWS) + len(companies.ROWS) + len(HTTP) + len(STREAMS) >= 250


def test_with_nothing_wrong_it_ends_with_zero(tmp_path: Path) -> None:
    ready(tmp_path)
    made = gate(tmp_path, "--report", "report.json")
    assert (made.code, made.error) == (0, ""), made.out
    save(before(BALANCE), tmp_path / "baseline.json")
    save(report(BALANCE), tmp_path / "report.json")
    made = gate(tmp_path, "--report", "report.json", "--baseline", "baseline.json")
    assert made.code == 0, made.out


@pytest.mark.parametrize("row", ROWS)
def test_a_fault_never_ends_with_zero(row: str, tmp_path: Path) -> None:
    fault, code = ROWS[row]
    arguments = fault(ready(tmp_path))
    made = gate(tmp_path, "--report", "report.json", *arguments)
    assert made.code == code, made.out + made.error
    assert made.code != 0
    assert made.out or made.error


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_company(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def company(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "company")


def test_a_company_with_nothing_wrong_ends_with_zero(company: Path) -> None:
    made = gate(company)
    assert (made.code, made.error) == (0, ""), made.out


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, marks=[pytest.mark.slow], id=row) for row in companies.ROWS],
)
def test_a_fault_of_a_living_company_never_ends_with_zero(row: str, company: Path) -> None:
    fault, code = companies.ROWS[row]
    fault(company)
    made = gate(company)
    assert made.code == code, made.out + made.error
    assert made.code != 0


ALLOWED_BODY = b'{"limits": {"seats": 1}, "features": {"exports": true}}'
HTTP: dict[str, tuple[Reply, int]] = {
    "it says yes where a plan must not": (answer(200, ALLOWED_BODY), BLOCKED),
    "it holds a name twice": (answer(200, b'{"features": {"exports": false, "exports": true}}'), UNKNOWN),
    "it holds an object twice": (answer(200, b'{"features": {"exports": true}, "features": {}}'), UNKNOWN),
    "it holds a text": (answer(200, b'{"features": {"exports": "true"}}'), UNKNOWN),
    "it holds a number": (answer(200, b'{"features": {"exports": 1}}'), UNKNOWN),
    "it holds nothing": (answer(200, b'{"features": {"exports": null}}'), UNKNOWN),
    "it holds nothing of the feature": (answer(200, b'{"features": {}}'), UNKNOWN),
    "it is no JSON": (answer(200, b"<html>"), UNKNOWN),
    "it is empty": (answer(200, b""), UNKNOWN),
    "it breaks off": (answer(200, ALLOWED_BODY[:20]), UNKNOWN),
    "it is longer than what is read": (answer(200, ALLOWED_BODY + b" " * 70_000), UNKNOWN),
    "it leads elsewhere": (answer(302, b""), UNKNOWN),
    "it wants another token": (answer(401, ALLOWED_BODY), UNKNOWN),
    "it is overloaded": (answer(429, ALLOWED_BODY), UNKNOWN),
    "it is down": (answer(503, ALLOWED_BODY), UNKNOWN),
}
HTTP_PROBE = """\
[gates.probes.api]
kind = "http"
url = "http://127.0.0.1:{port}/{{feature}}"
feature_path = "features.{{feature}}"
limit_path = "limits.{{feature}}"
timeout_seconds = 5
[gates.probes.api.tokens]
FREE = "a"
PRO = "b"
TEAM = "c"
"""


@pytest.mark.parametrize("row", HTTP)
def test_an_answer_of_the_app_that_is_none_never_ends_with_zero(row: str, company: Path) -> None:
    reply, code = HTTP[row]
    with http_sink(None) as sink:
        sink.reply(*[reply] * 6)
        replace(company, PROBE, HTTP_PROBE.format(port=sink.port))
        made = gate(company)
    assert made.code == code, made.out + made.error


FORMATS = ("text", "json", "markdown", "junit", "sarif", "github", "gitlab")
FULL, NO_READER = "a full disk", "no reader"
STREAMS = {f"{shape} and {what}": (shape, what) for shape in FORMATS for what in (FULL, NO_READER)}


@pytest.mark.parametrize("row", STREAMS)
def test_a_verdict_that_does_not_reach_its_reader_is_no_success(row: str, tmp_path: Path) -> None:
    shape, what = STREAMS[row]
    ready(tmp_path)
    with contextlib.ExitStack() as opened:
        if what == FULL:
            out: IO[bytes] = opened.enter_context(Path("/dev/full").open("wb"))
        else:
            reading, writing = os.pipe()
            os.close(reading)
            out = opened.enter_context(os.fdopen(writing, "wb"))
        arguments = ("gate", "--report", "report.json", "--format", shape)
        used, error = trueup_within(*arguments, cwd=tmp_path, variables={}, limits={}, deadline_seconds=60, out=out)
    assert used.code == UNKNOWN, error
    assert error.count("\n") == (1 if what == FULL else 0), error
    assert "Traceback" not in error


@pytest.mark.parametrize("row", ROWS)
def test_what_is_let_pass_by_name_says_so_and_is_never_known_to_be_bad(row: str, tmp_path: Path) -> None:
    fault, code = ROWS[row]
    arguments = fault(ready(tmp_path))
    made = gate(tmp_path, "--report", "report.json", "--allow-inconclusive", *arguments)
    if made.code == 0:
        assert code == UNKNOWN
        assert "--allow-inconclusive: what is unknown passes." in made.out
    else:
        assert made.code == code, made.out + made.error
