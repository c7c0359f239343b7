"""Judge whether a report's software may be released: one pure function of facts, rules and the moment of asking."""

from __future__ import annotations

from datetime import datetime

from trueup.actions.audit.guardrails.release import questions as ask
from trueup.actions.audit.guardrails.release.finding_judgement import Comparison, judge_findings
from trueup.actions.audit.guardrails.release.matching import match_baseline
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Facts, Question, Rules, Verdict


def judge_release(*, report: Facts, baseline: Facts | None, rules: Rules, now: datetime) -> Verdict:
    """Judge a report, compared with a baseline where there is one.

    What is known to be bad blocks, whatever else is unknown; what is unknown is never allowed.
    """
    unusable = () if baseline is None else tuple(ask.incomparable(report, baseline, rules))
    comparison = Comparison(
        asked=baseline is not None,
        usable=not unusable,
        before={} if baseline is None or unusable else match_baseline(report, baseline),
    )
    findings = judge_findings(report, comparison, rules=rules, now=now)
    questions = (
        ask.complete(report, rules),
        ask.fresh(report, rules, now),
        ask.baseline(report, baseline, rules, unusable=unusable),
        ask.plan_gates(report, findings),
        ask.findings(findings),
        ask.replay(report, findings),
        ask.audited_repairs(report),
    )
    return Verdict(
        status=_worst(questions),
        questions=questions,
        findings=findings,
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
