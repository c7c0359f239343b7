"""GitHub's annotations of a verdict: what blocks is an error, what only passes for now is a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from trueup.formats.github import annotation
from trueup.formats.verdict.wording import findings_to_show, headline, ignored_gaps
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Standing

if TYPE_CHECKING:
    from trueup.formats.presentation import Presentation
    from trueup.model.release import Verdict


def write(verdict: Verdict, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write the verdict, each reason of a question, and each finding that blocks, would block, or may block."""
    unknown = "warning" if verdict.rules.allow_inconclusive else "error"
    levels = {GuardrailStatus.BLOCKED: "error", GuardrailStatus.UNKNOWN: unknown, GuardrailStatus.ALLOWED: "notice"}
    gaps = ignored_gaps(verdict)
    says = f"{headline(verdict)} {gaps}" if gaps else headline(verdict)
    out.write(annotation(levels[verdict.status], f"trueup gate: {verdict.status.value}", says))
    for question in verdict.questions:
        title = f"{question.id}: {question.status.value}"
        out.writelines(annotation(levels[question.status], title, reason) for reason in question.reasons)
    for judged in findings_to_show(verdict):
        level = "warning" if judged.standing is Standing.SHADOW else "error"
        text = f"{judged.finding.id}: {judged.finding.message} {judged.reason}"
        out.write(annotation(level, f"{judged.standing.value}: {judged.finding.title}", text))
