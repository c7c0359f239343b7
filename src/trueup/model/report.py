"""The report: everything that one audit found. Every format and both doors render this one value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trueup.model.finding import Finding
from trueup.model.gate import UNREACHABLE, PlanGate
from trueup.model.guardrail import Guardrail
from trueup.model.kept_books import Rereading
from trueup.model.money import Impact
from trueup.model.outcome import Answered, Broken, Checked, CheckOutcome, NotApplicable, Skipped, say_how_many_apply
from trueup.model.score import ScoreLine, breakdown, confidence, score
from trueup.model.severity import Severity

SCHEMA_VERSION = 2
"""The form of the JSON document. In version 1 no check was ``not-applicable``: such a check was ``off``."""


class Status(StrEnum):
    """The report in one word."""

    HEALTHY = "healthy"
    ATTENTION = "attention"
    DEGRADED = "degraded"
    CRITICAL = "critical"
    INCOMPLETE = "incomplete"


NOT_ONE_ROW = "not one row was read"
"""How the problem of a relation begins that was read whole, and must hold rows, and holds none."""

NOTHING_NAMES_ONE = "nothing else that was read names one"
"""What the problem of an empty file says where all else agrees that there is nothing to be in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationRead:
    """How one relation was read. ``problem`` says why the copy is incomplete; a complete copy has none."""

    relation: str
    table: str
    rows: int
    unreadable_rows: int = 0
    problem: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether all of it was read, and that is not one row."""
        return self.problem is not None and self.problem.startswith(NOT_ONE_ROW)

    @property
    def is_plausibly_empty(self) -> bool:
        """Whether it is empty, and all else that was read agrees."""
        return self.is_empty and NOTHING_NAMES_ONE in (self.problem or "")


OF_NO_ONE_MOMENT = 0.9
"""What remains of the confidence in checks whose tables may have changed while they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One audit. ``generated_at``, ``database_as_of`` and ``stripe_as_of`` are naive UTC.

    ``outcomes`` are in catalogue order; the findings inside are ordered by severity, then subject. ``stripe_as_of``
    is the moment from which Stripe was read; None when it was not.
    """

    run_id: str
    generated_at: datetime
    environment: str
    period_days: int
    database_as_of: datetime | None
    relations: tuple[RelationRead, ...]
    outcomes: tuple[CheckOutcome, ...]
    stripe_as_of: datetime | None = None
    plan_gates: tuple[PlanGate, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    plan_from: str | None = None
    """The relation that says the accounts' plans, where no column of theirs does."""
    rereading: Rereading | None = None
    """What was read again of books that an earlier audit kept; None where none are kept."""

    def findings(self) -> Iterator[Finding]:
        """Every finding, exempted ones too: most severe first, then by catalogue order, then by subject."""
        for severity in reversed(Severity):
            for result in self.outcomes:
                if isinstance(result.outcome, Checked):
                    yield from (f for f in result.outcome.findings if f.severity is severity)

    def open_findings(self) -> Iterator[Finding]:
        """The findings that are not exempted."""
        return (finding for finding in self.findings() if finding.exemption is None)

    def outcome(self, check: str) -> CheckOutcome | None:
        """What became of this check; None when the report did not ask it."""
        return next((outcome for outcome in self.outcomes if outcome.check == check), None)

    def guardrail(self, guardrail_id: str) -> Guardrail | None:
        """The guardrail of this id; None when the report holds none."""
        return next((guardrail for guardrail in self.guardrails if guardrail.id == guardrail_id), None)

    @property
    def interruptions(self) -> tuple[RelationRead, ...]:
        """The relations whose copy was not completed."""
        return tuple(read for read in self.relations if read.problem)

    @property
    def unanswered_gates(self) -> bool:
        """Whether a plan gate could not be asked, or a probe could not answer everything."""
        unanswered = any(gate.expected is not None and gate.actual is None for gate in self.plan_gates)
        broken = any(result.check == UNREACHABLE and isinstance(result.outcome, Broken) for result in self.outcomes)
        return unanswered or broken

    @property
    def complete(self) -> bool:
        """Whether every check that is on was answered from complete relations, and at least one was on."""
        answered = any(isinstance(result.outcome, Checked) for result in self.outcomes)
        unanswered = any(isinstance(result.outcome, (Skipped, Broken)) for result in self.outcomes)
        return answered and not unanswered and not self.interruptions

    @property
    def score_lines(self) -> tuple[ScoreLine, ...]:
        """The published calculation behind ``score``."""
        return breakdown(self.outcomes)

    @property
    def score(self) -> int:
        """0 to 100; see ``trueup.model.score``."""
        return score(self.score_lines)

    @property
    def confidence(self) -> float:
        """Which share of the checks could be answered: 0.0 to 1.0, and less where the rows are of no one moment."""
        moved = self.database_as_of is None and any(read.rows for read in self.relations)
        return confidence(self.outcomes) * (OF_NO_ONE_MOMENT if moved else 1)

    @property
    def check_counts(self) -> dict[Answered, int]:
        """How many checks ended in each way."""
        return {way: sum(result.answered is way for result in self.outcomes) for way in Answered}

    @property
    def checks_apply(self) -> str:
        """How many of the checks apply, in words: the number that every status is read beside."""
        return say_how_many_apply(self.check_counts)

    @property
    def unseen(self) -> tuple[str, ...]:
        """One line for each thing that the config says is absent: its sentence, and how many checks do not apply."""
        checks = Counter(r.outcome.reason for r in self.outcomes if isinstance(r.outcome, NotApplicable))
        return tuple(
            f"{reason}: {number} check{' does' if number == 1 else 's do'} not apply"
            for reason, number in checks.items()
        )

    @property
    def severities(self) -> dict[Severity, int]:
        """How many open findings of each severity, most severe first."""
        counts = dict.fromkeys(reversed(Severity), 0)
        for finding in self.open_findings():
            counts[finding.severity] += 1
        return counts

    @property
    def status(self) -> Status:
        """``incomplete`` comes before every other status: what was not looked at is not known to be right."""
        if not self.complete:
            return Status.INCOMPLETE
        counts = self.severities
        if counts[Severity.CRITICAL]:
            return Status.CRITICAL
        if counts[Severity.ERROR]:
            return Status.DEGRADED
        return Status.ATTENTION if counts[Severity.WARNING] else Status.HEALTHY

    @property
    def at_risk(self) -> Impact:
        """Everything that the open findings put at risk, added up."""
        total = Impact()
        for finding in self.open_findings():
            if finding.impact:
                total = total + finding.impact
        return total

    def rows_read(self, relation: str) -> int:
        """How many rows of this relation were read; 0 when it is not mapped."""
        return sum(read.rows for read in self.relations if read.relation == relation)

    def worst_at_least(self, severity: Severity) -> bool:
        """Whether an open finding of this severity or worse exists."""
        return any(finding.severity.at_least(severity) for finding in self.open_findings())
