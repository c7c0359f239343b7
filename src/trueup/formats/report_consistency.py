"""Whether what a report says adds up: counts are those of its findings, the score is theirs, no name is there twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from trueup.formats import report_document as document
from trueup.formats.json import score_lines, summarise
from trueup.model.finding import fingerprint_of, printable
from trueup.model.outcome import Answered
from trueup.model.redact import MASK
from trueup.model.report import Report

_SHOWN_CHARACTERS = 200


def find_contradictions(written: document.ReportDocument) -> Iterator[str]:
    """Yield what is impossible in the document, before anything is computed from it."""
    if not written.run_id:
        yield "its run has no id"
    if written.next_cursor is not None:
        yield "it is one page of a report, and more pages follow"
    for what, names in (
        ("issue", [issue.id for issue in written.issues if MASK not in issue.id]),
        ("finding's fingerprint", [issue.fingerprint for issue in written.issues]),
        ("outcome of", [outcome.check for outcome in written.outcomes]),
        ("guardrail", [guardrail.id for guardrail in written.guardrails]),
        ("plan gate", [f"{gate.feature}:{gate.plan}" for gate in written.plan_gates]),
    ):
        yield from (f"the {what} {excerpt(name)} is there twice" for name in _duplicates(names))
    for issue in written.issues:
        if issue.id != f"{issue.check}:{issue.subject}":
            yield f"the issue {excerpt(issue.id)} is not named for its check and subject"
        if not is_masked(issue) and issue.fingerprint != fingerprint_of(issue.check, issue.subject):
            yield f"the fingerprint of {excerpt(issue.id)} belongs to another finding"
    yield from _miscounts(written)


def _miscounts(written: document.ReportDocument) -> Iterator[str]:
    numbers = Counter(issue.check for issue in written.issues)
    for outcome in written.outcomes:
        number = numbers.pop(outcome.check, 0)
        if number != outcome.findings:
            yield f"{excerpt(outcome.check)} found {outcome.findings:,}, but the report holds {number:,} of its issues"
        if number and outcome.outcome is not Answered.CHECKED:
            yield f"{excerpt(outcome.check)} was {outcome.outcome} and has issues"
    yield from (f"{excerpt(check)} has issues and no outcome" for check in numbers)


def find_miscalculations(written: document.ReportDocument, report: Report) -> Iterator[str]:
    """Yield where the document's sums differ from its parts."""
    for gate, judged in zip(written.plan_gates, report.plan_gates, strict=True):
        if gate.passed != judged.passed:
            yield f"the plan gate {excerpt(gate.feature)} on {excerpt(gate.plan)} contradicts its own values"
    computed, stated = _by_name(summarise(report)), _by_name(written.summary)
    for name, value in computed.items():
        if stated[name] != value:
            yield f"{name} in the summary differs from its issues and outcomes"
    if Counter(written.score_breakdown) != Counter(score_lines(report)):
        yield "the calculation of the score differs from its issues"


def _by_name(summary: document.Summary) -> dict[str, Any]:
    return summary.model_dump(mode="json", by_alias=True)


def _duplicates(names: Iterable[str]) -> Iterator[str]:
    return (name for name, times in Counter(names).items() if times > 1)


def excerpt(text: str) -> str:
    """Return the beginning of a text of the document, legible in a sentence."""
    return printable(text)[:_SHOWN_CHARACTERS]


def is_masked(issue: document.Issue) -> bool:
    """Return whether the id is masked: the fingerprint belongs to the subject behind the mask."""
    return MASK in issue.id
