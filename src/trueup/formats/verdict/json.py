"""The verdict as one JSON document. Its schema lies in the folder above: ``verdict.schema.json``. It is ASCII."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from trueup.formats.verdict.wording import headline
from trueup.formats.wording import Json, exact, impact, instant

if TYPE_CHECKING:
    from trueup.formats.presentation import Presentation
    from trueup.model.release import Judged, Question, Verdict
    from trueup.model.report import Report

SCHEMA_VERSION = 1


def write(verdict: Verdict, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write the document, every finding on a line of its own: those that are let pass too."""
    out.write("{\n")
    out.writelines(f"  {json.dumps(name)}: {json.dumps(value)},\n" for name, value in _head(verdict).items())
    _write_list(out, "questions", [_question(one) for one in verdict.questions])
    out.write(",\n")
    _write_list(out, "findings", [_finding(one) for one in verdict.findings])
    out.write("\n}\n")


def _write_list(out: TextIO, name: str, items: list[dict[str, Json]]) -> None:
    lines = ",\n    ".join(json.dumps(item, allow_nan=False) for item in items)
    out.write(f'  "{name}": [\n    {lines}\n  ]' if items else f'  "{name}": []')


def _head(verdict: Verdict) -> dict[str, Json]:
    rules = verdict.rules
    return {
        "schemaVersion": SCHEMA_VERSION,
        "status": verdict.status.value,
        "passes": verdict.passes,
        "says": headline(verdict),
        "allowInconclusive": rules.allow_inconclusive,
        "failOn": rules.fail_on.value,
        "since": instant(rules.since) if rules.since else None,
        "maxAgeMinutes": rules.max_age_minutes,
        "judgedAt": instant(verdict.judged_at),
        "report": _run(verdict.report),
        "baseline": _run(verdict.baseline) if verdict.baseline else None,
    }


def _run(report: Report) -> dict[str, Json]:
    return {
        "runId": exact(report.run_id),
        "environment": exact(report.environment),
        "generatedAt": instant(report.generated_at),
        "periodDays": report.period_days,
        "complete": report.complete,
    }


def _question(question: Question) -> dict[str, Json]:
    return {
        "id": question.id,
        "asks": question.asks,
        "status": question.status.value,
        "reasons": [exact(reason) for reason in question.reasons],
        "notes": [exact(note) for note in question.notes],
    }


def _finding(one: Judged) -> dict[str, Json]:
    finding = one.finding
    return {
        "id": exact(finding.id),
        "standing": one.standing.value,
        "blocks": one.standing.blocks,
        "reason": exact(one.reason),
        "blocksFrom": one.blocks_from.isoformat() if one.blocks_from else None,
        "check": exact(finding.check),
        "category": finding.area.value,
        "severity": finding.severity.value,
        "title": exact(finding.title),
        "message": exact(finding.message),
        "subject": exact(finding.subject),
        "fingerprint": finding.fingerprint,
        "impact": impact(finding.impact),
        "firstSeen": instant(one.first_seen),
    }
