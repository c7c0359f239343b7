"""What each finding means for the release: whether it blocks, and why or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from trueup.actions.audit.guardrails.release.matching import explain_worse
from trueup.model.finding import Area
from trueup.model.release.facts import Facts, Issue, Shown
from trueup.model.release.rules import Rules
from trueup.model.release.verdict import Judged, Standing

EXEMPTION_EXPIRED = "exemption-expired"
"""The check whose subjects are the issue ids that were exempted once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the findings are compared with: the baseline's, by the report's fingerprint.

    ``asked`` says that there is a baseline, ``usable`` that it can say what is new.
    """

    asked: bool
    usable: bool
    before: Mapping[str, Issue]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """What exemptions that have ended were of: issue ids, and for each check whole plans."""

    issue_ids: frozenset[str]
    plans: Mapping[str, frozenset[Shown]]

    def covered(self, issue: Issue) -> bool:
        """Whether one was of this finding. Of a finding that names no plan a plan's may have been."""
        plans = self.plans.get(issue.check, frozenset())
        plan = issue.evidence.get("plan")
        return issue.id in self.issue_ids or (bool(plans) and (plan is None or plan in plans))


def _ended(report: Facts) -> _Ended:
    found = [issue for issue in report.issues if issue.check == EXEMPTION_EXPIRED]
    plans: dict[str, set[Shown]] = {}
    for issue in found:
        if (plan := issue.evidence.get("exemptPlan")) is not None:
            plans.setdefault(str(issue.evidence.get("checkId")), set()).add(plan)
    return _Ended(
        issue_ids=frozenset(issue.subject for issue in found),
        plans={check: frozenset(of) for check, of in plans.items()},
    )


def judge_findings(report: Facts, comparison: Comparison, *, rules: Rules, now: datetime) -> tuple[Judged, ...]:
    """Every finding of the report, judged: what blocks first, then in the report's order."""
    order = list(Standing)
    ended = _ended(report)
    made = [_judge_finding(issue, comparison, rules=rules, now=now, ended=ended) for issue in report.issues]
    return tuple(sorted(made, key=lambda one: order.index(one.standing)))


def _judge_finding(issue: Issue, comparison: Comparison, *, rules: Rules, now: datetime, ended: _Ended) -> Judged:
    lapsed = _why_lapsed(issue, now.date(), ended)
    if issue.exemption is not None and lapsed is None:
        return Judged(issue=issue, standing=Standing.EXEMPTED, reason=_accepted(issue))
    standing, reason = _compared(issue, comparison, rules=rules, lapsed=lapsed)
    known = standing is Standing.OLD
    if not issue.severity.at_least(rules.fail_on):
        reason = f"It is {issue.severity}, and only {rules.fail_on} or worse blocks."
        return Judged(issue=issue, standing=Standing.BELOW, reason=reason, known=known)
    blocks_from = rules.shadow.get(issue.check)
    if standing.blocks and blocks_from is not None and now.date() < blocks_from:
        reason = f"{reason} {issue.check} blocks from {blocks_from} on; until then it is only reported."
        return Judged(issue=issue, standing=Standing.SHADOW, reason=reason, blocks_from=blocks_from)
    return Judged(issue=issue, standing=standing, reason=reason, known=known)


def _why_lapsed(issue: Issue, today: date, ended: _Ended) -> str | None:
    """Why the exemption does not hold any more; None where it does, or where there never was one."""
    if issue.exemption is None:
        return "Its exemption has ended." if ended.covered(issue) else None
    expires = issue.exemption.expires_at
    if expires is not None and expires < today:
        return f"Its exemption ended on {expires}."
    if expires is None and issue.area is Area.GATES:
        return "Its exemption has no end, and a plan gate's must have one."
    return None


def _accepted(issue: Issue) -> str:
    exemption = issue.exemption
    if exemption is None:
        return ""
    until = f" until {exemption.expires_at}" if exemption.expires_at else ", with no end"
    return f"Accepted by {exemption.owner}{until}: {exemption.reason}"


def _compared(issue: Issue, comparison: Comparison, *, rules: Rules, lapsed: str | None) -> tuple[Standing, str]:
    if lapsed is not None:
        return Standing.LAPSED, lapsed
    if issue.area is Area.GATES:
        return Standing.GATE, "A plan gate is never backlog."
    if comparison.asked and not comparison.usable:
        return Standing.UNKNOWN, "Whether it is new is unknown: the baseline cannot say."
    before = comparison.before.get(issue.fingerprint)
    if before is not None:
        return _since_baseline(issue, before)
    if rules.since is not None and issue.first_seen <= rules.since:
        return Standing.OLD, f"First seen {issue.first_seen:%Y-%m-%d %H:%M} UTC."
    if comparison.asked:
        return Standing.NEW, "It is not in the baseline."
    if rules.since is not None:
        return Standing.NEW, f"First seen {issue.first_seen:%Y-%m-%d %H:%M} UTC, after --since."
    return Standing.OPEN, "It is open, and there is no baseline."


def _since_baseline(issue: Issue, before: Issue) -> tuple[Standing, str]:
    grown = explain_worse(issue, before)
    if grown is not None:
        return Standing.WORSE, f"It is in the baseline and got worse: {grown}."
    return Standing.OLD, "It is in the baseline."
