"""Judge what each finding means for the release: whether it blocks, and why or why not.

The same check and subject are the same finding in both reports; in doubt a finding is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trueup.model.finding import Area
from trueup.model.release.verdict import Judged, Standing
from trueup.model.worsening import CLEAR_GROWTH, has_grown, is_more_severe

if TYPE_CHECKING:
    from trueup.model.change import Value
    from trueup.model.finding import Finding
    from trueup.model.relations import Exemption
    from trueup.model.release.rules import Rules
    from trueup.model.report import Report

EXEMPTION_EXPIRED = "exemption-expired"
"""The check whose subjects are the issue ids of ended exemptions."""


class FindingJudge:
    """Judges the findings of one report at one moment."""

    def __init__(
        self,
        report: Report,
        *,
        baseline: Report | None,
        usable: bool,
        first_seen: Mapping[str, datetime],
        rules: Rules,
        now: datetime,
    ) -> None:
        """``usable`` says that the baseline can say what is new."""
        self._report = report
        self._compared = baseline is not None
        self._usable = usable
        self._first_seen = first_seen
        self._rules = rules
        self._now = now
        open_before = baseline.open_findings() if baseline is not None and usable else ()
        self._before = {finding.fingerprint: finding for finding in open_before}
        ended = [finding for finding in report.findings() if finding.check == EXEMPTION_EXPIRED]
        self._ended_ids = {finding.subject for finding in ended}
        self._ended_plans: dict[Value, set[Value]] = {}
        for finding in ended:
            if (plan := finding.evidence.get("exempt_plan")) is not None:
                self._ended_plans.setdefault(finding.evidence.get("check_id"), set()).add(plan)

    def judge_all(self) -> tuple[Judged, ...]:
        """Return every finding of the report: blocking ones first, then in the report's order."""
        order = list(Standing)
        judged = map(self._judge, self._report.findings())
        return tuple(sorted(judged, key=lambda item: order.index(item.standing)))

    def _judge(self, finding: Finding) -> Judged:
        # Fingerprints are slow to compute for many findings: a judgement that compares nothing goes without.
        fingerprint = finding.fingerprint if self._first_seen or self._before else ""
        first_seen = self._first_seen.get(fingerprint, self._report.generated_at)

        def judged(standing: Standing, reason: str, **more: Any) -> Judged:
            return Judged(finding=finding, first_seen=first_seen, standing=standing, reason=reason, **more)

        lapsed = self._why_lapsed(finding)
        if finding.exemption is not None and lapsed is None:
            return judged(Standing.EXEMPTED, _accepted(finding.exemption))
        standing, reason = self._compare(finding, fingerprint, first_seen, lapsed)
        known = standing is Standing.OLD
        fail_on = self._rules.fail_on
        if not finding.severity.at_least(fail_on):
            return judged(Standing.BELOW, f"It is {finding.severity}, and only {fail_on} or worse blocks.", known=known)
        blocks_from = self._rules.shadow.get(finding.check)
        if standing.blocks and blocks_from is not None and self._now.date() < blocks_from:
            reason = f"{reason} {finding.check} blocks from {blocks_from} on; until then it is only reported."
            return judged(Standing.SHADOW, reason, blocks_from=blocks_from)
        return judged(standing, reason, known=known)

    def _why_lapsed(self, finding: Finding) -> str | None:
        """Why the exemption no longer holds; None where it holds, or where there never was one."""
        if finding.exemption is None:
            return "Its exemption has ended." if self._exemption_has_ended(finding) else None
        expires = finding.exemption.expires_at
        if expires is not None and expires < self._now.date():
            return f"Its exemption ended on {expires}."
        if expires is None and finding.area is Area.GATES:
            return "Its exemption has no end, and a plan gate's must have one."
        return None

    def _exemption_has_ended(self, finding: Finding) -> bool:
        """Whether an exemption of this finding has ended. Of a finding that names no plan a plan's may have been."""
        plans = self._ended_plans.get(finding.check, set())
        plan = finding.evidence.get("plan")
        return finding.id in self._ended_ids or (bool(plans) and (plan is None or plan in plans))

    def _compare(
        self, finding: Finding, fingerprint: str, first_seen: datetime, lapsed: str | None
    ) -> tuple[Standing, str]:
        if lapsed is not None:
            return Standing.LAPSED, lapsed
        if finding.area is Area.GATES:
            return Standing.GATE, "A plan gate is never backlog."
        if self._compared and not self._usable:
            return Standing.UNKNOWN, "Whether it is new is unknown: the baseline cannot say."
        if (before := self._before.get(fingerprint)) is not None:
            growth = explain_worse(finding, before)
            if growth is not None:
                return Standing.WORSE, f"It is in the baseline and got worse: {growth}."
            return Standing.OLD, "It is in the baseline."
        since = self._rules.since
        if since is not None and first_seen <= since:
            return Standing.OLD, f"First seen {first_seen:%Y-%m-%d %H:%M} UTC."
        if self._compared:
            return Standing.NEW, "It is not in the baseline."
        if since is not None:
            return Standing.NEW, f"First seen {first_seen:%Y-%m-%d %H:%M} UTC, after --since."
        return Standing.OPEN, "It is open, and there is no baseline."


def _accepted(exemption: Exemption) -> str:
    until = f" until {exemption.expires_at}" if exemption.expires_at else ", with no end"
    return f"Accepted by {exemption.owner}{until}: {exemption.reason}"


def explain_worse(now: Finding, before: Finding) -> str | None:
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
