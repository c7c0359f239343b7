"""The report as one JSON document, also the body of the API's answer. ``report_document.py`` declares its fields.

Each issue is on one line, so that a document of any size can be searched and compared line by line, and it is written
without being built in memory. It is ASCII: every reader and every pipe accepts it unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from trueup.formats import report_document as document
from trueup.formats.document import as_json, dump, write_list
from trueup.formats.wording import change_text, evidence, exact, money
from trueup.model.change import Change, DescribedChange, Refusal
from trueup.model.report import SCHEMA_VERSION, Report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trueup.formats.presentation import Presentation
    from trueup.model.finding import Finding
    from trueup.model.guardrail import Guardrail
    from trueup.model.kept_books import Rereading
    from trueup.model.outcome import CheckOutcome
    from trueup.model.relations import Exemption
    from trueup.model.report import RelationRead


def write(report: Report, out: TextIO, presentation: Presentation) -> None:
    """Write the document.

    An issue for which the presentation has no earlier moment was first seen by this report.
    """
    fields = _head(report)
    known, moment = presentation.first_seen, report.generated_at
    issues = (as_json(issue(f, first_seen=known.get(f.fingerprint, moment))) for f in report.findings())
    out.write("{\n")
    out.writelines(f"  {dump(name)}: {dump(fields[name])},\n" for name in _BEFORE_ISSUES)
    write_list(out, "issues", issues)
    out.write(f',\n  "nextCursor": {dump(None)}')  # a document that is written is complete; only the API pages
    for name in _AFTER_ISSUES:
        out.write(",\n")
        write_list(out, name, fields[name])
    out.write("\n}\n")


def head(report: Report) -> str:
    """Return the document without its paged part, as JSON text: no ``issues``, no ``nextCursor``."""
    return dump(_head(report))


_HEAD = tuple(field.alias or name for name, field in document.ReportHead.model_fields.items())
_BEFORE_ISSUES = _HEAD[: _HEAD.index("scoreBreakdown") + 1]
_AFTER_ISSUES = _HEAD[len(_BEFORE_ISSUES) :]


def _head(report: Report) -> dict[str, Any]:
    return as_json(
        document.ReportHead(
            schema_version=SCHEMA_VERSION,
            run_id=exact(report.run_id),
            generated_at=report.generated_at,
            environment=exact(report.environment),
            period_days=report.period_days,
            as_of=document.AsOf(database=report.database_as_of, stripe=report.stripe_as_of),
            summary=summarise(report),
            rereading=_rereading(report.rereading),
            score_breakdown=list(score_lines(report)),
            plan_gates=[
                document.PlanGate(
                    feature=exact(gate.feature),
                    plan=exact(gate.plan),
                    expected=gate.expected,
                    actual=gate.actual,
                    accepted=gate.accepted,
                    passed=gate.passed,
                )
                for gate in report.plan_gates
            ],
            guardrails=list(map(guardrail, report.guardrails)),
            outcomes=list(map(outcome, report.outcomes)),
            relations=[_relation(read, report.rereading) for read in report.relations],
        )
    )


def _relation(read: RelationRead, rereading: Rereading | None) -> document.RelationRead:
    reread = rereading.relations.get(read.relation) if rereading is not None else None
    return document.RelationRead(
        relation=read.relation,
        table=exact(read.table),
        rows=read.rows,
        unreadable_rows=read.unreadable_rows,
        problem=exact(read.problem) if read.problem else None,
        changed_rows=reread.changed_rows if reread is not None else None,
        whole_because=exact(reread.because) if reread is not None and reread.because else None,
    )


def _rereading(rereading: Rereading | None) -> document.Rereading | None:
    if rereading is None:
        return None
    problem = exact(rereading.problem) if rereading.problem else None
    return document.Rereading(full_read_in_runs=rereading.full_read_in_runs, problem=problem)


def score_lines(report: Report) -> Iterator[document.ScoreLine]:
    """Return the calculation of the score, line by line."""
    for line in report.score_lines:
        yield document.ScoreLine(
            check=exact(line.check),
            severity=line.severity,
            findings=line.findings,
            population=line.population,
            penalty=line.penalty,
        )


def summarise(report: Report) -> document.Summary:
    """Return the counts and sums over the whole report. Exempted issues count in none of them."""
    alerts = revenue_impacting = repairable = 0
    for finding in report.open_findings():
        alerts += finding.alerts
        revenue_impacting += finding.revenue_impacting
        repairable += finding.repairable
    at_risk = report.at_risk
    return document.Summary(
        status=report.status,
        score=report.score,
        confidence=report.confidence,
        checks=document.Checks(**{way.replace("-", "_"): count for way, count in report.check_counts.items()}),
        alert_count=alerts,
        severities=document.Severities(**{str(severity): count for severity, count in report.severities.items()}),
        checked_users=report.rows_read("account"),
        checked_transactions=report.rows_read("ledger_entry"),
        checked_webhook_events=report.rows_read("webhook_event"),
        failed_plan_gates=sum(not gate.passed for gate in report.plan_gates),
        revenue_impacting_issues=revenue_impacting,
        repairable_issues=repairable,
        money_at_risk=money(at_risk),
        credits_at_risk=at_risk.credits,
    )


def issue(finding: Finding, *, first_seen: datetime) -> document.Issue:
    """Return one finding as the API's issue. ``first_seen`` is naive UTC."""
    return document.Issue(
        id=exact(finding.id),
        check=exact(finding.check),
        category=finding.area,
        severity=finding.severity,
        title=exact(finding.title),
        message=exact(finding.message),
        subject=exact(finding.subject),
        fingerprint=finding.fingerprint,
        revenue_impacting=finding.revenue_impacting,
        impact=document.IssueImpact(money=money(finding.impact), credits=finding.impact.credits),
        evidence=evidence(finding),
        first_seen=first_seen,
        exemption=_exemption(finding.exemption),
        repair=_repair(finding.repair),
    )


def _exemption(exemption: Exemption | None) -> document.IssueExemption | None:
    if not exemption:
        return None
    return document.IssueExemption(
        subject=None if exemption.subject is None else exact(exemption.subject),
        plan=None if exemption.plan is None else exact(exemption.plan),
        owner=exact(exemption.owner),
        reason=exact(exemption.reason),
        expires_at=exemption.expires_at,
    )


def _repair(
    repair: Change | DescribedChange | Refusal | None,
) -> document.IssueRepair | document.RepairRefused | None:
    match repair:
        case Change():
            return document.IssueRepair(kind=repair.kind, safe=repair.safe, change=change_text(repair))
        case DescribedChange():
            return document.IssueRepair(kind=repair.kind, safe=repair.safe, change=repair.text)
        case Refusal():
            return document.RepairRefused(refused=exact(repair.reason))
        case None:
            return None


def guardrail(judged: Guardrail) -> document.Guardrail:
    """Return one guardrail in the report's form."""
    return document.Guardrail(id=judged.id, status=judged.status, reasons=[exact(reason) for reason in judged.reasons])


def outcome(result: CheckOutcome) -> document.CheckOutcome:
    """Return how one check ended, in the report's form."""
    return document.CheckOutcome(
        check=exact(result.check),
        outcome=result.answered,
        population=result.population,
        findings=len(result.findings),
        reason=None if result.reason is None else exact(result.reason),
        milliseconds=result.milliseconds,
    )
