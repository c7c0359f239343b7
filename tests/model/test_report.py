"""The report's status: what was not looked at is never fine."""

from __future__ import annotations

from datetime import datetime

import pytest

from trueup.model.finding import Area, Finding
from trueup.model.outcome import Broken, Checked, CheckOutcome, NotApplicable, Off, Outcome, Skipped
from trueup.model.report import RelationRead, Report, Status
from trueup.model.severity import Severity

NOW = datetime(2026, 3, 1)


def report(*outcomes: Outcome, problem: str | None = None) -> Report:
    return Report(
        run_id="r",
        generated_at=NOW,
        environment="test",
        period_days=45,
        database_as_of=NOW,
        relations=(RelationRead(relation="account", table="users", rows=1, problem=problem),),
        outcomes=tuple(CheckOutcome(check=f"c{n}", outcome=o, milliseconds=0) for n, o in enumerate(outcomes)),
    )


def found(severity: Severity) -> Checked:
    finding = Finding(check="c", area=Area.CREDITS, severity=severity, title="t", subject="s", message="m")
    return Checked(population=10, findings=(finding,))


CLEAN = Checked(population=10, findings=())


def test_clean_checks_of_whole_relations_are_healthy() -> None:
    assert report(CLEAN, Off()).status is Status.HEALTHY


ABSENT = NotApplicable(reason="webhook events are said to be absent")


def test_what_is_said_to_be_absent_leaves_a_report_complete_and_is_counted() -> None:
    clean = report(CLEAN, ABSENT, ABSENT, NotApplicable(reason="members are said to be absent"))
    assert (clean.status, clean.confidence) == (Status.HEALTHY, 1.0)
    assert clean.checks_apply == "1 of 4 checks apply"
    assert clean.unseen == (
        "webhook events are said to be absent: 2 checks do not apply",
        "members are said to be absent: 1 check does not apply",
    )


def test_what_is_unknown_beside_what_is_absent_is_still_incomplete() -> None:
    unknown = report(CLEAN, ABSENT, Skipped(reason="not mapped"), Off())
    assert unknown.status is Status.INCOMPLETE
    assert unknown.checks_apply == "3 of 4 checks apply, 1 could not answer, 1 switched off"


@pytest.mark.parametrize(
    "incomplete",
    [
        report(),
        report(Off()),
        report(ABSENT),
        report(CLEAN, Skipped(reason="not mapped")),
        report(CLEAN, Broken(error="out of memory")),
        report(CLEAN, problem="the copy ended after 5 rows"),
        report(found(Severity.CRITICAL), Skipped(reason="not mapped")),
    ],
)
def test_what_was_not_looked_at_makes_a_report_incomplete(incomplete: Report) -> None:
    assert incomplete.status is Status.INCOMPLETE


@pytest.mark.parametrize(
    ("severity", "status"),
    [
        (Severity.INFO, Status.HEALTHY),
        (Severity.WARNING, Status.ATTENTION),
        (Severity.ERROR, Status.DEGRADED),
        (Severity.CRITICAL, Status.CRITICAL),
    ],
)
def test_the_worst_open_finding_is_the_status(severity: Severity, status: Status) -> None:
    assert report(found(severity), CLEAN).status is status
