"""SARIF 2.1.0 of a verdict: each finding with its baseline state, everything unknown as a notification."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TextIO

from trueup import __version__
from trueup.formats.sarif import LEVELS, RESULT_LIMIT, SCHEMA, dump, fingerprints, location, message, notification
from trueup.formats.verdict.wording import ignored_gaps
from trueup.formats.wording import Json, exact, impact, instant
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.formats.presentation import Presentation
    from trueup.model.finding import Finding
    from trueup.model.release import Judged, Verdict

# SARIF 2.1.0, 3.27.24: new, unchanged, updated or absent where there is a baseline; omitted otherwise.
_STATES = {Standing.NEW: "new", Standing.WORSE: "updated", Standing.OLD: "unchanged"}
_LET_PASS = {Standing.EXEMPTED, Standing.OLD, Standing.SHADOW}


def write(verdict: Verdict, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write one run with every finding; those that pass are suppressed."""
    kept = list(itertools.islice(verdict.findings, RESULT_LIMIT))
    checks = {judged.finding.check: judged.finding for judged in kept}
    numbers = {check: number for number, check in enumerate(checks)}
    driver = {
        "name": "trueup",
        "semanticVersion": __version__,
        "rules": [_rule(judged) for judged in checks.values()],
    }
    out.write(f'{{"$schema": {dump(SCHEMA)}, "version": "2.1.0", "runs": [{{\n')
    out.write(f'  "tool": {dump({"driver": driver})},\n')
    out.write(f'  "automationDetails": {dump({"id": f"trueup-gate/{exact(verdict.report.environment)}/"})},\n')
    out.write(f'  "invocations": [{dump(_invocation(verdict, left_out=len(verdict.findings) - len(kept)))}],\n')
    out.write('  "results": [')
    separator = "\n    "
    for judged in kept:
        out.write(separator + dump(_result(judged, rule_number=numbers[judged.finding.check])))
        separator = ",\n    "
    out.write("\n  ]\n}]}\n")


def _rule(finding: Finding) -> dict[str, Json]:
    return {
        "id": exact(finding.check),
        "helpUri": f"docs/checks/{exact(finding.check)}.md",
        "shortDescription": {"text": exact(finding.title)},
        "properties": {"tags": ["billing", finding.area.value]},
    }


def _result(judged: Judged, *, rule_number: int) -> dict[str, Json]:
    finding = judged.finding
    suppression: dict[str, Json] = {"kind": "external", "status": "accepted", "justification": exact(judged.reason)}
    result: dict[str, Json] = {
        "ruleId": exact(finding.check),
        "ruleIndex": rule_number,
        "level": LEVELS[finding.severity],
        "message": message(f"{finding.message} {judged.reason}"),
        "locations": [location(finding.subject, finding.id)],
        "partialFingerprints": fingerprints(finding.fingerprint),
        "suppressions": [suppression] if judged.standing in _LET_PASS else [],
        "properties": {
            "issueId": exact(finding.id),
            "severity": finding.severity.value,
            "standing": judged.standing.value,
            "blocks": judged.standing.blocks,
            "impact": impact(finding.impact),
        },
    }
    if judged.standing in _STATES:
        result["baselineState"] = _STATES[judged.standing]
    return result


def _invocation(verdict: Verdict, *, left_out: int) -> dict[str, Json]:
    notes: list[Json] = [notification(text) for text in _notes(verdict)]
    if left_out:
        notes.append(notification(f"{left_out:,} findings were left out; none is worse than those shown."))
    return {
        "executionSuccessful": verdict.status is not GuardrailStatus.UNKNOWN,
        "endTimeUtc": instant(verdict.judged_at),
        "toolExecutionNotifications": notes,
    }


def _notes(verdict: Verdict) -> Iterator[str]:
    for question in verdict.questions:
        for reason in question.reasons:
            yield f"{question.id} is {question.status.value}: {reason}"
    if gaps := ignored_gaps(verdict):
        yield gaps
