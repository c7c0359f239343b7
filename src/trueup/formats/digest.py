"""The part of a report that people are shown: for each severity and check, the number of findings and the worst few."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.model.money import Impact
from trueup.model.outcome import Broken, Checked, NotApplicable, Off, Skipped
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from trueup.model.finding import Finding
    from trueup.model.relations import Exemption
    from trueup.model.report import Report

SHOWN = 10
"""How many findings of one check and severity are shown to people. Machine formats hold all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The open findings of one check and one severity; ``worst`` has the largest impact first, then the subject."""

    check: str
    title: str
    severity: Severity
    count: int
    population: int
    at_risk: Impact
    worst: tuple[Finding, ...]

    @property
    def hidden(self) -> int:
        """How many findings are not among the worst."""
        return self.count - len(self.worst)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredCheck:
    """A check that could not answer; ``how`` is ``skipped`` or ``broken``."""

    check: str
    how: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One exemption, and how many findings of this report it silences."""

    exemption: Exemption
    count: int


def groups(report: Report, *, shown: int | None = SHOWN) -> dict[Severity, list[Group]]:
    """The open findings, most severe first, then by check in the report's order. Severities without any are absent.

    ``shown`` is how many findings of each group are kept; None keeps all.
    """
    by_severity: dict[Severity, list[Group]] = {}
    every = [group for result in report.outcomes for group in _groups_of(result.check, result.outcome, shown)]
    for severity in reversed(Severity):
        if kept := [group for group in every if group.severity is severity]:
            by_severity[severity] = kept
    return by_severity


def _groups_of(check: str, outcome: object, shown: int | None) -> Iterator[Group]:
    if not isinstance(outcome, Checked):
        return
    by_severity: dict[Severity, list[Finding]] = {}
    for finding in outcome.findings:
        if finding.exemption is None:
            by_severity.setdefault(finding.severity, []).append(finding)
    for severity, findings in by_severity.items():
        yield Group(
            check=check,
            title=findings[0].title,
            severity=severity,
            count=len(findings),
            population=outcome.population,
            at_risk=_sum(findings),
            worst=tuple(heapq.nsmallest(shown or len(findings), findings, key=_worst_first)),
        )


def _sum(findings: list[Finding]) -> Impact:
    total = Impact()
    for finding in findings:
        if finding.impact:
            total = total + finding.impact
    return total


def _worst_first(finding: Finding) -> tuple[int, Decimal, str]:
    # Currencies cannot be compared without a rate; their minor units order a list well enough.
    return -sum(finding.impact.money.values()), -finding.impact.credits, finding.subject


def unanswered(report: Report) -> list[UnansweredCheck]:
    """The checks that could not answer, in the report's order."""
    checks: list[UnansweredCheck] = []
    for result in report.outcomes:
        match result.outcome:
            case Skipped(reason=reason):
                checks.append(UnansweredCheck(check=result.check, how="skipped", reason=reason))
            case Broken(error=error):
                checks.append(UnansweredCheck(check=result.check, how="broken", reason=error))
            case Checked() | Off() | NotApplicable():
                pass
    return checks


def switched_off(report: Report) -> list[str]:
    """The checks that the policy switches off."""
    return [result.check for result in report.outcomes if isinstance(result.outcome, Off)]


def accepted(report: Report) -> list[Accepted]:
    """The exempted findings by the exemption that silences them, in the report's order."""
    counts: dict[Exemption, int] = {}
    for finding in report.findings():
        if finding.exemption is not None:
            counts[finding.exemption] = counts.get(finding.exemption, 0) + 1
    return [Accepted(exemption=exemption, count=count) for exemption, count in counts.items()]
