"""The report's JSON document, declared once: the writer, the reader, the JSON Schema and the API's types come from it.

Every field is always written, in camel case, in this order. ``report.schema.json`` is made from these types by
``python -m docs.generate``.
"""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, Strict, StrictBool, StrictInt, StrictStr, WithJsonSchema

from trueup.formats.document import DocumentPart
from trueup.formats.scalars import Count, Credits, Day, Fingerprint, Moment, Money, NextCursor, Number
from trueup.model.finding import Area
from trueup.model.guardrail import GuardrailStatus
from trueup.model.outcome import Answered
from trueup.model.report import SCHEMA_VERSION, Status
from trueup.model.severity import Severity


class AsOf(DocumentPart):
    """When each side was read; null when it was not read."""

    database: Moment | None
    stripe: Moment | None


class Severities(DocumentPart):
    """Open issues by severity."""

    critical: Count
    error: Count
    warning: Count
    info: Count


class Checks(DocumentPart):
    """How many checks ended in each way. Those that are off or not applicable lower neither score nor confidence."""

    checked: Count
    skipped: Count
    broken: Count
    off: Count
    not_applicable: Count


class Summary(DocumentPart):
    """Counts and sums over the whole report, even where it is paged. Exempted issues count in none of them."""

    status: Status
    score: Annotated[StrictInt, Field(ge=0, le=100)]
    confidence: Annotated[
        float, Strict(), Field(ge=0, le=1, description="The share of the enabled checks that could be answered.")
    ]
    checks: Checks
    alert_count: Annotated[
        StrictInt,
        Field(ge=0, description="Open issues that alert operations: revenue-impacting, error or critical."),
    ]
    severities: Severities
    checked_users: Count
    checked_transactions: Count
    checked_webhook_events: Count
    failed_plan_gates: Count
    revenue_impacting_issues: Count
    repairable_issues: Count
    money_at_risk: Money
    credits_at_risk: Credits


class ScoreLine(DocumentPart):
    """One line of the published calculation behind the score."""

    check: StrictStr
    severity: Severity
    findings: Count
    population: Count
    penalty: Number


class IssueImpact(DocumentPart):
    """What is at risk; credits or money without risk are left out."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    money: Money = Field(default_factory=dict, exclude_if=operator.not_)
    credits: Credits = Field(default=Decimal(0), exclude_if=operator.not_)


class IssueExemption(DocumentPart):
    """Who accepted the finding, why, and until when. It covers a subject, or a check's findings about a plan."""

    subject: StrictStr | None = Field(default=None, description="The subject that was exempted; null where a plan was.")
    plan: StrictStr | None = Field(default=None, description="The plan that was exempted; null where a subject was.")
    owner: StrictStr
    reason: StrictStr
    expires_at: Day | None


class IssueRepair(DocumentPart):
    """What the repair would write."""

    kind: StrictStr
    safe: Annotated[StrictBool, Field(description="Whether it may run without a person.")]
    change: StrictStr


class RepairRefused(DocumentPart):
    """Why the finding must not be repaired now."""

    refused: StrictStr


class Issue(DocumentPart):
    """One finding."""

    id: Annotated[StrictStr, Field(description="<check>:<subject>")]
    check: StrictStr
    category: Area
    severity: Severity
    title: StrictStr
    message: StrictStr
    subject: StrictStr
    fingerprint: Fingerprint
    revenue_impacting: StrictBool
    impact: IssueImpact
    evidence: Annotated[
        dict[StrictStr, StrictStr | StrictInt | StrictBool | None],
        Field(description="Exact decimals, moments, and integers beyond 2^53 are strings."),
    ]
    first_seen: Moment
    exemption: IssueExemption | None
    repair: IssueRepair | RepairRefused | None


class PlanGate(DocumentPart):
    """Whether a plan has a feature, and whether it should."""

    feature: StrictStr
    plan: StrictStr
    expected: Annotated[StrictBool | StrictInt | None, Field(description="Null where the matrix does not mention it.")]
    actual: Annotated[StrictBool | StrictInt | None, Field(description="Null where no probe could answer.")]
    accepted: Annotated[
        StrictBool | StrictInt | None, Field(description="What the lock file says; null where it says nothing.")
    ]
    passed: StrictBool


class Guardrail(DocumentPart):
    """Whether an action that could do damage may go ahead."""

    id: StrictStr
    status: GuardrailStatus
    reasons: list[StrictStr]


class CheckOutcome(DocumentPart):
    """How one check ended."""

    check: StrictStr
    outcome: Answered
    population: Count
    findings: Count
    reason: Annotated[StrictStr | None, Field(description="Why a check was skipped, broke or does not apply.")]
    milliseconds: Count = 0


class RelationRead(DocumentPart):
    """How one relation of the app's database was read."""

    relation: StrictStr
    table: StrictStr
    rows: Count
    unreadable_rows: Count
    problem: Annotated[StrictStr | None, Field(description="Why the copy is incomplete.")]
    changed_rows: Annotated[
        Count | None,
        Field(description="How many of the rows were read, where the others are those of the audit before; else null."),
    ] = None
    whole_because: Annotated[
        StrictStr | None, Field(description="Why every row was read although books are kept; null where they are not.")
    ] = None


class Rereading(DocumentPart):
    """How the audit used the books that the one before kept."""

    full_read_in_runs: Annotated[
        Count | None, Field(description="How many audits from now every row is read; null where nothing was kept.")
    ]
    problem: Annotated[StrictStr | None, Field(description="Why the books of this audit were not kept.")]


class ReportHead(DocumentPart):
    """A report without its issues."""

    schema_version: Annotated[
        StrictInt, Field(ge=SCHEMA_VERSION, le=SCHEMA_VERSION), WithJsonSchema({"const": SCHEMA_VERSION})
    ]
    run_id: StrictStr
    generated_at: Moment
    environment: StrictStr
    period_days: Annotated[StrictInt, Field(ge=1, le=3650)]
    as_of: AsOf
    summary: Summary
    rereading: Annotated[Rereading | None, Field(description="Null where no books are kept.")] = None
    score_breakdown: list[ScoreLine]
    plan_gates: list[PlanGate]
    guardrails: list[Guardrail]
    outcomes: list[CheckOutcome]
    relations: Annotated[list[RelationRead], Field(description="How each relation of the app's database was read.")]


class ReportDocument(ReportHead):
    """What one audit found. Credit amounts are strings, money is integer minor units by currency, moments are UTC."""

    issues: Annotated[list[Issue], Field(description="Most severe first; one page of them where the report is large.")]
    next_cursor: NextCursor
