"""The sentences about a verdict that all formats share."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trueup.formats.wording import counted, instant
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Standing

if TYPE_CHECKING:
    from trueup.model.release import Judged, Question, Verdict
    from trueup.model.report import Report


def headline(verdict: Verdict) -> str:
    """The verdict in one sentence."""
    match verdict.status:
        case GuardrailStatus.ALLOWED:
            return "This may be released."
        case GuardrailStatus.BLOCKED:
            return "This must not be released."
        case GuardrailStatus.UNKNOWN if verdict.passes:
            return "It is not known whether this may be released; --allow-inconclusive lets it pass."
        case GuardrailStatus.UNKNOWN:
            return "It is not known whether this may be released."


def ignored_gaps(verdict: Verdict) -> str | None:
    """The note that ``--allow-inconclusive`` was given, and its effect; None when it was not given."""
    if not verdict.rules.allow_inconclusive:
        return None
    effect = "it changed nothing" if verdict.status is not GuardrailStatus.UNKNOWN else "what is unknown passes"
    return f"--allow-inconclusive: {effect}."


def findings_to_show(verdict: Verdict) -> tuple[Judged, ...]:
    """The findings that every format shows: those that block, would block, or may block."""
    wanted = {Standing.UNKNOWN, Standing.SHADOW}
    return tuple(finding for finding in verdict.findings if finding.standing.blocks or finding.standing in wanted)


def others(verdict: Verdict) -> str:
    """How many findings passed, by standing; empty when none did."""
    quiet = (Standing.OLD, Standing.BELOW, Standing.EXEMPTED)
    counts = Counter(finding.standing for finding in verdict.findings)
    words = {Standing.OLD: "old", Standing.BELOW: f"below {verdict.rules.fail_on}", Standing.EXEMPTED: "exempted"}
    return ", ".join(f"{counts[standing]:,} {words[standing]}" for standing in quiet if counts[standing])


def of_run(report: Report) -> str:
    """The report's identity, for a person."""
    return f"run {report.run_id} of {report.environment}, made {instant(report.generated_at)}"


def question_text(question: Question) -> str:
    """Why a question is not allowed, in one line; the findings behind it are counted."""
    parts = list(question.reasons)
    parts += [f"{counted(count, 'finding')} {word}." for word, count in _counts(question)]
    return " ".join(parts)


def _counts(question: Question) -> list[tuple[str, int]]:
    blocking = sum(finding.standing.blocks for finding in question.findings)
    unknown = sum(finding.standing is Standing.UNKNOWN for finding in question.findings)
    shadowed = sum(finding.standing is Standing.SHADOW for finding in question.findings)
    words = (
        ("that block", blocking),
        ("that may be new", unknown),
        ("in shadow mode", shadowed),
    )
    return [(word, count) for word, count in words if count]
