"""The verdict: what blocks, what is unknown, what is let pass, and that nothing slips through in between."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given

from tests.support.releases import (
    BEFORE,
    NOW,
    Reported,
    adding,
    answered,
    baseline,
    baselines,
    changed,
    exempted,
    guardrails,
    issue,
    judge,
    reasons,
    report_of,
    reports,
    rules,
    standings,
    statuses,
)
from trueup.model.finding import Area
from trueup.model.gate import PlanGate
from trueup.model.guardrail import GuardrailStatus
from trueup.model.money import Impact
from trueup.model.outcome import Broken, Checked, NotApplicable, Off, Skipped
from trueup.model.release import Standing
from trueup.model.report import RelationRead
from trueup.model.severity import Severity

A, B = "credit-balance:user_1", "credit-balance:user_2"


def test_a_report_without_findings_is_allowed_with_a_baseline_and_without() -> None:
    for before in (None, baseline(), baseline([A])):
        made = judge(report_of(), before)
        assert made.status is GuardrailStatus.ALLOWED
        assert made.passes


def test_without_a_baseline_every_open_finding_blocks_and_the_verdict_says_so() -> None:
    made = judge(report_of([A]))
    assert standings(made) == {A: Standing.OPEN}
    assert statuses(made)["findings"] == "blocked"
    notes = [note for question in made.questions for note in question.notes]
    assert notes == ["No baseline: every open finding of severity error or worse blocks."]


def test_an_old_finding_does_not_block_and_a_new_one_does() -> None:
    assert judge(report_of([A]), baseline([A])).passes
    made = judge(report_of([A, B]), baseline([A]))
    assert standings(made) == {A: Standing.OLD, B: Standing.NEW}
    assert made.status is GuardrailStatus.BLOCKED


def test_a_worse_one_blocks() -> None:
    severe = judge(report_of([A]), baseline([issue(A, severity=Severity.WARNING)]))
    assert standings(severe) == {A: Standing.WORSE}
    more = issue(A, impact=Impact(money={"usd": 200}))
    dearer = judge(report_of([more]), baseline([issue(A, impact=Impact(money={"usd": 100}))]))
    assert standings(dearer) == {A: Standing.WORSE}
    assert dearer.status is GuardrailStatus.BLOCKED


def test_the_same_check_and_subject_are_the_same_whatever_the_evidence_says() -> None:
    before = baseline([issue(A, evidence={"drift": "500"})])
    assert standings(judge(report_of([issue(A, evidence={"drift": "20"})]), before)) == {A: Standing.OLD}


def test_what_was_exempted_in_the_baseline_excuses_nothing() -> None:
    assert standings(judge(report_of([A]), baseline([exempted(A, until=None)]))) == {A: Standing.NEW}


def test_a_subject_under_another_name_is_new() -> None:
    shown = {"stripe_event_id": "evt_76e2e745125f4999", "created_at": "2026-01-05T02:01:20Z"}
    before = baseline([issue("grant-without-invoice:1", evidence=shown)])
    made = judge(report_of([issue("grant-without-invoice:entry-1", evidence=shown)]), before)
    assert list(standings(made).values()) == [Standing.NEW]


def test_a_less_severe_finding_than_fail_on_is_let_pass() -> None:
    found = issue(A, severity=Severity.ERROR)
    assert standings(judge(report_of([found]), fail_on=Severity.CRITICAL)) == {A: Standing.BELOW}
    assert judge(report_of([found]), fail_on=Severity.CRITICAL).passes
    assert not judge(report_of([found]), fail_on=Severity.ERROR).passes


def test_an_exempted_finding_does_not_block_and_one_whose_exemption_ended_does() -> None:
    today = NOW.date()
    assert judge(report_of([exempted(A, until=today)])).passes
    made = judge(report_of([exempted(A, until=today - timedelta(days=1))]), baseline([A]))
    assert standings(made) == {A: Standing.LAPSED}


def test_a_finding_that_was_exempted_once_blocks_though_it_is_old() -> None:
    expired = issue(f"exemption-expired:{A}", severity=Severity.WARNING)
    made = judge(report_of([A, expired]), baseline([A]), since=NOW - timedelta(days=2))
    assert standings(made)[A] is Standing.LAPSED


def test_an_exemption_of_a_whole_plan_that_ended_excuses_nobody_who_is_or_may_be_on_it() -> None:
    told = {"check_id": "stale-paid-plan", "exempt_plan": "PARTNER"}
    ended = issue("exemption-expired:stale-paid-plan:plan PARTNER", severity=Severity.WARNING, evidence=told)
    ids = ["stale-paid-plan:on-it", "stale-paid-plan:on-another", "stale-paid-plan:nobody-knows", A]
    plans: list[dict[str, str]] = [{"plan": "PARTNER"}, {"plan": "PRO"}, {}, {}]
    found = [issue(one, evidence=plan) for one, plan in zip(ids, plans, strict=True)]
    made = judge(report_of([*found, ended]), baseline([issue(one) for one in ids]))
    lapsed = {one for one, standing in standings(made).items() if standing is Standing.LAPSED}
    assert lapsed == {"stale-paid-plan:on-it", "stale-paid-plan:nobody-knows"}


def test_a_plan_gate_blocks_whether_or_not_the_baseline_has_it() -> None:
    gate = "gate-regression:exports:FREE"
    made = judge(report_of([gate]), baseline([gate]), since=NOW - timedelta(days=1))
    assert standings(made) == {gate: Standing.GATE}
    assert statuses(made)["plan-gates"] == "blocked"


def test_a_plan_gates_exemption_needs_an_end() -> None:
    gate = "gate-regression:exports:FREE"
    assert judge(report_of([exempted(gate, until=date(2026, 6, 1))])).passes
    assert standings(judge(report_of([exempted(gate, until=None)]))) == {gate: Standing.LAPSED}


def test_a_cell_that_failed_blocks_though_no_finding_tells_of_it() -> None:
    cell = PlanGate(feature="exports", plan="FREE", expected=False, actual=True)
    made = judge(report_of(plan_gates=(cell,)))
    assert "exports on FREE should be denied and is allowed, and no finding reports it." in reasons(made)
    assert made.status is GuardrailStatus.BLOCKED


def test_a_cell_that_nobody_answered_is_unknown() -> None:
    cell = PlanGate(feature="seats", plan="TEAM", expected=10, actual=None)
    assert statuses(judge(report_of(plan_gates=(cell,))))["plan-gates"] == "unknown"


def test_a_cell_that_differs_from_what_was_accepted_is_told_and_does_not_block() -> None:
    cell = PlanGate(feature="seats", plan="TEAM", expected=20, actual=20, accepted=10)
    made = judge(report_of(plan_gates=(cell,)))
    assert made.passes
    assert any("seats on TEAM was accepted as 10 and is 20." in question.notes for question in made.questions)


def test_switched_off_plan_gates_are_told_and_do_not_block() -> None:
    off = answered(gate_regression=Off(), gate_uncovered=Off(), gate_unreachable=Off())
    made = judge(report_of(outcomes=off, plan_gates=()))
    assert made.passes
    assert any("Plan gates are switched off." in question.notes for question in made.questions)


def test_a_check_in_shadow_mode_is_reported_until_its_day() -> None:
    shadow = {"credit-balance": date(2026, 3, 2)}
    made = judge(report_of([A]), shadow=shadow)
    assert standings(made) == {A: Standing.SHADOW}
    assert made.passes
    assert "credit-balance blocks from 2026-03-02 on" in made.findings[0].reason
    later = report_of([A], at=NOW + timedelta(days=1))
    assert not judge(later, shadow=shadow, now=NOW + timedelta(days=1)).passes


def test_shadow_mode_hides_no_check_that_broke() -> None:
    broken = report_of(outcomes=answered(credit_balance=Broken(error="its reason")))
    assert not judge(broken, shadow={"credit-balance": date(2026, 12, 31)}).passes


def test_since_lets_pass_what_was_seen_by_then_and_nothing_later() -> None:
    since = NOW - timedelta(days=7)
    seen, later = issue(A, first_seen=since), issue(B, first_seen=since + timedelta(seconds=1))
    assert standings(judge(report_of([seen, later]), since=since)) == {B: Standing.NEW, A: Standing.OLD}


def test_since_the_report_itself_would_let_everything_pass_and_is_unknown() -> None:
    made = judge(report_of([issue(A, first_seen=NOW)]), since=NOW)
    assert not made.passes


CUT_SHORT = RelationRead(relation="account", table="users", rows=3, problem="the connection was lost")
UNSAFE = guardrails(replay=(GuardrailStatus.BLOCKED, "1 event credited twice."))
TWICE = "duplicate-event-grant:evt_1"


def replayed(report: Reported, before: Reported | None = None, **told: Any) -> str:
    return statuses(judge(changed(report, guardrails=UNSAFE), before, **told))["replay"]


def test_a_replay_that_is_blocked_blocks_unless_all_that_it_rests_on_is_old_or_answered_for() -> None:
    assert replayed(report_of([TWICE])) == "blocked"
    assert replayed(report_of(), baseline()) == "blocked"
    assert replayed(report_of([TWICE]), baseline([TWICE])) == "allowed"
    assert replayed(report_of([TWICE, "duplicate-event-grant:evt_2"]), baseline([TWICE])) == "blocked"
    assert replayed(report_of([exempted("missing-idempotency-record:evt_1", until=date(2026, 6, 1))])) == "allowed"
    assert replayed(report_of([TWICE]), shadow={"duplicate-event-grant": date(2026, 12, 31)}) == "allowed"
    assert replayed(report_of([TWICE]), since=BEFORE) == "allowed"
    assert replayed(report_of([TWICE]), baseline([TWICE], period_days=30)) == "unknown"


def test_old_findings_excuse_no_replay_of_what_nobody_looked_at() -> None:
    off = answered(duplicate_invoice_grant=Off())
    assert replayed(report_of([TWICE], outcomes=off), baseline([TWICE], outcomes=off)) == "blocked"
    unread = issue("unreadable-row:ledger_entry:9", severity=Severity.ERROR)
    assert replayed(report_of([TWICE, unread]), baseline([TWICE])) == "blocked"


def test_a_repair_without_its_row_is_never_backlog() -> None:
    blocked = guardrails(audited_repairs=(GuardrailStatus.BLOCKED, "Repair 7 has no row."))
    made = judge(report_of(guardrails=blocked), baseline(guardrails=blocked), since=BEFORE)
    assert statuses(made)["audited-repairs"] == "blocked"


@pytest.mark.parametrize(
    "report",
    [
        report_of(outcomes=answered(credit_balance=Skipped(reason="its reason"))),
        report_of(outcomes=answered(credit_balance=Broken(error="its reason"))),
        report_of(outcomes=answered(without=["credit-balance"])),
        report_of(outcomes=()),
        report_of(relations=(CUT_SHORT,)),
        report_of(outcomes=answered(population=0)),
        report_of(guardrails=()),
        report_of(guardrails=guardrails(replay=(GuardrailStatus.UNKNOWN, "Not looked."))),
        report_of(guardrails=guardrails(audited_repairs=(GuardrailStatus.UNKNOWN, "Not looked."))),
        report_of(database_as_of=None),
        report_of(at=NOW - timedelta(minutes=61)),
        report_of(at=NOW + timedelta(minutes=3)),
        report_of(database_as_of=NOW - timedelta(days=7)),
        report_of(stripe_as_of=NOW - timedelta(days=7)),
        report_of(plan_gates=()),
        report_of(outcomes=answered(without=["gate-regression", "gate-uncovered", "gate-unreachable"])),
    ],
)
def test_what_was_not_looked_at_is_unknown_and_passes_only_where_that_is_asked_for(report: Reported) -> None:
    made = judge(report)
    assert made.status is GuardrailStatus.UNKNOWN
    assert reasons(made)
    assert not made.passes
    assert judge(report, allow_inconclusive=True).passes
    worse = adding(report, issue("gate-regression:exports:FREE"))
    assert judge(worse).status is GuardrailStatus.BLOCKED
    assert not judge(worse, allow_inconclusive=True).passes


@pytest.mark.parametrize(
    "before",
    [
        baseline([A], environment="staging"),
        baseline([A], period_days=30),
        baseline([A], at=NOW),
        baseline([A], at=NOW + timedelta(hours=1)),
        baseline([A], run_id=report_of().report.run_id),
        baseline([A], outcomes=answered(stale_paid_plan=Broken(error="its reason"))),
    ],
)
def test_a_baseline_that_cannot_be_compared_with_says_nothing_is_old(before: Reported) -> None:
    made = judge(report_of([A]), before)
    assert standings(made) == {A: Standing.UNKNOWN}
    assert made.status is GuardrailStatus.UNKNOWN
    assert not judge(report_of(), before).passes


ABSENT = NotApplicable(reason="webhook events are said to be absent")


def test_a_check_that_no_longer_applies_since_the_baseline_is_unknown_because_its_findings_are_only_unseen() -> None:
    absent = report_of(outcomes=answered(credit_balance=ABSENT))
    assert judge(absent).passes
    made = judge(absent, baseline([A]))
    assert made.status is GuardrailStatus.UNKNOWN
    assert (
        "credit-balance was answered in the baseline but does not apply now: webhook events are said to be absent."
        in reasons(made)
    )
    assert judge(absent, baseline(outcomes=answered(credit_balance=ABSENT))).passes


def test_a_finding_of_a_check_that_applies_only_since_the_baseline_is_new() -> None:
    assert not judge(report_of([A]), baseline(outcomes=answered(credit_balance=ABSENT))).passes


def test_what_is_absent_is_told_and_does_not_block() -> None:
    made = judge(report_of(outcomes=answered(stale_paid_plan=ABSENT)))
    assert made.passes
    notes = [note for question in made.questions for note in question.notes]
    assert "Unseen: webhook events are said to be absent: 1 check does not apply." in notes


def test_an_app_that_keeps_no_events_has_no_safe_replay_and_may_be_released() -> None:
    outcomes = answered(missing_idempotency_record=ABSENT)
    unsafe = guardrails(replay=(GuardrailStatus.UNKNOWN, "missing-idempotency-record does not apply: it is absent."))
    made = judge(report_of(outcomes=outcomes, guardrails=unsafe))
    assert statuses(made)["replay"] == "allowed"
    assert made.passes


def test_a_replay_that_is_unknown_for_another_reason_too_is_unknown() -> None:
    outcomes = answered(missing_idempotency_record=ABSENT, duplicate_event_grant=Skipped(reason="not mapped"))
    unsafe = guardrails(replay=(GuardrailStatus.UNKNOWN, "missing-idempotency-record does not apply: it is absent."))
    assert statuses(judge(report_of(outcomes=outcomes, guardrails=unsafe)))["replay"] == "unknown"


def test_a_baseline_of_another_environment_can_be_asked_for_by_name() -> None:
    staged = baseline([A], environment="staging")
    assert judge(report_of([A]), staged, baseline_environment="staging").passes
    assert not judge(report_of([A]), baseline([A]), baseline_environment="staging").passes


def test_a_check_that_was_switched_off_or_looks_at_nothing_since_the_baseline_is_unknown() -> None:
    off = report_of(outcomes=answered(credit_balance=Off()))
    assert judge(off).passes
    assert not judge(off, baseline([A])).passes
    empty = answered(credit_balance=Checked(population=0, findings=()))
    assert judge(report_of(outcomes=empty)).passes
    assert not judge(report_of(outcomes=empty), baseline([A])).passes


def test_a_report_of_another_environment_or_period_than_the_config_is_unknown() -> None:
    assert not judge(report_of(), environment="staging").passes
    assert not judge(report_of(), period_days=30).passes


@given(reports, baselines, rules)
def test_a_verdict_is_allowed_only_where_every_open_finding_is_excused(
    report: Reported, before: Reported | None, told: dict[str, Any]
) -> None:
    made = judge(report, before, **told)
    assert len(made.findings) == len(list(report.report.findings()))
    if made.status is not GuardrailStatus.ALLOWED:
        return
    for one in made.findings:
        assert one.standing in {Standing.OLD, Standing.BELOW, Standing.EXEMPTED, Standing.SHADOW}
        if one.standing is Standing.OLD:
            assert one.finding.area is not Area.GATES
            assert before is not None or "since" in told
        if one.standing is Standing.EXEMPTED:
            assert one.finding.exemption is not None


@given(reports, baselines, rules)
def test_adding_a_new_open_finding_never_makes_a_verdict_better(
    report: Reported, before: Reported | None, told: dict[str, Any]
) -> None:
    order = [GuardrailStatus.ALLOWED, GuardrailStatus.UNKNOWN, GuardrailStatus.BLOCKED]
    grown = adding(report, issue("large-credit-movement:never-seen", first_seen=NOW))
    one, other = judge(report, before, **told), judge(grown, before, **told)
    assert order.index(other.status) >= order.index(one.status)
    assert not other.passes or one.passes
    if "since" not in told or told["since"] < NOW:
        assert other.status is GuardrailStatus.BLOCKED


@given(reports, baselines, rules)
def test_less_of_a_baseline_never_lets_more_pass(
    report: Reported, before: Reported | None, told: dict[str, Any]
) -> None:
    if before is None:
        return
    # With --since a baseline can also refuse more: it knows that a finding of long ago got worse.
    told = {name: rule for name, rule in told.items() if name != "since"}
    first = next((outcome.check for outcome in before.report.outcomes if outcome.findings), None)
    emptied = Checked(population=10, findings=())
    outcomes = (
        dataclasses.replace(outcome, outcome=emptied) if outcome.check == first else outcome
        for outcome in before.report.outcomes
    )
    less = changed(before, outcomes=tuple(outcomes))
    assert judge(report, before, **told).passes or not judge(report, less, **told).passes
