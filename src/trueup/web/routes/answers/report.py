"""The report of the contract, as types. ``formats/report.schema.json`` says the same; a test holds them together."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trueup.model.finding import Area
from trueup.model.gate import Allowance
from trueup.model.report import Status
from trueup.model.severity import Severity
from trueup.web.routes.answers.words import Answer, Count, Credits, Day, Fingerprint, Moment, Money, NextCursor


class AsOf(Answer):
    """The moment that each side was read at; null when it was not read."""

    database: Moment | None
    stripe: Moment | None


class Severities(Answer):
    """Open issues by severity."""

    critical: Count
    error: Count
    warning: Count
    info: Count


class Summary(Answer):
    """Counts and sums over the whole report, however it is paged. Exempted issues count in none of them."""

    status: Status
    score: Annotated[int, Field(ge=0, le=100)]
    confidence: Annotated[
        float, Field(ge=0, le=1, description="The share of the checks that are on which could be answered.")
    ]
    alert_count: Annotated[
        int,
        Field(ge=0, description="Open issues that operations are told about: revenue-impacting, error or critical."),
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


class ScoreLine(Answer):
    """One line of the published calculation behind the score."""

    check: str
    severity: Severity
    findings: Count
    population: Count
    penalty: Annotated[float, Field(ge=0)]


class IssueImpact(TypedDict):
    """What is at risk; a side without risk is left out."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]  # read by pydantic, not a field

    money: NotRequired[Money]
    credits: NotRequired[Credits]


class IssueExemption(Answer):
    """Who accepted the finding, why, and until when: it alone, or every one of its check that is about a plan."""

    subject: Annotated[str | None, Field(description="The subject that was exempted; null where a plan was.")]
    plan: Annotated[str | None, Field(description="The plan that was exempted; null where a subject was.")]
    owner: str
    reason: str
    expires_at: Day | None


class IssueRepair(Answer):
    """What the program would write."""

    kind: str
    safe: Annotated[bool, Field(description="Whether it may run unattended.")]
    change: str


class RepairRefused(Answer):
    """Why it must not be repaired now."""

    refused: str


class Issue(Answer):
    """One finding."""

    id: Annotated[str, Field(description="<check>:<subject>")]
    check: str
    category: Area
    severity: Severity
    title: str
    message: str
    subject: str
    fingerprint: Fingerprint
    revenue_impacting: bool
    impact: IssueImpact
    evidence: Annotated[
        dict[str, str | int | bool | None],
        Field(description="Exact decimals, moments, and integers beyond 2^53 are strings."),
    ]
    first_seen: Moment
    exemption: IssueExemption | None
    repair: IssueRepair | RepairRefused | None


class PlanGate(Answer):
    """Whether a plan has a feature, and whether it should."""

    feature: str
    plan: str
    expected: Annotated[Allowance | None, Field(description="Null where the matrix does not mention it.")]
    actual: Annotated[Allowance | None, Field(description="Null where no probe could answer.")]
    accepted: Annotated[Allowance | None, Field(description="What the lock file says; null where it says nothing.")]
    passed: bool


class Guardrail(Answer):
    """Whether something that could make it worse may go ahead."""

    id: str
    status: Literal["allowed", "blocked", "unknown"]
    reasons: list[str]


class CheckOutcome(Answer):
    """What became of one check."""

    check: str
    outcome: Literal["checked", "skipped", "broken", "off"]
    population: Count
    findings: Count
    reason: Annotated[str | None, Field(description="Why a check was skipped or broken.")]
    milliseconds: Count


class RelationRead(Answer):
    """What was read of one relation of the app's database."""

    relation: str
    table: str
    rows: Count
    unreadable_rows: Count
    problem: Annotated[str | None, Field(description="Why the copy is not whole.")]


class ReportHead(Answer):
    """A report without its issues."""

    schema_version: Literal[1]
    run_id: str
    generated_at: Moment
    environment: str
    period_days: Annotated[int, Field(ge=1, le=3650)]
    as_of: AsOf
    summary: Summary
    score_breakdown: list[ScoreLine]
    plan_gates: list[PlanGate]
    guardrails: list[Guardrail]
    outcomes: list[CheckOutcome]
    relations: Annotated[list[RelationRead], Field(description="What was read of the app's database.")]


class ReportDocument(ReportHead):
    """What one audit found. Credit amounts are strings, money is integer minor units by currency, moments are UTC."""

    issues: Annotated[list[Issue], Field(description="Most severe first; one page of them where the report is large.")]
    next_cursor: NextCursor
