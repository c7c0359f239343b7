"""Two reports as a release gate sees them: facts made by hand, and any that hypothesis can think of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from trueup.actions.audit import judge_release
from trueup.model.finding import Area, fingerprint_of
from trueup.model.gate import PlanGate
from trueup.model.guardrail import GATE_CHECKS, REPLAY_CHECKS, Guardrail, GuardrailStatus
from trueup.model.money import Impact
from trueup.model.relations import Exemption
from trueup.model.release import Answer, Answered, Facts, Issue, Rules, Standing, Verdict
from trueup.model.severity import Severity

NOW = datetime(2026, 3, 1, 12, 0, 5)
BEFORE = NOW - timedelta(days=1)
AREAS = {
    "credit-balance": Area.CREDITS,
    "duplicate-event-grant": Area.WEBHOOKS,
    "exemption-expired": Area.ENTITLEMENTS,
    "gate-regression": Area.GATES,
    "grant-without-invoice": Area.REVENUE,
    "stale-paid-plan": Area.ENTITLEMENTS,
}
CHECKS = tuple(dict.fromkeys((*AREAS, *GATE_CHECKS, *REPLAY_CHECKS)))
GUARDRAILS = ("replay", "audited-repairs")


def issue(issue_id: str, *, severity: Severity = Severity.CRITICAL, **fields: Any) -> Issue:
    """A finding with this id, first seen long ago."""
    check, _, subject = issue_id.partition(":")
    values: dict[str, Any] = {
        "check": check,
        "area": AREAS.get(check, Area.WEBHOOKS if check in REPLAY_CHECKS else Area.REVENUE),
        "subject": subject,
        "severity": severity,
        "title": f"What {check} says",
        "message": f"{subject} is broken.",
        "fingerprint": fingerprint_of(check, subject),
        "first_seen": NOW - timedelta(days=30),
    }
    return Issue(**(values | fields))


def exempted(issue_id: str, *, until: date | None, **fields: Any) -> Issue:
    """A finding that somebody answers for."""
    made = issue(issue_id, **fields)
    accepted = Exemption(
        check_id=made.check, subject=made.subject, owner="finance", reason="agreed with them", expires_at=until
    )
    return dataclasses.replace(made, exemption=accepted)


def facts(issues: Iterable[Issue | str] = (), *, at: datetime = NOW, **fields: Any) -> Facts:
    """A report of this moment, whole and with every guardrail allowed, unless told otherwise."""
    cell = PlanGate(feature="exports", plan="FREE", expected=False, actual=False)
    values: dict[str, Any] = {
        "run_id": f"run-{at:%Y%m%d%H%M%S}",
        "environment": "production",
        "period_days": 45,
        "generated_at": at,
        "database_as_of": at,
        "stripe_as_of": None,
        "answers": tuple(Answer(check=check, how=Answered.CHECKED, population=10) for check in CHECKS),
        "issues": tuple(issue(one) if isinstance(one, str) else one for one in issues),
        "plan_gates": (cell,),
        "guardrails": tuple(Guardrail(id=one, status=GuardrailStatus.ALLOWED) for one in GUARDRAILS),
    }
    return Facts(**(values | fields))


def baseline(issues: Iterable[Issue | str] = (), **fields: Any) -> Facts:
    """The report of the day before."""
    return facts(issues, **({"at": BEFORE} | fields))


def guardrails(**statuses: tuple[GuardrailStatus, str]) -> tuple[Guardrail, ...]:
    """The guardrails, those named by keyword with this status and reason."""
    named = {name.replace("_", "-"): said for name, said in statuses.items()}
    return tuple(
        Guardrail(id=one, status=named[one][0], reasons=(named[one][1],))
        if one in named
        else Guardrail(id=one, status=GuardrailStatus.ALLOWED)
        for one in GUARDRAILS
    )


def answered(*, without: Iterable[str] = (), **hows: Answered) -> tuple[Answer, ...]:
    """Every check's answer; those named by keyword ended otherwise, those in ``without`` are not there."""
    named = {name.replace("_", "-"): how for name, how in hows.items()}
    return tuple(
        Answer(check=check, how=named[check], reason="its reason")
        if check in named
        else Answer(check=check, how=Answered.CHECKED, population=10)
        for check in CHECKS
        if check not in set(without)
    )


def judge(report: Facts, before: Facts | None = None, *, now: datetime = NOW, **rules: Any) -> Verdict:
    """The verdict under these rules; every check of ``CHECKS`` must have been asked."""
    return judge_release(
        report=report, baseline=before, rules=Rules(**({"checks": frozenset(CHECKS)} | rules)), now=now
    )


def standings(made: Verdict) -> dict[str, Standing]:
    """Where each finding stands, by its id."""
    return {one.issue.id: one.standing for one in made.findings}


def statuses(made: Verdict) -> dict[str, str]:
    """What each question was answered, by its id."""
    return {question.id: question.status.value for question in made.questions}


def reasons(made: Verdict) -> str:
    """Why questions were not allowed, in one text."""
    return "\n".join(reason for question in made.questions for reason in question.reasons)


checks = st.sampled_from(sorted(AREAS))
subjects = st.sampled_from(
    [*(f"user_{number}" for number in range(6)), "pi_3Pq8sZLkdIwHu7ix0Qm2", "evt_1Oa77zLkdIwHu7ix", "9223", "9224"]
)
severities = st.sampled_from(Severity)
impacts = st.builds(
    Impact,
    money=st.dictionaries(st.sampled_from(["usd", "eur"]), st.integers(0, 400), max_size=2),
    credits=st.integers(0, 400).map(Decimal),
)
evidence = st.fixed_dictionaries(
    {},
    optional={
        "accountId": st.sampled_from(["user_1", "user_2"]),
        "stripeEventId": st.sampled_from(["evt_76e2e745125f4999", "evt_af85f7d2cae7d132"]),
        "stripeCustomerId": st.sampled_from(["cus_83cb8dcfc6a65ca3", "cus_28903e48ad2a5b28"]),
        "lastEntryId": st.sampled_from([8901, "8901", "8902"]),
        "createdAt": st.sampled_from(["2026-01-05T02:01:20Z", "2026-01-06T02:01:20Z"]),
        "drift": st.sampled_from(["500", "20"]),
    },
)
moments = st.datetimes(min_value=NOW - timedelta(days=60), max_value=NOW)
exemptions = st.none() | st.builds(
    Exemption,
    check_id=checks,
    subject=subjects,
    owner=st.just("finance"),
    reason=st.just("agreed"),
    expires_at=st.none() | st.dates(min_value=date(2026, 2, 1), max_value=date(2026, 4, 1)),
)


@st.composite
def issues(draw: st.DrawFn) -> tuple[Issue, ...]:
    """Some findings, each about another subject of its check."""
    named = draw(st.lists(st.tuples(checks, subjects), max_size=8, unique=True))
    return tuple(
        issue(
            f"{check}:{subject}",
            severity=draw(severities),
            impact=draw(impacts),
            evidence=draw(evidence),
            first_seen=draw(moments),
            exemption=draw(exemptions),
        )
        for check, subject in named
    )


reports = issues().map(facts)
baselines = st.none() | issues().map(baseline)
rules = st.fixed_dictionaries(
    {},
    optional={
        "fail_on": severities,
        "since": moments,
        "shadow": st.dictionaries(checks, st.dates(date(2026, 2, 1), date(2026, 4, 1)), max_size=2),
        "allow_inconclusive": st.booleans(),
    },
)
