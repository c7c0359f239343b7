"""The report as one JSON document, also the body of the API's answer. Its schema lies beside: ``report.schema.json``.

One issue stands on one line, so that a document of any size can be searched and compared line by line, and is written
without being built. It is ASCII: every reader and every pipe takes it as it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from trueup.formats.wording import Json, change_text, evidence, exact, impact, instant, money
from trueup.model.change import Change, Refusal
from trueup.model.money import credits_text
from trueup.model.outcome import Broken, Checked, CheckOutcome, Off, Skipped
from trueup.model.report import SCHEMA_VERSION, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.formats.presentation import Presentation
    from trueup.model.finding import Finding
    from trueup.model.gate import PlanGate
    from trueup.model.guardrail import Guardrail
    from trueup.model.relations import Exemption


def write(report: Report, out: TextIO, presentation: Presentation) -> None:
    """Write the document; its fields are described in ``report.schema.json``.

    An issue that the presentation knows no earlier moment of was first seen by this report.
    """
    out.write("{\n")
    out.writelines(f"  {_dump(name)}: {_dump(value)},\n" for name, value in _before_issues(report))
    known, moment = presentation.first_seen, report.generated_at
    issues = (issue(f, first_seen=instant(known.get(f.fingerprint, moment))) for f in report.findings())
    _write_list(out, "issues", issues)
    out.write(f',\n  "nextCursor": {_dump(None)}')  # a document that is written is whole; only the API pages
    for name, items in _after_issues(report):
        out.write(",\n")
        _write_list(out, name, items)
    out.write("\n}\n")


def head(report: Report) -> str:
    """The document without what is paged, as JSON text: no ``issues``, no ``nextCursor``."""
    found = dict(_before_issues(report))
    return _dump(found | {name: list(items) for name, items in _after_issues(report)})


def _dump(value: object) -> str:
    return json.dumps(value, allow_nan=False)


def _write_list(out: TextIO, name: str, items: Iterator[dict[str, Json]]) -> None:
    out.write(f"  {_dump(name)}: [")
    separator = "\n    "
    for item in items:
        out.write(separator + _dump(item))
        separator = ",\n    "
    out.write("]" if separator == "\n    " else "\n  ]")


def _before_issues(report: Report) -> Iterator[tuple[str, object]]:
    database, stripe = report.database_as_of, report.stripe_as_of
    yield "schemaVersion", SCHEMA_VERSION
    yield "runId", exact(report.run_id)
    yield "generatedAt", instant(report.generated_at)
    yield "environment", exact(report.environment)
    yield "periodDays", report.period_days
    yield (
        "asOf",
        {"database": instant(database) if database else None, "stripe": instant(stripe) if stripe else None},
    )
    yield "summary", summary(report)
    yield (
        "scoreBreakdown",
        [
            {
                "check": exact(line.check),
                "severity": line.severity.value,
                "findings": line.findings,
                "population": line.population,
                "penalty": line.penalty,
            }
            for line in report.score_lines
        ],
    )


def _after_issues(report: Report) -> Iterator[tuple[str, Iterator[dict[str, Json]]]]:
    yield "planGates", (_plan_gate(gate) for gate in report.plan_gates)
    yield "guardrails", (_guardrail(guardrail) for guardrail in report.guardrails)
    yield "outcomes", (outcome(made) for made in report.outcomes)
    yield "relations", _relations(report)


def summary(report: Report) -> dict[str, Json]:
    """The counts and sums over the whole report. Exempted issues count in none of them."""
    alerts = revenue_impacting = repairable = 0
    for finding in report.open_findings():
        alerts += finding.alerts
        revenue_impacting += finding.revenue_impacting
        repairable += finding.repairable
    at_risk = report.at_risk
    return {
        "status": report.status.value,
        "score": report.score,
        "confidence": report.confidence,
        "alertCount": alerts,
        "severities": {severity.value: count for severity, count in report.severities.items()},
        "checkedUsers": report.rows_read("account"),
        "checkedTransactions": report.rows_read("ledger_entry"),
        "checkedWebhookEvents": report.rows_read("webhook_event"),
        "failedPlanGates": sum(not gate.passed for gate in report.plan_gates),
        "revenueImpactingIssues": revenue_impacting,
        "repairableIssues": repairable,
        "moneyAtRisk": money(at_risk),
        "creditsAtRisk": credits_text(at_risk.credits),
    }


def issue(finding: Finding, *, first_seen: str) -> dict[str, Json]:
    """One finding as the API's issue. ``first_seen`` is ISO 8601."""
    return {
        "id": exact(finding.id),
        "check": exact(finding.check),
        "category": finding.area.value,
        "severity": finding.severity.value,
        "title": exact(finding.title),
        "message": exact(finding.message),
        "subject": exact(finding.subject),
        "fingerprint": finding.fingerprint,
        "revenueImpacting": finding.revenue_impacting,
        "impact": impact(finding.impact),
        "evidence": evidence(finding),
        "firstSeen": first_seen,
        "exemption": _exemption(finding.exemption),
        "repair": _repair(finding.repair),
    }


def _exemption(exemption: Exemption | None) -> dict[str, Json] | None:
    if not exemption:
        return None
    expires_at = exemption.expires_at.isoformat() if exemption.expires_at else None
    return {
        "subject": None if exemption.subject is None else exact(exemption.subject),
        "plan": None if exemption.plan is None else exact(exemption.plan),
        "owner": exact(exemption.owner),
        "reason": exact(exemption.reason),
        "expiresAt": expires_at,
    }


def _repair(repair: Change | Refusal | None) -> dict[str, Json] | None:
    match repair:
        case Change():
            return {"kind": repair.kind, "safe": repair.safe, "change": change_text(repair)}
        case Refusal():
            return {"refused": exact(repair.reason)}
        case None:
            return None


def _plan_gate(gate: PlanGate) -> dict[str, Json]:
    return {
        "feature": exact(gate.feature),
        "plan": exact(gate.plan),
        "expected": gate.expected,
        "actual": gate.actual,
        "accepted": gate.accepted,
        "passed": gate.passed,
    }


def _guardrail(guardrail: Guardrail) -> dict[str, Json]:
    reasons: list[Json] = [exact(reason) for reason in guardrail.reasons]
    return {"id": guardrail.id, "status": guardrail.status.value, "reasons": reasons}


def outcome(made: CheckOutcome) -> dict[str, Json]:
    """What became of one check, as the report has it."""
    name, population, findings, reason = "off", 0, 0, None
    match made.outcome:
        case Checked() as checked:
            name, population, findings = "checked", checked.population, len(checked.findings)
        case Skipped(reason=text):
            name, reason = "skipped", exact(text)
        case Broken(error=text):
            name, reason = "broken", exact(text)
        case Off():
            pass
    return {
        "check": exact(made.check),
        "outcome": name,
        "population": population,
        "findings": findings,
        "reason": reason,
        "milliseconds": made.milliseconds,
    }


def _relations(report: Report) -> Iterator[dict[str, Json]]:
    for read in report.relations:
        yield {
            "relation": read.relation,
            "table": exact(read.table),
            "rows": read.rows,
            "unreadableRows": read.unreadable_rows,
            "problem": exact(read.problem) if read.problem else None,
        }
