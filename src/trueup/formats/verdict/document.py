"""The verdict's JSON document, declared once: the writer and ``verdict.schema.json`` come from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr, WithJsonSchema

from trueup.formats.document import DocumentPart
from trueup.formats.report_document import IssueImpact
from trueup.formats.scalars import Day, Fingerprint, Moment
from trueup.formats.verdict.wording import headline
from trueup.formats.wording import exact, money
from trueup.model.finding import Area
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Standing
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from trueup.model.release import Judged, Question, Verdict
    from trueup.model.report import Report

SCHEMA_VERSION = 1


class JudgedRun(DocumentPart):
    """The report that was judged, or compared with."""

    run_id: StrictStr
    environment: StrictStr
    generated_at: Moment
    period_days: Annotated[StrictInt, Field(ge=1)]
    complete: StrictBool


class AskedQuestion(DocumentPart):
    """One question that the gate asked."""

    id: StrictStr
    asks: StrictStr
    status: GuardrailStatus
    reasons: Annotated[
        list[StrictStr], Field(description="Why it is not allowed, beside the findings of its category.")
    ]
    notes: Annotated[list[StrictStr], Field(description="Remarks that do not change the answer.")]


class JudgedFinding(DocumentPart):
    """One finding of the report, and what it means for the release."""

    id: Annotated[StrictStr, Field(description="<check>:<subject>")]
    standing: Standing
    blocks: StrictBool
    reason: StrictStr
    blocks_from: Annotated[Day | None, Field(description="The day from which a finding in shadow mode blocks.")]
    check: StrictStr
    category: Area
    severity: Severity
    title: StrictStr
    message: StrictStr
    subject: StrictStr
    fingerprint: Fingerprint
    impact: IssueImpact
    first_seen: Moment


class VerdictHead(DocumentPart):
    """A verdict without its lists."""

    schema_version: Annotated[StrictInt, WithJsonSchema({"const": SCHEMA_VERSION})] = SCHEMA_VERSION
    status: Annotated[GuardrailStatus, Field(description="The worst status of a question.")]
    passes: Annotated[
        StrictBool,
        Field(description="Whether the command ends with 0: allowed, or unknown where the caller lets that pass."),
    ]
    says: StrictStr
    allow_inconclusive: StrictBool
    fail_on: Severity
    since: Annotated[Moment | None, Field(description="Findings first seen by then pass.")]
    max_age_minutes: Annotated[StrictInt, Field(ge=1)]
    judged_at: Moment
    report: JudgedRun
    baseline: JudgedRun | None


class VerdictDocument(VerdictHead):
    """The verdict of `trueup gate`. Credits are strings, money is integer minor units by currency, moments are UTC."""

    questions: list[AskedQuestion]
    findings: Annotated[list[JudgedFinding], Field(description="Every finding of the report; blocking ones first.")]


def verdict_document(verdict: Verdict) -> VerdictDocument:
    """Return the verdict as its document."""
    rules = verdict.rules
    return VerdictDocument(
        status=verdict.status,
        passes=verdict.passes,
        says=headline(verdict),
        allow_inconclusive=rules.allow_inconclusive,
        fail_on=rules.fail_on,
        since=rules.since,
        max_age_minutes=rules.max_age_minutes,
        judged_at=verdict.judged_at,
        report=_run(verdict.report),
        baseline=_run(verdict.baseline) if verdict.baseline else None,
        questions=[_question(question) for question in verdict.questions],
        findings=[_finding(judged) for judged in verdict.findings],
    )


def _run(report: Report) -> JudgedRun:
    return JudgedRun(
        run_id=exact(report.run_id),
        environment=exact(report.environment),
        generated_at=report.generated_at,
        period_days=report.period_days,
        complete=report.complete,
    )


def _question(question: Question) -> AskedQuestion:
    return AskedQuestion(
        id=question.id,
        asks=question.asks,
        status=question.status,
        reasons=[exact(reason) for reason in question.reasons],
        notes=[exact(note) for note in question.notes],
    )


def _finding(judged: Judged) -> JudgedFinding:
    finding = judged.finding
    return JudgedFinding(
        id=exact(finding.id),
        standing=judged.standing,
        blocks=judged.standing.blocks,
        reason=exact(judged.reason),
        blocks_from=judged.blocks_from,
        check=exact(finding.check),
        category=finding.area,
        severity=finding.severity,
        title=exact(finding.title),
        message=exact(finding.message),
        subject=exact(finding.subject),
        fingerprint=finding.fingerprint,
        impact=IssueImpact(money=money(finding.impact), credits=finding.impact.credits),
        first_seen=judged.first_seen,
    )
