"""The verdict for a pipeline's log: the verdict, each question, then the findings that it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from trueup.formats.terminal import TerminalPage
from trueup.formats.verdict.wording import findings_to_show, headline, ignored_gaps, of_run, others
from trueup.formats.wording import counted, legible
from trueup.model.guardrail import GuardrailStatus
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from trueup.formats.presentation import Presentation
    from trueup.model.release import Judged, Question, Verdict

SHOWN = 100
"""The most findings that a log lists."""

COLORS = {
    GuardrailStatus.ALLOWED: "green",
    GuardrailStatus.BLOCKED: "bright_red",
    GuardrailStatus.UNKNOWN: "magenta",
}
_OF_SEVERITY = {
    Severity.CRITICAL: "bright_red",
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
}
_STATUS_WIDTH = max(len(status.value) for status in GuardrailStatus)


def write(verdict: Verdict, out: TextIO, presentation: Presentation) -> None:
    """Write the verdict, with every finding that blocks, would block, or may block."""
    page = TerminalPage(out, presentation)
    color = COLORS[verdict.status]
    head = f" {verdict.status.value.upper()} "
    page.print((head, f"bold reverse {color}" if page.color else ""), "  ", (headline(verdict), f"bold {color}"))
    page.print(("report    ", "dim"), legible(of_run(verdict.report)), indent=1)
    if verdict.baseline is not None:
        page.print(("baseline  ", "dim"), legible(of_run(verdict.baseline)), indent=1)
    if gaps := ignored_gaps(verdict):
        page.print((gaps, "bold magenta"), indent=1)
    page.blank()
    for question in verdict.questions:
        _question(page, question)
    if findings := findings_to_show(verdict):
        page.heading("FINDINGS", counted(len(findings), "finding"))
        for finding in findings[:SHOWN]:
            _finding(page, finding)
        if len(findings) > SHOWN:
            page.blank()
            page.print((f"and {len(findings) - SHOWN:,} more (--format json shows all)", "dim italic"), indent=1)
    if rest := others(verdict):
        page.blank()
        page.print((f"Not blocking: {rest}.", "dim"), indent=1)
    if findings:
        # A person who opens a log sees its end.
        page.blank()
        page.print((head, f"bold reverse {color}" if page.color else ""), "  ", (headline(verdict), f"bold {color}"))


def _question(page: TerminalPage, question: Question) -> None:
    status = question.status.value.ljust(_STATUS_WIDTH)
    page.print((status, f"bold {COLORS[question.status]}"), "  ", question.asks, indent=1)
    for reason in question.reasons:
        page.print(legible(reason), indent=_STATUS_WIDTH + 3)
    for note in question.notes:
        page.print((legible(note), "dim"), indent=_STATUS_WIDTH + 3)


def _finding(page: TerminalPage, judged: Judged) -> None:
    finding = judged.finding
    page.blank()
    words = (f"{judged.standing.value:<8}", finding.severity.value)
    color = _OF_SEVERITY[finding.severity]
    page.unbroken(Text.assemble(" ", (words[0], f"bold {color}"), " ", (legible(finding.id), "bold")))
    page.print((words[1], color), f"  {legible(finding.title)}", indent=10)
    page.print(legible(finding.message), indent=10)
    page.print((legible(judged.reason), "dim"), indent=10)
