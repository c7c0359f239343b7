"""The verdict of the release gate: pure, from facts, rules and the moment of asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import questions as ask
from trueup.model.release.facts import Facts
from trueup.model.release.judging import Comparison, Judged, judged
from trueup.model.release.matching import contradictions, matched
from trueup.model.release.questions import Question
from trueup.model.release.rules import Rules

__all__ = ["Question", "Verdict", "verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says. ``findings`` are all those of the report, what blocks first; ``judged_at`` is naive UTC."""

    status: GuardrailStatus
    questions: tuple[Question, ...]
    findings: tuple[Judged, ...]
    report: Facts
    baseline: Facts | None
    rules: Rules
    judged_at: datetime

    @property
    def passes(self) -> bool:
        """Whether this may be released: nothing bad, and nothing unknown unless that was asked to be let pass."""
        inconclusive = self.status is GuardrailStatus.UNKNOWN and self.rules.allow_inconclusive
        return self.status is GuardrailStatus.ALLOWED or inconclusive

    @property
    def blocking(self) -> tuple[Judged, ...]:
        """The findings that block."""
        return tuple(one for one in self.findings if one.standing.blocks)


def verdict(*, report: Facts, baseline: Facts | None, rules: Rules, now: datetime) -> Verdict:
    """Judge a report, compared with a baseline where there is one.

    What is known to be bad blocks, whatever else is unknown; what is unknown is never allowed.
    """
    unusable: tuple[str, ...] = ()
    if baseline is not None:
        unusable = (
            *ask.incomparable(report, baseline, rules),
            *contradictions(report, baseline, renamed=rules.renamed),
        )
    comparison = Comparison(
        asked=baseline is not None,
        usable=not unusable,
        before={} if baseline is None or unusable else matched(report, baseline, renamed=rules.renamed),
    )
    found = judged(report, comparison, rules=rules, now=now)
    questions = (
        ask.complete(report, rules),
        ask.fresh(report, rules, now),
        ask.baseline(report, baseline, rules, unusable=unusable),
        ask.plan_gates(report, found),
        ask.findings(found),
        ask.replay(report, found),
        ask.audited_repairs(report),
    )
    return Verdict(
        status=_worst(questions),
        questions=questions,
        findings=found,
        report=report,
        baseline=baseline,
        rules=rules,
        judged_at=now,
    )


def _worst(questions: tuple[Question, ...]) -> GuardrailStatus:
    statuses = {question.status for question in questions}
    for status in (GuardrailStatus.BLOCKED, GuardrailStatus.UNKNOWN):
        if status in statuses:
            return status
    return GuardrailStatus.ALLOWED
