"""What a release is judged by: as much of a report as its JSON document holds, so that both give the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from trueup.model.finding import Area
from trueup.model.gate import PlanGate
from trueup.model.guardrail import Guardrail
from trueup.model.money import Impact
from trueup.model.relations import Exemption
from trueup.model.severity import Severity

Shown = str | int | bool | None
"""A value of the evidence as the document shows it: exact decimals and moments are text."""


class Answered(StrEnum):
    """How a check ended, in the document's words."""

    CHECKED = "checked"
    SKIPPED = "skipped"
    BROKEN = "broken"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One check's outcome. ``reason`` says why it was skipped or broke."""

    check: str
    how: Answered
    population: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One finding. ``first_seen`` is naive UTC, and the report's own moment where nothing earlier is known."""

    check: str
    area: Area
    subject: str
    severity: Severity
    title: str
    message: str
    fingerprint: str
    first_seen: datetime
    impact: Impact = field(default_factory=Impact)
    evidence: Mapping[str, Shown] = field(default_factory=dict)
    exemption: Exemption | None = None

    @property
    def id(self) -> str:
        """The issue id of the contract: ``<check id>:<subject>``."""
        return f"{self.check}:{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One report. Moments are naive UTC; ``problems`` says which relations were not read whole, and why."""

    run_id: str
    environment: str
    period_days: int
    generated_at: datetime
    database_as_of: datetime | None
    stripe_as_of: datetime | None
    answers: tuple[Answer, ...]
    issues: tuple[Issue, ...] = ()
    plan_gates: tuple[PlanGate, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """As a report says it: every check that is on was answered from whole relations, and at least one was."""
        hows = {answer.how for answer in self.answers}
        return Answered.CHECKED in hows and not hows & {Answered.SKIPPED, Answered.BROKEN} and not self.problems

    def answer(self, check: str) -> Answer | None:
        """What became of this check; None when the report did not ask it."""
        return next((answer for answer in self.answers if answer.check == check), None)

    def guardrail(self, guardrail_id: str) -> Guardrail | None:
        """The guardrail of this id; None when the report holds none."""
        return next((found for found in self.guardrails if found.id == guardrail_id), None)
