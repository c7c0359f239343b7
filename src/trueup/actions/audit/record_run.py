"""Record an audit: store its report, and return what it changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trueup.engines.requirements import reads_gates
from trueup.formats import json as document
from trueup.formats.document import as_json, dump
from trueup.formats.wording import exact
from trueup.model.check import Check
from trueup.model.money import Impact
from trueup.model.outcome import Checked
from trueup.model.report import Report
from trueup.store import GATE_TRIGGER, IssueRecord, RunDifference, RunRecord, Store


def remember(
    report: Report,
    *,
    store: Store,
    trigger: str,
    milliseconds: int,
    catalogue: Sequence[Check],
    updates_state: bool = True,
) -> RunDifference:
    """Record the report as a run. ``trigger`` is ``command``, ``schedule``, ``request`` or ``gate``.

    ``catalogue`` holds every check there is: a report that asked only some of them is not the newest state of
    everything, and says so. ``updates_state`` is False for a report that answers another question than the config's,
    such as another period: it is kept, and opens and resolves nothing. A report that a gate made changes no state
    either; otherwise, what a refused release showed first would count as known at the next call. Raises
    ``StoreUnavailable``.
    """
    asked = {result.check for result in report.outcomes}
    covers_all_checks = asked >= {check.id for check in catalogue}
    return store.runs.record(
        RunRecord(
            run_id=exact(report.run_id),
            environment=report.environment,
            generated_at=report.generated_at,
            as_of=report.database_as_of,
            period_days=report.period_days,
            status=report.status.value,
            score=report.score,
            confidence=report.confidence,
            complete=report.complete and covers_all_checks,
            covers_all_checks=covers_all_checks,
            updates_state=updates_state and trigger != GATE_TRIGGER,
            trigger=trigger,
            milliseconds=milliseconds,
            answered_checks=_answered(report, catalogue),
            head=document.head(report),
            issues=_issues(report),
        )
    )


def _answered(report: Report, catalogue: Sequence[Check]) -> frozenset[str]:
    """The checks whose silence means that all is well. After a copy that was cut short there are none.

    A check about plan gates is not among them while a gate could not be asked: it judged only the others.
    """
    if report.interruptions:
        return frozenset()
    unasked = {check.id for check in catalogue if reads_gates(check)} if report.unanswered_gates else frozenset[str]()
    answered = (result.check for result in report.outcomes if isinstance(result.outcome, Checked))
    return frozenset(exact(check) for check in answered if check not in unasked)


def _issues(report: Report) -> Iterator[IssueRecord]:
    for finding in report.findings():
        written = as_json(document.issue(finding, first_seen=report.generated_at))
        del written["firstSeen"]  # the store holds the right value
        yield IssueRecord(
            issue_id=exact(finding.id),
            fingerprint=finding.fingerprint,
            check=exact(finding.check),
            category=finding.area,
            severity=finding.severity,
            subject=exact(finding.subject),
            revenue_impacting=finding.revenue_impacting,
            alerts=finding.alerts,
            exempted=finding.exemption is not None,
            repairable=finding.repairable,
            risk=_risk(finding.impact),
            document=dump(written),
        )


def _risk(impact: Impact) -> float:
    """What is at risk as one number, which grows when any part of it does."""
    return float(sum(impact.money.values()) + impact.credits)
