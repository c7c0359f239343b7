"""Two reports as a release gate sees them: reports made by hand, and any that hypothesis can think of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

from trueup.actions.audit import judge_release
from trueup.model.finding import Area, Finding
from trueup.model.gate import PlanGate
from trueup.model.guardrail import GATE_CHECKS, REPLAY_CHECKS, Guardrail, GuardrailStatus
from trueup.model.money import Impact
from trueup.model.outcome import Answered, Checked, CheckOutcome, Outcome
from trueup.model.relations import Exemption
from trueup.model.release import Rules, Standing, Verdict
from trueup.model.report import Report
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


class Reported(NamedTuple):
    """A report, and by fingerprint when its findings were first seen."""

    report: Report
    first_seen: Mapping[str, datetime]


class Seen(NamedTuple):
    """A finding, and when it was first seen."""

    finding: Finding
    first_seen: datetime


def issue(issue_id: str, *, severity: Severity = Severity.CRITICAL, **fields: Any) -> Seen:
    """A finding with this id, first seen long ago."""
    check, _, subject = issue_id.partition(":")
    first_seen = fields.pop("first_seen", NOW - timedelta(days=30))
    values: dict[str, Any] = {
        "check": check,
        "area": AREAS.get(check, Area.WEBHOOKS if check in REPLAY_CHECKS else Area.REVENUE),
        "subject": subject,
        "severity": severity,
        "title": f"What {check} says",
        "message": f"{subject} is broken.",
    }
    return Seen(Finding(**(values | fields)), first_seen)


def exempted(issue_id: str, *, until: date | None, **fields: Any) -> Seen:
    """A finding that somebody answers for."""
    check, _, subject = issue_id.partition(":")
    accepted = Exemption(check_id=check, subject=subject, owner="finance", reason="agreed with them", expires_at=until)
    return issue(issue_id, exemption=accepted, **fields)


def report_of(issues: Iterable[Seen | str] = (), *, at: datetime = NOW, **fields: Any) -> Reported:
    """A report of this moment, whole and with every guardrail allowed, unless told otherwise."""
    seen = [issue(one) if isinstance(one, str) else one for one in issues]
    cell = PlanGate(feature="exports", plan="FREE", expected=False, actual=False)
    answers = fields.pop("outcomes", answered())
    values: dict[str, Any] = {
        "run_id": f"run-{at:%Y%m%d%H%M%S}",
        "environment": "production",
        "period_days": 45,
        "generated_at": at,
        "database_as_of": at,
        "relations": (),
        "outcomes": with_findings(answers, [one.finding for one in seen]),
        "plan_gates": (cell,),
        "guardrails": tuple(Guardrail(id=one, status=GuardrailStatus.ALLOWED) for one in GUARDRAILS),
    }
    first_seen = {one.finding.fingerprint: one.first_seen for one in seen}
    return Reported(Report(**(values | fields)), first_seen)


def with_findings(answers: Iterable[CheckOutcome], findings: Sequence[Finding]) -> tuple[CheckOutcome, ...]:
    """The outcomes, those of checks that answered with these findings; a finding of no such check gets an outcome."""
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding)
    outcomes = []
    for outcome in answers:
        if outcome.answered is Answered.CHECKED and (of_check := by_check.pop(outcome.check, [])):
            checked = Checked(population=outcome.population, findings=(*outcome.findings, *of_check))
            outcome = dataclasses.replace(outcome, outcome=checked)  # noqa: PLW2901 - the same outcome, with findings
        outcomes.append(outcome)
    rest = (
        CheckOutcome(check=check, outcome=Checked(population=10, findings=tuple(of_check)), milliseconds=1)
        for check, of_check in by_check.items()
    )
    return (*outcomes, *rest)


def adding(reported: Reported, *more: Seen) -> Reported:
    """The same report with more findings."""
    outcomes = with_findings(reported.report.outcomes, [one.finding for one in more])
    first_seen = {one.finding.fingerprint: one.first_seen for one in more}
    return Reported(dataclasses.replace(reported.report, outcomes=outcomes), {**reported.first_seen, **first_seen})


def changed(reported: Reported, **fields: Any) -> Reported:
    """The same report with these fields."""
    return reported._replace(report=dataclasses.replace(reported.report, **fields))


def baseline(issues: Iterable[Seen | str] = (), **fields: Any) -> Reported:
    """The report of the day before."""
    return report_of(issues, **({"at": BEFORE} | fields))


def guardrails(**statuses: tuple[GuardrailStatus, str]) -> tuple[Guardrail, ...]:
    """The guardrails, those named by keyword with this status and reason."""
    named = {name.replace("_", "-"): said for name, said in statuses.items()}
    return tuple(
        Guardrail(id=one, status=named[one][0], reasons=(named[one][1],))
        if one in named
        else Guardrail(id=one, status=GuardrailStatus.ALLOWED)
        for one in GUARDRAILS
    )


def answered(*, without: Iterable[str] = (), population: int = 10, **hows: Outcome) -> tuple[CheckOutcome, ...]:
    """Every check's outcome; those named by keyword ended otherwise, those in ``without`` are not there."""
    named = {name.replace("_", "-"): how for name, how in hows.items()}
    checked = Checked(population=population, findings=())
    return tuple(
        CheckOutcome(check=check, outcome=named.get(check, checked), milliseconds=1)
        for check in CHECKS
        if check not in set(without)
    )


def judge(reported: Reported, before: Reported | None = None, *, now: datetime = NOW, **rules: Any) -> Verdict:
    """The verdict under these rules; every check of ``CHECKS`` must have been asked."""
    return judge_release(
        report=reported.report,
        first_seen=reported.first_seen,
        baseline=before.report if before is not None else None,
        rules=Rules(**({"checks": frozenset(CHECKS)} | rules)),
        now=now,
    )


def standings(made: Verdict) -> dict[str, Standing]:
    """Where each finding stands, by its id."""
    return {one.finding.id: one.standing for one in made.findings}


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
        "account_id": st.sampled_from(["user_1", "user_2"]),
        "stripe_event_id": st.sampled_from(["evt_76e2e745125f4999", "evt_af85f7d2cae7d132"]),
        "stripe_customer_id": st.sampled_from(["cus_83cb8dcfc6a65ca3", "cus_28903e48ad2a5b28"]),
        "last_entry_id": st.sampled_from([8901, "8901", "8902"]),
        "created_at": st.sampled_from(["2026-01-05T02:01:20Z", "2026-01-06T02:01:20Z"]),
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
def issues(draw: st.DrawFn) -> tuple[Seen, ...]:
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


reports = issues().map(report_of)
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
