"""GitHub's annotations of a verdict: what blocks is an error, what is let pass only for now a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from trueup.formats.github import annotation
from trueup.formats.verdict.wording import headline, ignored_gaps, told
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Standing

if TYPE_CHECKING:
    from trueup.formats.presentation import Presentation
    from trueup.model.release import Verdict


def write(verdict: Verdict, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write the verdict, each reason of a question, and each finding that blocks, would block, or may."""
    unknown = "warning" if verdict.rules.allow_inconclusive else "error"
    levels = {GuardrailStatus.BLOCKED: "error", GuardrailStatus.UNKNOWN: unknown, GuardrailStatus.ALLOWED: "notice"}
    gaps = ignored_gaps(verdict)
    says = f"{headline(verdict)} {gaps}" if gaps else headline(verdict)
    out.write(annotation(levels[verdict.status], f"trueup gate: {verdict.status.value}", says))
    for question in verdict.questions:
        title = f"{question.id}: {question.status.value}"
        out.writelines(annotation(levels[question.status], title, reason) for reason in question.reasons)
    for one in told(verdict):
        level = "warning" if one.standing is Standing.SHADOW else "error"
        text = f"{one.finding.id}: {one.finding.message} {one.reason}"
        out.write(annotation(level, f"{one.standing.value}: {one.finding.title}", text))
