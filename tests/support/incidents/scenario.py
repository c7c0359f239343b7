"""A scenario: what happened somewhere, told as rows and Stripe's objects, and the findings that it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.support.incidents.stage import Stage
from trueup.model.change import Change, Refusal, Value
from trueup.model.finding import Finding
from trueup.model.severity import Severity

REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A finding that there must be. What is not said of it (evidence, severity, repair, money) is not looked at."""

    check: str
    subject: str
    severity: Severity | None = None
    repair: str | None = None
    """The kind of change, or ``REFUSED``."""
    money: Mapping[str, int] | None = None
    evidence: Mapping[str, Value] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """As the finding's."""
        return f"{self.check}:{self.subject}"

    def departures(self, finding: Finding) -> list[str]:
        """In what the finding is another than this one."""
        told: dict[str, object] = {name: finding.evidence.get(name) for name in self.evidence}
        wanted: dict[str, object] = dict(self.evidence)
        if self.severity is not None:
            told["severity"], wanted["severity"] = finding.severity, self.severity
        if self.repair is not None:
            told["repair"], wanted["repair"] = _repair_of(finding), self.repair
        if self.money is not None:
            told["money"], wanted["money"] = dict(finding.impact.money), dict(self.money)
        return [
            f"{self.id}: {name} is {told[name]!r}, expected {wanted[name]!r}"
            for name in wanted
            if told[name] != wanted[name]
        ]


def _repair_of(finding: Finding) -> str | None:
    match finding.repair:
        case Change(kind=kind):
            return kind
        case Refusal():
            return REFUSED
    return None


def found(
    check: str,
    subject: object,
    *,
    severity: Severity | None = None,
    repair: str | None = None,
    money: Mapping[str, int] | None = None,
    **evidence: Value,
) -> Expected:
    """A finding of this check about this subject."""
    return Expected(check=check, subject=str(subject), severity=severity, repair=repair, money=money, evidence=evidence)


Findings = tuple[Expected, ...]
QUIET: Findings = ()
Telling = Callable[[Stage], Findings]
"""Lays what happened on a stage, and says which findings it leaves."""

Form = Literal["incident", "twin", "innocent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that can be laid into a company: an incident, its innocent twin, or one of the innocent list."""

    form: Form
    number: int
    name: str
    telling: Telling
    endpoint_version: str | None = None

    @property
    def id(self) -> str:
        """Such as ``incident 12: a late deletion``."""
        return f"{self.form} {self.number}: {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A failure that was seen in the field, and its innocent twin: the same shape, and nothing wrong.

    ``number`` and ``source`` are those of the design's list. ``catches`` are the checks that must see it. One with an
    ``endpoint_version`` happens to the whole company, whose endpoint then sends events of that version of the API; it
    stays out of random mixtures.
    """

    number: int
    name: str
    source: str
    happened: str
    catches: tuple[str, ...]
    incident: Telling
    twin: Telling
    endpoint_version: str | None = None
    remark: str | None = None
    """Where the findings are others than the design's list names, why."""

    @property
    def parts(self) -> tuple[Part, Part]:
        """The incident and its twin."""
        incident = Part(
            form="incident",
            number=self.number,
            name=self.name,
            telling=self.incident,
            endpoint_version=self.endpoint_version,
        )
        return incident, Part(form="twin", number=self.number, name=self.name, telling=self.twin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Innocent:
    """One of the list of what must stay quiet."""

    number: int
    name: str
    why: str
    telling: Telling

    @property
    def part(self) -> Part:
        """As it is laid into a company."""
        return Part(form="innocent", number=self.number, name=self.name, telling=self.telling)
