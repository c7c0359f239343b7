"""What each guardrail says, over every outcome of what it looks at, and what a report that has aged says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from tests.support.reports import NOW, QUICK, clean, reports
from trueup.actions.audit.guardrails.judgement import (
    aged,
    audited_repairs,
    complete_and_fresh,
    judge_guardrails,
    release,
    replay,
    stripe_source_of_truth,
)
from trueup.model.finding import Area, Finding
from trueup.model.gate import PlanGate
from trueup.model.guardrail import (
    GATE_CHECKS,
    REPLAY_CHECKS,
    STRIPE_CHECKS,
    Guardrail,
    GuardrailStatus,
    RepairEvidence,
)
from trueup.model.outcome import Broken, Checked, CheckOutcome, NotApplicable, Off, Outcome, Skipped
from trueup.model.relations import Exemption
from trueup.model.release import Rules
from trueup.model.repair_evidence import JournalState
from trueup.model.report import RelationRead, Report
from trueup.model.severity import Severity

ALLOWED, BLOCKED, UNKNOWN = GuardrailStatus
ORDER = ["stripe-source-of-truth", "audited-repairs", "replay", "release", "complete-and-fresh"]
NOTHING = Checked(population=9, findings=())
SILENT: dict[str, Outcome] = {
    "skipped": Skipped(reason="not mapped: webhook_event"),
    "broken": Broken(error="the connection was lost"),
    "off": Off(),
    "absent": NotApplicable(reason="its reason"),
}
READ = RepairEvidence(state=JournalState.READ)
WHOLE = (*STRIPE_CHECKS, *REPLAY_CHECKS, "unreadable-row", *GATE_CHECKS)


CELL = PlanGate(feature="exports", plan="FREE", expected=False, actual=False)


def found(check: str, subject: str = "user_1", severity: Severity = Severity.ERROR, **more: object) -> Finding:
    values = {"area": Area.GATES if check in GATE_CHECKS else Area.WEBHOOKS, "title": "t", "message": "m", **more}
    return Finding(check=check, subject=subject, severity=severity, **values)  # type: ignore[arg-type] # a finding's fields


def exempted(check: str, subject: str = "user_1", severity: Severity = Severity.ERROR) -> Finding:
    expires = NOW.date() if check in GATE_CHECKS else None  # a plan gate's must have an end
    return found(check, subject, severity, exemption=Exemption(check_id=check, subject=subject, expires_at=expires))


def report(outcomes: Mapping[str, Outcome] | None = None, *, without: Sequence[str] = (), **changes: object) -> Report:
    """A report in which every check that a guardrail looks at was asked and found nothing, but for these."""
    made = {check: NOTHING for check in WHOLE if check not in without} | dict(outcomes or {})
    listed = tuple(CheckOutcome(check=check, outcome=outcome, milliseconds=1) for check, outcome in made.items())
    values = {"outcomes": listed, "stripe_as_of": NOW, "plan_gates": (CELL,), **changes}
    return dataclasses.replace(clean(), **values)  # type: ignore[arg-type] # a report's fields


def with_finding(*findings: Finding) -> Report:
    return report({findings[0].check: Checked(population=9, findings=findings)})


def test_every_report_has_the_five_in_one_order() -> None:
    made = judge_guardrails(report(), repairs=READ, covers_all_checks=True)
    assert [guardrail.id for guardrail in made] == ORDER
    assert {guardrail.status for guardrail in made} == {ALLOWED}
    assert [guardrail.reasons for guardrail in made] == [()] * 5


@QUICK
@given(reports())
def test_no_report_is_more_than_one_could_look_at(any_report: Report) -> None:
    made = judge_guardrails(any_report, repairs=READ, covers_all_checks=True)
    assert [guardrail.id for guardrail in made] == ORDER
    for guardrail in made:
        assert guardrail.status is ALLOWED or guardrail.reasons
        assert all(reason.endswith(".") and len(reason) > 1 for reason in guardrail.reasons), guardrail
    by_id = {guardrail.id: guardrail for guardrail in made}
    if not any_report.complete:
        assert by_id["release"].status is not ALLOWED
        assert by_id["complete-and-fresh"].status is UNKNOWN


def released(made: Report, fail_on: Severity = Severity.ERROR, *, covers_all_checks: bool = True) -> Guardrail:
    """The guardrail of releases, where nothing speaks against replays and repairs."""
    rests_on = (audited_repairs(READ), replay(made))
    return release(
        dataclasses.replace(made, guardrails=rests_on),
        covers_all_checks=covers_all_checks,
        rules=Rules(fail_on=fail_on),
    )


LOOKS_AT: dict[str, tuple[Callable[[Report], Guardrail], Sequence[str]]] = {
    "stripe": (stripe_source_of_truth, STRIPE_CHECKS),
    "replay": (replay, REPLAY_CHECKS),
    "release": (released, ("gate-regression", "gate-uncovered")),
}


@pytest.mark.parametrize("name", LOOKS_AT)
def test_an_open_finding_of_what_it_looks_at_blocks_and_is_counted_and_named(name: str) -> None:
    judge, checks = LOOKS_AT[name]
    for check in checks:
        guardrail = judge(with_finding(*(found(check, f"user_{n}") for n in range(5))))
        assert guardrail.status is BLOCKED
        assert any(f"5 {check} findings (user_0; user_1; user_2 and 2 more)" in r for r in guardrail.reasons)


@pytest.mark.parametrize("name", LOOKS_AT)
@pytest.mark.parametrize("outcome", SILENT.values(), ids=SILENT)
def test_what_did_not_answer_is_unknown_and_named(name: str, outcome: Outcome) -> None:
    judge, checks = LOOKS_AT[name]
    if name == "release" and isinstance(outcome, (Off, NotApplicable)):
        return  # `trueup gate` lets pass what the config switches off or says is absent, and notes it
    for check in checks:
        guardrail = judge(report({check: outcome}))
        assert guardrail.status is UNKNOWN
        assert any(reason.startswith(check) for reason in guardrail.reasons)
        assert judge(report(without=[check])).status is UNKNOWN


@pytest.mark.parametrize("name", LOOKS_AT)
@pytest.mark.parametrize("outcome", SILENT.values(), ids=SILENT)
def test_what_is_known_to_be_wrong_blocks_whatever_else_is_unknown(name: str, outcome: Outcome) -> None:
    judge, (first, second, *_) = LOOKS_AT[name]
    if name == "release" and isinstance(outcome, (Off, NotApplicable)):
        return
    guardrail = judge(report({first: Checked(population=1, findings=(found(first),)), second: outcome}))
    assert guardrail.status is BLOCKED
    assert len(guardrail.reasons) >= 2


@pytest.mark.parametrize("name", LOOKS_AT)
def test_what_somebody_answers_for_does_not_block(name: str) -> None:
    judge, checks = LOOKS_AT[name]
    for check in set(checks) - {"missing-idempotency-record"}:
        assert judge(with_finding(exempted(check))).status is ALLOWED


def test_an_exempted_record_is_missing_all_the_same() -> None:
    guardrail = replay(with_finding(exempted("missing-idempotency-record", "evt_1")))
    assert guardrail.status is BLOCKED
    assert "1 event (evt_1)" in guardrail.reasons[0]


@pytest.mark.parametrize(
    ("relation", "status"), [("ledger_entry", UNKNOWN), ("webhook_event", UNKNOWN), ("account", ALLOWED)]
)
def test_a_row_that_could_not_be_read_may_be_a_grant_or_its_record(relation: str, status: GuardrailStatus) -> None:
    unread = found("unreadable-row", f"{relation}:7", evidence={"relation": relation})
    assert replay(with_finding(unread)).status is status


def test_nobody_knows_what_stripe_says_where_it_was_not_read() -> None:
    guardrail = stripe_source_of_truth(report(stripe_as_of=None))
    assert guardrail.status is UNKNOWN
    assert len(guardrail.reasons) == 1
    known = Checked(population=1, findings=(found("paid-without-customer"),))
    assert stripe_source_of_truth(report({"paid-without-customer": known}, stripe_as_of=None)).status is BLOCKED


def test_an_open_critical_stops_releases_and_an_exempted_one_does_not() -> None:
    critical = found("credit-balance", severity=Severity.CRITICAL)
    guardrail = released(with_finding(critical))
    assert guardrail.status is BLOCKED
    assert guardrail.reasons == (
        "Stop billing-related deploys until repaired or explained: 1 critical finding (credit-balance:user_1).",
    )
    assert released(with_finding(exempted("credit-balance", severity=Severity.CRITICAL))).status is ALLOWED


def test_an_open_error_stops_releases_where_the_gate_fails_on_errors() -> None:
    made = with_finding(found("stuck-event"), found("hollow-event", severity=Severity.CRITICAL))
    assert released(made).reasons == (
        "Stop billing-related deploys until repaired or explained: 1 critical finding (hollow-event:user_1).",
        "Stop billing-related deploys until repaired or explained: 1 error finding (stuck-event:user_1).",
    )
    error = with_finding(found("stuck-event"))
    assert released(error).status is BLOCKED
    assert released(error, Severity.CRITICAL).status is ALLOWED
    assert released(with_finding(found("stuck-event", severity=Severity.WARNING))).status is ALLOWED


def test_a_release_is_unknown_when_anything_could_not_be_checked_or_was_not_asked() -> None:
    assert released(report({"stuck-event": SILENT["broken"]})).status is UNKNOWN
    assert released(report(), covers_all_checks=False).status is UNKNOWN


def test_a_long_list_of_reasons_says_how_many_more_there_are() -> None:
    many = {f"check-{number}": SILENT["broken"] for number in range(40)}
    reasons = released(report(many)).reasons
    assert len(reasons) == 11
    assert reasons[-1] == "And 30 more; `trueup gate` lists them all."


REPAIR_STATES = {
    "agrees": (READ, ALLOWED),
    "disagrees": (dataclasses.replace(READ, disagreements=("It is not.",)), BLOCKED),
    "not looked at": (dataclasses.replace(READ, doubts=("Who knows.",)), UNKNOWN),
    "both": (dataclasses.replace(READ, disagreements=("It is not.",), doubts=("Who knows.",)), BLOCKED),
    "marked": (dataclasses.replace(READ, marked="1 row (a)"), BLOCKED),
    "none": (RepairEvidence(state=JournalState.ABSENT), ALLOWED),
    "none, and marked": (RepairEvidence(state=JournalState.ABSENT, marked="1 row (a)"), BLOCKED),
    "hidden": (RepairEvidence(state=JournalState.HIDDEN, problem="no right."), UNKNOWN),
    "hidden, and marked": (RepairEvidence(state=JournalState.HIDDEN, problem="no right", marked="1 row (a)"), UNKNOWN),
    "files": (RepairEvidence(state=JournalState.IMPOSSIBLE), ALLOWED),
    "files, and marked": (RepairEvidence(state=JournalState.IMPOSSIBLE, marked="1 row (a)"), UNKNOWN),
}


@pytest.mark.parametrize(("evidence", "status"), REPAIR_STATES.values(), ids=REPAIR_STATES)
def test_the_journal_and_the_rows(evidence: RepairEvidence, status: GuardrailStatus) -> None:
    assert audited_repairs(evidence).status is status


def test_a_report_that_is_not_whole_says_what_is_missing() -> None:
    cut = RelationRead(relation="ledger_entry", table="t", rows=0, problem="the copy ended.")
    for made, says in (
        (report({"stuck-event": SILENT["broken"]}), "1 check (stuck-event)"),
        (report(relations=(cut,)), "ledger_entry was not read whole: the copy ended."),
        (report(database_as_of=None, relations=()), "The database was not read."),
        (report(database_as_of=None), "The tables were read without a version"),
        (report({check: Off() for check in WHOLE}), "No check was answered."),
    ):
        guardrail = complete_and_fresh(made, covers_all_checks=True)
        assert guardrail.status is UNKNOWN
        assert any(says in reason for reason in guardrail.reasons)
    assert complete_and_fresh(report(), covers_all_checks=False).status is UNKNOWN
    assert complete_and_fresh(report(), covers_all_checks=True).status is ALLOWED


HOUR = timedelta(minutes=60)


@pytest.mark.parametrize(
    ("moved", "is_fresh"),
    [(timedelta(0), True), (HOUR, True), (HOUR + timedelta(seconds=1), False), (timedelta(seconds=-1), False)],
)
def test_a_report_allows_nothing_once_it_is_too_old_or_before_it_was_made(moved: timedelta, is_fresh: bool) -> None:
    made = judge_guardrails(report(), repairs=READ, covers_all_checks=True)
    later = aged(made, generated_at=NOW, as_of=NOW, now=NOW + moved, fresh_minutes=60)
    assert {guardrail.status for guardrail in later} == ({ALLOWED} if is_fresh else {UNKNOWN})
    if not is_fresh:
        assert {guardrail.reasons[-1].endswith("audit again.") for guardrail in later} == {True}


def test_what_it_read_may_be_older_than_the_report() -> None:
    made = judge_guardrails(report(), repairs=READ, covers_all_checks=True)
    old = aged(made, generated_at=NOW, as_of=NOW - 2 * HOUR, now=NOW, fresh_minutes=60)
    assert {guardrail.status for guardrail in old} == {UNKNOWN}


def test_what_is_blocked_stays_blocked_however_old() -> None:
    blocked = Guardrail(id="replay", status=BLOCKED, reasons=("It is.",))
    assert aged([blocked], generated_at=datetime(2020, 1, 1), as_of=None, now=NOW) == (blocked,)
