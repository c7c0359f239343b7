"""The shape of a report's JSON document, as far as a verdict rests on it. Every key that is named must be there.

A key that is not named is passed over: what a later version adds for people changes no verdict.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from pydantic.alias_generators import to_camel

from trueup.model.finding import Area
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Answered
from trueup.model.report import SCHEMA_VERSION
from trueup.model.severity import Severity


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - pydantic takes a ValueError
    return value


def _naive(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("must name its time zone")
    return moment.astimezone(UTC).replace(tzinfo=None)


Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_naive)]
Day = Annotated[date, BeforeValidator(_written)]
Count = Annotated[StrictInt, Field(ge=0)]
Credits = Annotated[Decimal, BeforeValidator(_written), Field(ge=0, allow_inf_nan=False)]
Money = dict[StrictStr, Count]
Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Shape(BaseModel):
    """An object of the document; its keys are in camel case there."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, hide_input_in_errors=True)


class AsOfShape(Shape):
    """When each side was read."""

    database: Moment | None
    stripe: Moment | None


class ScoreLineShape(Shape):
    """One line of the score's calculation."""

    check: StrictStr
    severity: Severity
    findings: Count
    population: Count
    penalty: Number


class ImpactShape(Shape):
    """What is at risk; a side without risk is left out."""

    money: Money = Field(default_factory=dict)
    credits: Credits = Decimal(0)


class ExemptionShape(Shape):
    """Who accepted a finding."""

    owner: StrictStr
    reason: StrictStr
    expires_at: Day | None


class RepairShape(Shape):
    """What a repair would write, or why it must not: one of the two."""

    kind: StrictStr | None = None
    safe: StrictBool | None = None
    change: StrictStr | None = None
    refused: StrictStr | None = None


class IssueShape(Shape):
    """One finding."""

    id: StrictStr
    check: StrictStr
    category: Area
    severity: Severity
    title: StrictStr
    message: StrictStr
    subject: StrictStr
    fingerprint: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{32}$")]
    revenue_impacting: StrictBool
    impact: ImpactShape
    evidence: dict[StrictStr, StrictBool | StrictInt | StrictStr | None]
    first_seen: Moment
    exemption: ExemptionShape | None
    repair: RepairShape | None


class PlanGateShape(Shape):
    """One cell of the matrix of plan gates."""

    feature: StrictStr
    plan: StrictStr
    expected: StrictBool | StrictInt | None
    actual: StrictBool | StrictInt | None
    accepted: StrictBool | StrictInt | None
    passed: StrictBool


class GuardrailShape(Shape):
    """One guardrail's answer."""

    id: StrictStr
    status: GuardrailStatus
    reasons: list[StrictStr]


class OutcomeShape(Shape):
    """What became of one check."""

    check: StrictStr
    outcome: Answered
    population: Count
    findings: Count
    reason: StrictStr | None


class RelationShape(Shape):
    """What was read of one relation."""

    relation: StrictStr
    table: StrictStr
    rows: Count
    unreadable_rows: Count
    problem: StrictStr | None


class ReportShape(Shape):
    """The whole document. Its summary is compared, key by key, with one that is made again from the rest."""

    schema_version: Annotated[StrictInt, Field(ge=SCHEMA_VERSION, le=SCHEMA_VERSION)]
    run_id: Annotated[StrictStr, Field(min_length=1)]
    generated_at: Moment
    environment: StrictStr
    period_days: Annotated[StrictInt, Field(ge=1, le=3650)]
    as_of: AsOfShape
    summary: dict[str, object]
    score_breakdown: list[ScoreLineShape]
    issues: list[IssueShape]
    next_cursor: None
    plan_gates: list[PlanGateShape]
    guardrails: list[GuardrailShape]
    outcomes: list[OutcomeShape]
    relations: list[RelationShape]
