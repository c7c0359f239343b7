"""How a check ended: a value, never an exception and never silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from trueup.model.finding import Finding


class Answered(StrEnum):
    """How a check ended, in one word."""

    CHECKED = "checked"
    SKIPPED = "skipped"
    BROKEN = "broken"
    OFF = "off"
    NOT_APPLICABLE = "not-applicable"


def say_how_many_apply(counts: Mapping[Answered, int]) -> str:
    """How many of the checks apply, in words: the number that every status is read beside.

    Those that are off or could not answer are said, too.

    >>> say_how_many_apply({Answered.CHECKED: 20, Answered.SKIPPED: 2, Answered.NOT_APPLICABLE: 24})
    '22 of 46 checks apply, 2 could not answer'
    """
    total, absent = sum(counts.values()), counts.get(Answered.NOT_APPLICABLE, 0)
    text = f"{total - absent} of {total} check{'' if total == 1 else 's'} apply"
    unanswered = counts.get(Answered.SKIPPED, 0) + counts.get(Answered.BROKEN, 0)
    text += f", {unanswered} could not answer" if unanswered else ""
    return text + (f", {counts[Answered.OFF]} switched off" if counts.get(Answered.OFF) else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The check ran: it looked at ``population`` subjects and found these findings."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable:
    """The check has nothing to look at, because the config says that what it needs is absent: ``reason`` names it."""

    reason: str


Outcome = Checked | Skipped | Broken | Off | NotApplicable


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """One check's outcome, and how long it took."""

    check: str
    outcome: Outcome
    milliseconds: int

    @property
    def answered(self) -> Answered:
        """How the check ended."""
        match self.outcome:
            case Checked():
                return Answered.CHECKED
            case Skipped():
                return Answered.SKIPPED
            case Broken():
                return Answered.BROKEN
            case Off():
                return Answered.OFF
            case NotApplicable():
                return Answered.NOT_APPLICABLE
            case _:
                assert_never(self.outcome)

    @property
    def population(self) -> int:
        """How many subjects were looked at; 0 where the check did not answer."""
        return self.outcome.population if isinstance(self.outcome, Checked) else 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the check found; nothing where it did not answer."""
        return self.outcome.findings if isinstance(self.outcome, Checked) else ()

    @property
    def reason(self) -> str | None:
        """Why the check was skipped, broke or does not apply; None where it answered or is off."""
        match self.outcome:
            case Skipped(reason=reason) | Broken(error=reason) | NotApplicable(reason=reason):
                return reason
            case _:
                return None
