"""Find the baseline's finding of the same check and subject, and say whether it got worse."""

from __future__ import annotations

from trueup.model.release.facts import Facts, Issue
from trueup.model.worsening import CLEAR_GROWTH, has_grown, is_more_severe


def match_baseline(report: Facts, baseline: Facts) -> dict[str, Issue]:
    """Return the open finding of the baseline that each finding of the report is, by fingerprint."""
    reported = {issue.fingerprint for issue in report.issues}
    return {
        issue.fingerprint: issue
        for issue in baseline.issues
        if issue.fingerprint in reported and issue.exemption is None
    }


def explain_worse(now: Issue, before: Issue) -> str | None:
    """Return why a finding is worse than it was, as half a sentence; None when it is not.

    Each currency is compared for itself, and so are credits: their risks are never added up.
    """
    if is_more_severe(now.severity.rank, before.severity.rank):
        return f"it is {now.severity} now and was {before.severity}"
    for unit in sorted(now.impact.money):
        if has_grown(now.impact.money[unit], before.impact.money.get(unit, 0), growth=CLEAR_GROWTH):
            return f"at least {CLEAR_GROWTH} times as much {unit.upper()} is at risk"
    if has_grown(now.impact.credits, before.impact.credits, growth=CLEAR_GROWTH):
        return f"at least {CLEAR_GROWTH} times as many credits are at risk"
    return None
