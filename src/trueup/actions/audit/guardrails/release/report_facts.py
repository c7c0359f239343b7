"""Turn a report into the facts by which a release is judged, whether it was just made or read from its document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from trueup.model.outcome import Broken, Checked, CheckOutcome, Off, Skipped
from trueup.model.release.facts import Answer, Answered, Facts, Issue, Shown

if TYPE_CHECKING:
    from trueup.model.finding import Finding
    from trueup.model.report import Report


def facts_of_report(report: Report, *, first_seen: Mapping[str, datetime] | None = None) -> Facts:
    """Return the facts of the report by which a release is judged. Evidence has the document's names.

    ``first_seen`` holds moments by fingerprint; a finding that is not in it was first seen by this report. Without
    ``first_seen`` the facts are for a judgement that compares nothing: fingerprints, which are slow to compute for
    many findings, and messages are left out.
    """
    return Facts(
        run_id=report.run_id,
        environment=report.environment,
        period_days=report.period_days,
        generated_at=report.generated_at,
        database_as_of=report.database_as_of,
        stripe_as_of=report.stripe_as_of,
        answers=tuple(map(_answer, report.outcomes)),
        issues=tuple(_issue(finding, report, first_seen) for finding in report.findings()),
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


def _issue(finding: Finding, report: Report, first_seen: Mapping[str, datetime] | None) -> Issue:
    fingerprint = "" if first_seen is None else finding.fingerprint
    return Issue(
        check=finding.check,
        area=finding.area,
        subject=finding.subject,
        severity=finding.severity,
        title=finding.title,
        message="" if first_seen is None else finding.message,
        fingerprint=fingerprint,
        first_seen=(first_seen or {}).get(fingerprint, report.generated_at),
        impact=finding.impact,
        evidence=dict(_shown(finding)),
        exemption=finding.exemption,
    )


def _shown(finding: Finding) -> Iterator[tuple[str, Shown]]:
    for name, value in finding.evidence.items():
        first, *rest = name.split("_")
        shown = value if value is None or isinstance(value, str | int) else str(value)
        yield first + "".join(map(str.capitalize, rest)), shown
