"""JUnit XML: each question is a test. Blocked is a failure; unknown is an error, or skipped where it may pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from trueup.formats.junit import JUnitCase, write_suites
from trueup.formats.verdict.wording import ignored_gaps, question_text
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.formats.presentation import Presentation
    from trueup.model.release import Judged, Question, Verdict


def write(verdict: Verdict, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write one suite with a test for each question."""
    cases = [_case(question, verdict) for question in verdict.questions]
    write_suites(out, {"gate": cases}, name=f"trueup gate {verdict.report.environment}", at=verdict.judged_at)


def _case(question: Question, verdict: Verdict) -> JUnitCase:
    unknown = "skipped" if verdict.rules.allow_inconclusive else "error"
    words = {GuardrailStatus.BLOCKED: "failure", GuardrailStatus.UNKNOWN: unknown, GuardrailStatus.ALLOWED: ""}
    gaps = ignored_gaps(verdict)
    bad = [judged for judged in question.findings if judged.standing.blocks or judged.standing is Standing.UNKNOWN]
    shadowed = [judged for judged in question.findings if judged.standing is Standing.SHADOW]
    return JUnitCase(
        name=question.id,
        verdict=words[question.status],
        message=question_text(question) if words[question.status] else "",
        lines=(*question.reasons, *_lines(bad)) if words[question.status] else (),
        notes=(*question.notes, *([gaps] if gaps else []), *_lines(shadowed)),
    )


def _lines(findings: list[Judged]) -> Iterator[str]:
    for judged in findings:
        yield f"[{judged.standing.value}] {judged.finding.id}: {judged.finding.message} {judged.reason}"
