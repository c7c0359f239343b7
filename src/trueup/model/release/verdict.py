"""A release gate's verdict, as values: the standing of each finding, the answer to each question, and the result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from trueup.model.finding import Finding
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release.rules import Rules
from trueup.model.report import Report


class Standing(StrEnum):
    """How the gate treats a finding. ``unknown`` does not block, but the verdict cannot be clean then."""

    GATE = "gate"
    """A finding about a plan gate. It always blocks, also where the baseline holds it."""
    NEW = "new"
    """Not in the baseline, or not there as an open finding, or first seen after ``--since``."""
    WORSE = "worse"
    """In the baseline, at a lower severity or with clearly less at risk."""
    OPEN = "open"
    """Open, and there is no baseline to excuse it."""
    LAPSED = "lapsed"
    """Once exempted: the exemption has ended, or it is of a kind that a plan gate may not have."""
    UNKNOWN = "unknown"
    """Open, and the given baseline cannot say whether it is new."""
    SHADOW = "shadow"
    """It would block, but its check does not block yet."""
    OLD = "old"
    """In the baseline, and no worse; or first seen by ``--since``."""
    BELOW = "below"
    """Less severe than ``--fail-on``."""
    EXEMPTED = "exempted"
    """A person answers for it, until a day."""

    @property
    def blocks(self) -> bool:
        """Whether a finding with this standing blocks the release."""
        return self in {Standing.GATE, Standing.NEW, Standing.WORSE, Standing.OPEN, Standing.LAPSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One finding with its standing and the reason, a sentence.

    ``first_seen`` is naive UTC, and the report's own moment where nothing earlier is known. ``known`` says that it was
    there before and is not worse. A shadowed finding blocks from the day ``blocks_from`` on.
    """

    finding: Finding
    first_seen: datetime
    standing: Standing
    reason: str
    known: bool = False
    blocks_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question that the gate asks. ``reasons`` are sentences that say why it is not allowed; ``notes`` are remarks.

    ``findings`` are those that the answer depends on.
    """

    id: str
    asks: str
    status: GuardrailStatus
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate decides. ``findings`` are all of the report's, blocking ones first; ``judged_at`` is naive UTC."""

    status: GuardrailStatus
    questions: tuple[Question, ...]
    findings: tuple[Judged, ...]
    report: Report
    baseline: Report | None
    rules: Rules
    judged_at: datetime

    @property
    def passes(self) -> bool:
        """Whether this may be released: nothing blocks, and nothing is unknown that the rules do not let pass."""
        inconclusive = self.status is GuardrailStatus.UNKNOWN and self.rules.allow_inconclusive
        return self.status is GuardrailStatus.ALLOWED or inconclusive

    @property
    def blocking(self) -> tuple[Judged, ...]:
        """The findings that block."""
        return tuple(finding for finding in self.findings if finding.standing.blocks)
