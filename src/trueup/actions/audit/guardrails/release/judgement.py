"""Judge whether the software of a report may be released: a pure function of reports, rules and the moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from trueup.actions.audit.guardrails.release import questions as ask
from trueup.actions.audit.guardrails.release.finding_judgement import FindingJudge
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Question, Rules, Verdict
from trueup.model.report import Report


def judge_release(
    *,
    report: Report,
    baseline: Report | None,
    rules: Rules,
    now: datetime,
    first_seen: Mapping[str, datetime] = MappingProxyType({}),
) -> Verdict:
    """Judge a report, compared with a baseline where there is one.

    ``first_seen`` holds moments by fingerprint; a finding that is not in it was first seen by the report itself.
    What is known to be bad blocks, whatever else is unknown; what is unknown is never allowed.
    """
    unusable = () if baseline is None else tuple(ask.incomparable(report, baseline, rules))
    judge = FindingJudge(report, baseline=baseline, usable=not unusable, first_seen=first_seen, rules=rules, now=now)
    findings = judge.judge_all()
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
