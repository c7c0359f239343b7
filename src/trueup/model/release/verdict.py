"""A release gate's verdict, as values: where each finding stands, each question's answer, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from trueup.model.finding import Finding
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release.rules import Rules
from trueup.model.report import Report


class Standing(StrEnum):
    """Where a finding stands. ``unknown`` does not block, and keeps the verdict from being clean."""

    GATE = "gate"
    """A plan gate: never backlog, whatever the baseline says."""
    NEW = "new"
    """Not in the baseline, or not there as an open finding, or first seen after ``--since``."""
    WORSE = "worse"
    """In the baseline, at a lower severity or with clearly less at risk."""
    OPEN = "open"
    """Open, and there is no baseline to excuse it."""
    LAPSED = "lapsed"
    """Exempted once: the exemption has ended, or is not one that a plan gate may have."""
    UNKNOWN = "unknown"
    """Open, and the baseline that was asked for cannot say whether it is new."""
    SHADOW = "shadow"
    """It would block, and its check does not block yet."""
    OLD = "old"
    """In the baseline, and no worse; or first seen by ``--since``."""
    BELOW = "below"
    """Less severe than ``--fail-on``."""
    EXEMPTED = "exempted"
    """Somebody answers for it, until a day."""

    @property
    def blocks(self) -> bool:
        """Whether a finding that stands here blocks the release."""
        return self in {Standing.GATE, Standing.NEW, Standing.WORSE, Standing.OPEN, Standing.LAPSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One finding with its standing and the reason, a sentence.

    ``first_seen`` is naive UTC, and the report's own moment where nothing earlier is known. ``known`` says that it was
    there before and is no worse. From the day ``blocks_from`` on a shadowed one blocks.
    """

    finding: Finding
    first_seen: datetime
    standing: Standing
    reason: str
    known: bool = False
    blocks_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that was asked. ``reasons`` are sentences that say why it is not allowed; ``notes`` change nothing.

    ``findings`` are those that it rests on.
    """

    id: str
    asks: str
    status: GuardrailStatus
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says. ``findings`` are all those of the report, what blocks first; ``judged_at`` is naive UTC."""

    status: GuardrailStatus
    questions: tuple[Question, ...]
    findings: tuple[Judged, ...]
    report: Report
    baseline: Report | None
    rules: Rules
    judged_at: datetime

    @property
    def passes(self) -> bool:
        """Whether this may be released: nothing bad, and nothing unknown unless that was asked to be let pass."""
        inconclusive = self.status is GuardrailStatus.UNKNOWN and self.rules.allow_inconclusive
        return self.status is GuardrailStatus.ALLOWED or inconclusive

    @property
    def blocking(self) -> tuple[Judged, ...]:
        """The findings that block."""
        return tuple(one for one in self.findings if one.standing.blocks)
