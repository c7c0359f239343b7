"""Read a report's JSON document back into a report. Refuse one that is cut off, changed, or not trueup's.

A document is refused where it contradicts itself: its summary and its score are computed again from its issues and
outcomes. That finds what was cut out, pasted in or reworded by hand. It does not find a forger who changes the issues
and every sum with them: a report is only as trustworthy as the place where it was kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from pydantic import ValidationError

from trueup.formats import report_document as document
from trueup.formats.report_consistency import excerpt, find_contradictions, find_miscalculations, is_masked
from trueup.formats.wording import camel, snake
from trueup.model.change import DescribedChange, Refusal
from trueup.model.errors import ReportUnreadable
from trueup.model.finding import Finding
from trueup.model.gate import PlanGate
from trueup.model.guardrail import Guardrail
from trueup.model.kept_books import RelationReread, Rereading
from trueup.model.money import Impact
from trueup.model.outcome import Answered, Broken, Checked, CheckOutcome, NotApplicable, Off, Outcome, Skipped
from trueup.model.relations import Exemption
from trueup.model.report import SCHEMA_VERSION, RelationRead, Report

OLDEST_READ = 1
"""The oldest version of the document that is read: stored reports and baselines outlive a release of trueup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report that was written earlier. ``first_seen`` holds, by fingerprint, when each finding was first seen.

    Its evidence and its repairs are as the document shows them: exact decimals and moments are text, and a change is
    only described, so it cannot be applied.
    """

    report: Report
    first_seen: Mapping[str, datetime]


def read_report(text: str, *, place: str) -> StoredReport:
    """Return the report in this JSON text. ``place`` names the text in errors. Raises ``ReportUnreadable``."""
    return report_of(parse_json(text, place=place), place=place)


def report_of(parsed: object, *, place: str) -> StoredReport:
    """Return the report in this JSON value, as ``read_report`` does."""
    written = _validate(parsed, place)
    contradiction = next(find_contradictions(written), None)
    if contradiction is None:
        report = _report(written)
        contradiction = next(find_miscalculations(written, report), None)
    if contradiction is not None:
        raise ReportUnreadable(f"{place} contradicts itself, so it was changed after it was made: {contradiction}.")
    return StoredReport(report=report, first_seen={issue.fingerprint: issue.first_seen for issue in written.issues})


def guardrails_of(head: Mapping[str, Any]) -> tuple[Guardrail, ...]:
    """Return the guardrails in the JSON value of a stored report."""
    written = (document.Guardrail.model_validate(part) for part in head["guardrails"])
    return tuple(map(_guardrail, written))


def parse_json(text: str, *, place: str) -> Any:
    """Return the JSON value of a report, or of a part of one, in which no key occurs twice.

    Raises ``ReportUnreadable``.
    """

    def keep_distinct(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, value in pairs:
            if name in values:
                raise ValueError(f'it holds "{excerpt(name)}" twice')
            values[name] = value
        return values

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"it holds {constant}")

    try:
        return json.loads(text, object_pairs_hook=keep_distinct, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise ReportUnreadable(
            f"{place} is not a complete report: it is cut off or damaged at line {error.lineno} "
            f"({error.msg}); make it again with `trueup audit --format json`."
        ) from None
    except RecursionError:
        raise ReportUnreadable(f"{place} is not a report of trueup: it is nested too deeply.") from None
    except ValueError as error:
        raise ReportUnreadable(f"{place} is not a report of trueup: {error}.") from None


def _validate(parsed: object, place: str) -> document.ReportDocument:
    version = parsed.get("schemaVersion") if isinstance(parsed, dict) else None
    if isinstance(version, int) and version not in range(OLDEST_READ, SCHEMA_VERSION + 1):
        raise ReportUnreadable(
            f"{place} has schema version {version}, but this trueup reads {OLDEST_READ} to {SCHEMA_VERSION}; use one "
            "version for both."
        )
    if type(version) is int and version < SCHEMA_VERSION and isinstance(parsed, dict):
        parsed = renewed(parsed)
    try:
        # A key that is not declared is ignored: what a later version adds for people does not change a verdict.
        return document.ReportDocument.model_validate(parsed, extra="ignore")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the document"
        raise ReportUnreadable(f"{place} is not a report of trueup: {excerpt(where)}: {first['msg']}.") from None


def renewed(parsed: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report's document, or its head, in the present form. Version 1 lacks the number of checks by outcome."""
    if parsed.get("schemaVersion") == SCHEMA_VERSION:
        return dict(parsed)
    summary, outcomes = parsed.get("summary"), parsed.get("outcomes")
    if isinstance(summary, dict) and isinstance(outcomes, list):
        ways = [outcome.get("outcome") for outcome in outcomes if isinstance(outcome, dict)]
        counts = {camel(way.replace("-", "_")): ways.count(way.value) for way in Answered}
        parsed = {**parsed, "summary": {**summary, "checks": counts}}
    return {**parsed, "schemaVersion": SCHEMA_VERSION}


def _report(written: document.ReportDocument) -> Report:
    findings: dict[str, list[Finding]] = {}
    for issue in written.issues:
        findings.setdefault(issue.check, []).append(finding_of(issue))
    return Report(
        run_id=written.run_id,
        generated_at=written.generated_at,
        environment=written.environment,
        period_days=written.period_days,
        database_as_of=written.as_of.database,
        stripe_as_of=written.as_of.stripe,
        relations=tuple(
            RelationRead(
                relation=read.relation,
                table=read.table,
                rows=read.rows,
                unreadable_rows=read.unreadable_rows,
                problem=read.problem,
            )
            for read in written.relations
        ),
        outcomes=tuple(
            CheckOutcome(
                check=outcome.check,
                outcome=_outcome(outcome, findings.get(outcome.check, ())),
                milliseconds=outcome.milliseconds,
            )
            for outcome in written.outcomes
        ),
        plan_gates=tuple(
            PlanGate(
                feature=gate.feature,
                plan=gate.plan,
                expected=gate.expected,
                actual=gate.actual,
                accepted=gate.accepted,
            )
            for gate in written.plan_gates
        ),
        guardrails=tuple(map(_guardrail, written.guardrails)),
        rereading=_rereading(written),
    )


def _rereading(written: document.ReportDocument) -> Rereading | None:
    if written.rereading is None:
        return None
    return Rereading(
        relations={
            read.relation: RelationReread(changed_rows=read.changed_rows, because=read.whole_because)
            for read in written.relations
        },
        full_read_in_runs=written.rereading.full_read_in_runs,
        problem=written.rereading.problem,
    )


def _guardrail(guardrail: document.Guardrail) -> Guardrail:
    return Guardrail(id=guardrail.id, status=guardrail.status, reasons=tuple(guardrail.reasons))


def _outcome(outcome: document.CheckOutcome, findings: Iterable[Finding]) -> Outcome:
    match outcome.outcome:
        case Answered.CHECKED:
            return Checked(population=outcome.population, findings=tuple(findings))
        case Answered.SKIPPED:
            return Skipped(reason=outcome.reason or "")
        case Answered.BROKEN:
            return Broken(error=outcome.reason or "")
        case Answered.OFF:
            return Off()
        case Answered.NOT_APPLICABLE:
            return NotApplicable(reason=outcome.reason or "")


def finding_of(issue: document.Issue) -> Finding:
    """Return the finding that an issue of a report is."""
    return Finding(
        check=issue.check,
        area=issue.category,
        severity=issue.severity,
        title=issue.title,
        subject=issue.subject,
        message=issue.message,
        evidence={snake(name): value for name, value in issue.evidence.items()},
        impact=Impact(money=issue.impact.money, credits=issue.impact.credits),
        revenue_impacting=issue.revenue_impacting,
        repair=_repair(issue.repair),
        exemption=None if issue.exemption is None else _exemption(issue, issue.exemption),
        masked_fingerprint=issue.fingerprint if is_masked(issue) else None,
    )


def _exemption(issue: document.Issue, exemption: document.IssueExemption) -> Exemption:
    return Exemption(
        check_id=issue.check,
        subject=exemption.subject,
        plan=exemption.plan,
        owner=exemption.owner,
        reason=exemption.reason,
        expires_at=exemption.expires_at,
    )


def _repair(repair: document.IssueRepair | document.RepairRefused | None) -> DescribedChange | Refusal | None:
    match repair:
        case document.IssueRepair():
            return DescribedChange(kind=repair.kind, safe=repair.safe, text=repair.change)
        case document.RepairRefused():
            return Refusal(reason=repair.refused)
        case None:
            return None
