"""What became of a check: a value, never an exception and never silence."""

from __future__ import annotations

from dataclasses import dataclass

from trueup.model.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The check ran: it looked at ``population`` subjects and found these."""

    population: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The check could not look, for a reason a person can mend (usually: not mapped)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The check, or what it reads, failed."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Off:
    """The policy switches the check off; the report says so."""


Outcome = Checked | Skipped | Broken | Off


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """One check's outcome, and how long it took."""

    check: str
    outcome: Outcome
    milliseconds: int
