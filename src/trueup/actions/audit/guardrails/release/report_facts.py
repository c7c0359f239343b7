"""The facts of a report that was just made, as its JSON document would give them: both get the same verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trueup.model.outcome import Broken, Checked, CheckOutcome, Off, Skipped
from trueup.model.release.facts import Answer, Answered, Facts, Issue, Shown

if TYPE_CHECKING:
    from trueup.model.finding import Finding
    from trueup.model.report import Report


def facts_of_audit(report: Report) -> Facts:
    """The report as a release is judged by it, where nothing is compared: issues have neither message nor fingerprint.

    Evidence stands under the document's names. Every issue was first seen by this report.
    """
    return Facts(
        run_id=report.run_id,
        environment=report.environment,
        period_days=report.period_days,
        generated_at=report.generated_at,
        database_as_of=report.database_as_of,
        stripe_as_of=report.stripe_as_of,
        answers=tuple(map(_answer, report.outcomes)),
        issues=tuple(_issue(finding, report) for finding in report.findings()),
        plan_gates=report.plan_gates,
        guardrails=report.guardrails,
        problems=tuple(f"{read.relation}: {read.problem}" for read in report.interruptions),
    )


def _answer(made: CheckOutcome) -> Answer:
    match made.outcome:
        case Checked(population=population):
            return Answer(check=made.check, how=Answered.CHECKED, population=population)
        case Skipped(reason=reason):
            return Answer(check=made.check, how=Answered.SKIPPED, reason=reason)
        case Broken(error=reason):
            return Answer(check=made.check, how=Answered.BROKEN, reason=reason)
        case Off():
            return Answer(check=made.check, how=Answered.OFF)


def _issue(finding: Finding, report: Report) -> Issue:
    return Issue(
        check=finding.check,
        area=finding.area,
        subject=finding.subject,
        severity=finding.severity,
        title=finding.title,
        message="",
        fingerprint="",
        first_seen=report.generated_at,
        impact=finding.impact,
        evidence=dict(_shown(finding)),
        exemption=finding.exemption,
    )


def _shown(finding: Finding) -> Iterator[tuple[str, Shown]]:
    for name, value in finding.evidence.items():
        first, *rest = name.split("_")
        shown = value if value is None or isinstance(value, str | int) else str(value)
        yield first + "".join(map(str.capitalize, rest)), shown
