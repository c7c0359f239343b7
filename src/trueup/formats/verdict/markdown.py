"""The verdict in Markdown, for a step's summary or a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from trueup.formats.markdown import code, escaped
from trueup.formats.verdict.wording import findings_to_show, headline, ignored_gaps, of_run, others, question_text
from trueup.model.guardrail import GuardrailStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.formats.presentation import Presentation
    from trueup.model.release import Verdict

SHOWN = 200
"""The most findings that are listed: GitHub accepts a summary of at most one mebibyte."""

_MARKS = {
    GuardrailStatus.ALLOWED: "\N{LARGE GREEN CIRCLE}",
    GuardrailStatus.BLOCKED: "\N{LARGE RED CIRCLE}",
    GuardrailStatus.UNKNOWN: "\N{MEDIUM WHITE CIRCLE}",
}


def write(verdict: Verdict, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write the verdict, its questions and the findings that it rests on, at most 200 of them."""
    out.writelines(f"{line}\n" for line in _lines(verdict))


def _lines(verdict: Verdict) -> Iterator[str]:
    yield f"## {_MARKS[verdict.status]} Release gate: {verdict.status.value}"
    yield ""
    yield escaped(headline(verdict))
    yield ""
    yield f"Report: {escaped(of_run(verdict.report))}"
    yield ""
    if verdict.baseline is not None:
        yield f"Baseline: {escaped(of_run(verdict.baseline))}"
        yield ""
    if gaps := ignored_gaps(verdict):
        yield f"**{escaped(gaps)}**"
        yield ""
    yield "| | Question | Why |"
    yield "| --- | --- | --- |"
    for question in verdict.questions:
        why = " ".join(part for part in (question_text(question), *question.notes) if part)
        yield f"| {_MARKS[question.status]} {question.status.value} | {escaped(question.asks)} | {escaped(why)} |"
    yield ""
    yield from _findings(verdict)
    if rest := others(verdict):
        yield f"Not blocking: {escaped(rest)}."


def _findings(verdict: Verdict) -> Iterator[str]:
    findings = findings_to_show(verdict)
    if not findings:
        return
    yield "| | Finding | What | Why |"
    yield "| --- | --- | --- | --- |"
    for judged in findings[:SHOWN]:
        finding = judged.finding
        standing = f"{judged.standing.value}, {finding.severity.value}"
        yield f"| {standing} | {code(finding.id)} | {escaped(finding.message)} | {escaped(judged.reason)} |"
    yield ""
    if len(findings) > SHOWN:
        yield f"and {len(findings) - SHOWN:,} more (`--format json` shows all)"
        yield ""
