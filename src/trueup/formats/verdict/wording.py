"""What all formats say of a verdict, in the same words."""

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
            return "Whether this may be released is not known, and --allow-inconclusive lets it pass."
        case GuardrailStatus.UNKNOWN:
            return "Whether this may be released is not known."


def ignored_gaps(verdict: Verdict) -> str | None:
    """That ``--allow-inconclusive`` was given, and what it did; None when it was not."""
    if not verdict.rules.allow_inconclusive:
        return None
    effect = "it changed nothing" if verdict.status is not GuardrailStatus.UNKNOWN else "what is unknown is let pass"
    return f"--allow-inconclusive: {effect}."


def told(verdict: Verdict) -> tuple[Judged, ...]:
    """The findings that every format holds: those that block, would block, or may."""
    wanted = {Standing.UNKNOWN, Standing.SHADOW}
    return tuple(one for one in verdict.findings if one.standing.blocks or one.standing in wanted)


def others(verdict: Verdict) -> str:
    """How many findings were let pass, by standing; empty when none was."""
    quiet = (Standing.OLD, Standing.BELOW, Standing.EXEMPTED)
    counts = Counter(one.standing for one in verdict.findings)
    words = {Standing.OLD: "old", Standing.BELOW: f"below {verdict.rules.fail_on}", Standing.EXEMPTED: "exempted"}
    return ", ".join(f"{counts[standing]:,} {words[standing]}" for standing in quiet if counts[standing])


def of_run(report: Report) -> str:
    """Which report this is."""
    return f"run {report.run_id} of {report.environment}, made {instant(report.generated_at)}"


def question_text(question: Question) -> str:
    """Why a question is not allowed, in one line; what it rests on is counted."""
    parts = list(question.reasons)
    parts += [f"{counted(count, 'finding')} {word}." for word, count in _counts(question)]
    return " ".join(parts)


def _counts(question: Question) -> list[tuple[str, int]]:
    blocking = sum(one.standing.blocks for one in question.findings)
    unknown = sum(one.standing is Standing.UNKNOWN for one in question.findings)
    shadowed = sum(one.standing is Standing.SHADOW for one in question.findings)
    words = (
        ("in the way", blocking),
        ("of which nobody knows whether it is new", unknown),
        ("in shadow mode", shadowed),
    )
    return [(word, count) for word, count in words if count]
