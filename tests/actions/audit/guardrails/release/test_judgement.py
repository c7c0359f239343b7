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
    answered,
    baseline,
    baselines,
    exempted,
    facts,
    guardrails,
    issue,
    judge,
    reasons,
    reports,
    rules,
    standings,
    statuses,
)
from trueup.model.finding import Area
from trueup.model.gate import PlanGate
from trueup.model.guardrail import GuardrailStatus
from trueup.model.money import Impact
from trueup.model.release import Answered, Facts, Issue, Standing
from trueup.model.severity import Severity

A, B = "credit-balance:user_1", "credit-balance:user_2"


def test_a_report_without_findings_is_allowed_with_a_baseline_and_without() -> None:
    for before in (None, baseline(), baseline([A])):
        made = judge(facts(), before)
        assert made.status is GuardrailStatus.ALLOWED
        assert made.passes


def test_without_a_baseline_every_open_finding_blocks_and_the_verdict_says_so() -> None:
    made = judge(facts([A]))
    assert standings(made) == {A: Standing.OPEN}
    assert statuses(made)["findings"] == "blocked"
    notes = [note for question in made.questions for note in question.notes]
    assert notes == ["No baseline: every open finding of severity error or worse blocks."]


def test_an_old_finding_does_not_block_and_a_new_one_does() -> None:
    assert judge(facts([A]), baseline([A])).passes
    made = judge(facts([A, B]), baseline([A]))
    assert standings(made) == {A: Standing.OLD, B: Standing.NEW}
    assert made.status is GuardrailStatus.BLOCKED


def test_a_worse_one_blocks() -> None:
    severe = judge(facts([A]), baseline([issue(A, severity=Severity.WARNING)]))
    assert standings(severe) == {A: Standing.WORSE}
    more = issue(A, impact=Impact(money={"usd": 200}))
    dearer = judge(facts([more]), baseline([issue(A, impact=Impact(money={"usd": 100}))]))
    assert standings(dearer) == {A: Standing.WORSE}
    assert dearer.status is GuardrailStatus.BLOCKED


def test_a_subject_under_another_name_is_new() -> None:
    shown = {"stripeEventId": "evt_76e2e745125f4999", "createdAt": "2026-01-05T02:01:20Z"}
    before = baseline([issue("grant-without-invoice:1", evidence=shown)])
    made = judge(facts([issue("grant-without-invoice:entry-1", evidence=shown)]), before)
    assert list(standings(made).values()) == [Standing.NEW]


def test_a_less_severe_finding_than_fail_on_is_let_pass() -> None:
    found = issue(A, severity=Severity.ERROR)
    assert standings(judge(facts([found]), fail_on=Severity.CRITICAL)) == {A: Standing.BELOW}
    assert judge(facts([found]), fail_on=Severity.CRITICAL).passes
    assert not judge(facts([found]), fail_on=Severity.ERROR).passes


def test_an_exempted_finding_does_not_block_and_one_whose_exemption_ended_does() -> None:
    today = NOW.date()
    assert judge(facts([exempted(A, until=today)])).passes
    made = judge(facts([exempted(A, until=today - timedelta(days=1))]), baseline([A]))
    assert standings(made) == {A: Standing.LAPSED}


def test_a_finding_that_was_exempted_once_blocks_though_it_is_old() -> None:
    expired = issue(f"exemption-expired:{A}", severity=Severity.WARNING)
    made = judge(facts([A, expired]), baseline([A]), since=NOW - timedelta(days=2))
    assert standings(made)[A] is Standing.LAPSED


def test_an_exemption_of_a_whole_plan_that_ended_excuses_nobody_who_is_or_may_be_on_it() -> None:
    told = {"checkId": "stale-paid-plan", "exemptPlan": "PARTNER"}
    ended = issue("exemption-expired:stale-paid-plan:plan PARTNER", severity=Severity.WARNING, evidence=told)
    ids = ["stale-paid-plan:on-it", "stale-paid-plan:on-another", "stale-paid-plan:nobody-knows", A]
    plans: list[dict[str, str]] = [{"plan": "PARTNER"}, {"plan": "PRO"}, {}, {}]
    found = [issue(one, evidence=plan) for one, plan in zip(ids, plans, strict=True)]
    made = judge(facts([*found, ended]), baseline([issue(one) for one in ids]))
    lapsed = {one for one, standing in standings(made).items() if standing is Standing.LAPSED}
    assert lapsed == {"stale-paid-plan:on-it", "stale-paid-plan:nobody-knows"}


def test_a_plan_gate_blocks_whether_or_not_the_baseline_has_it() -> None:
    gate = "gate-regression:exports:FREE"
    made = judge(facts([gate]), baseline([gate]), since=NOW - timedelta(days=1))
    assert standings(made) == {gate: Standing.GATE}
    assert statuses(made)["plan-gates"] == "blocked"


def test_a_plan_gates_exemption_needs_an_end() -> None:
    gate = "gate-regression:exports:FREE"
    assert judge(facts([exempted(gate, until=date(2026, 6, 1))])).passes
    assert standings(judge(facts([exempted(gate, until=None)]))) == {gate: Standing.LAPSED}


def test_a_cell_that_failed_blocks_though_no_finding_tells_of_it() -> None:
    cell = PlanGate(feature="exports", plan="FREE", expected=False, actual=True)
    made = judge(facts(plan_gates=(cell,)))
    assert "exports on FREE should be denied and is allowed, and no finding tells of it." in reasons(made)
    assert made.status is GuardrailStatus.BLOCKED


def test_a_cell_that_nobody_answered_is_unknown() -> None:
    cell = PlanGate(feature="seats", plan="TEAM", expected=10, actual=None)
    assert statuses(judge(facts(plan_gates=(cell,))))["plan-gates"] == "unknown"


def test_a_cell_that_differs_from_what_was_accepted_is_told_and_does_not_block() -> None:
    cell = PlanGate(feature="seats", plan="TEAM", expected=20, actual=20, accepted=10)
    made = judge(facts(plan_gates=(cell,)))
    assert made.passes
    assert any("seats on TEAM was accepted as 10 and is 20." in question.notes for question in made.questions)


def test_switched_off_plan_gates_are_told_and_do_not_block() -> None:
    off = answered(gate_regression=Answered.OFF, gate_uncovered=Answered.OFF, gate_unreachable=Answered.OFF)
    made = judge(facts(answers=off, plan_gates=()))
    assert made.passes
    assert any("Plan gates are switched off." in question.notes for question in made.questions)


def test_a_check_in_shadow_mode_is_reported_until_its_day() -> None:
    shadow = {"credit-balance": date(2026, 3, 2)}
    made = judge(facts([A]), shadow=shadow)
    assert standings(made) == {A: Standing.SHADOW}
    assert made.passes
    assert "credit-balance blocks from 2026-03-02 on" in made.findings[0].reason
    later = facts([A], at=NOW + timedelta(days=1))
    assert not judge(later, shadow=shadow, now=NOW + timedelta(days=1)).passes


def test_shadow_mode_hides_no_check_that_broke() -> None:
    broken = facts(answers=answered(credit_balance=Answered.BROKEN))
    assert not judge(broken, shadow={"credit-balance": date(2026, 12, 31)}).passes


def test_since_lets_pass_what_was_seen_by_then_and_nothing_later() -> None:
    since = NOW - timedelta(days=7)
    seen, later = issue(A, first_seen=since), issue(B, first_seen=since + timedelta(seconds=1))
    assert standings(judge(facts([seen, later]), since=since)) == {B: Standing.NEW, A: Standing.OLD}


def test_since_the_report_itself_would_let_everything_pass_and_is_unknown() -> None:
    made = judge(facts([issue(A, first_seen=NOW)]), since=NOW)
    assert not made.passes


UNSAFE = guardrails(replay=(GuardrailStatus.BLOCKED, "1 event credited twice."))
TWICE = "duplicate-event-grant:evt_1"


def replayed(report: Facts, before: Facts | None = None, **told: Any) -> str:
    return statuses(judge(dataclasses.replace(report, guardrails=UNSAFE), before, **told))["replay"]


def test_a_replay_that_is_blocked_blocks_unless_all_that_it_rests_on_is_old_or_answered_for() -> None:
    assert replayed(facts([TWICE])) == "blocked"
    assert replayed(facts(), baseline()) == "blocked"
    assert replayed(facts([TWICE]), baseline([TWICE])) == "allowed"
    assert replayed(facts([TWICE, "duplicate-event-grant:evt_2"]), baseline([TWICE])) == "blocked"
    assert replayed(facts([exempted("missing-idempotency-record:evt_1", until=date(2026, 6, 1))])) == "allowed"
    assert replayed(facts([TWICE]), shadow={"duplicate-event-grant": date(2026, 12, 31)}) == "allowed"
    assert replayed(facts([TWICE]), since=BEFORE) == "allowed"
    assert replayed(facts([TWICE]), baseline([TWICE], period_days=30)) == "unknown"


def test_old_findings_excuse_no_replay_of_what_nobody_looked_at() -> None:
    off = answered(duplicate_invoice_grant=Answered.OFF)
    assert replayed(facts([TWICE], answers=off), baseline([TWICE], answers=off)) == "blocked"
    unread = issue("unreadable-row:ledger_entry:9", severity=Severity.ERROR)
    assert replayed(facts([TWICE, unread]), baseline([TWICE])) == "blocked"


def test_a_repair_without_its_row_is_never_backlog() -> None:
    blocked = guardrails(audited_repairs=(GuardrailStatus.BLOCKED, "Repair 7 has no row."))
    made = judge(facts(guardrails=blocked), baseline(guardrails=blocked), since=BEFORE)
    assert statuses(made)["audited-repairs"] == "blocked"


@pytest.mark.parametrize(
    "report",
    [
        facts(answers=answered(credit_balance=Answered.SKIPPED)),
        facts(answers=answered(credit_balance=Answered.BROKEN)),
        facts(answers=answered(without=["credit-balance"])),
        facts(answers=()),
        facts(problems=("account: the connection was lost",)),
        facts(answers=tuple(dataclasses.replace(one, population=0) for one in answered())),
        facts(guardrails=()),
        facts(guardrails=guardrails(replay=(GuardrailStatus.UNKNOWN, "Not looked."))),
        facts(guardrails=guardrails(audited_repairs=(GuardrailStatus.UNKNOWN, "Not looked."))),
        facts(database_as_of=None),
        facts(at=NOW - timedelta(minutes=61)),
        facts(at=NOW + timedelta(minutes=3)),
        facts(database_as_of=NOW - timedelta(days=7)),
        facts(stripe_as_of=NOW - timedelta(days=7)),
        facts(plan_gates=()),
        facts(answers=answered(without=["gate-regression", "gate-uncovered", "gate-unreachable"])),
    ],
)
def test_what_was_not_looked_at_is_unknown_and_passes_only_where_that_is_asked_for(report: Facts) -> None:
    made = judge(report)
    assert made.status is GuardrailStatus.UNKNOWN
    assert reasons(made)
    assert not made.passes
    assert judge(report, allow_inconclusive=True).passes
    worse = dataclasses.replace(report, issues=(issue("gate-regression:exports:FREE"),))
    assert judge(worse).status is GuardrailStatus.BLOCKED
    assert not judge(worse, allow_inconclusive=True).passes


@pytest.mark.parametrize(
    "before",
    [
        baseline([A], environment="staging"),
        baseline([A], period_days=30),
        baseline([A], at=NOW),
        baseline([A], at=NOW + timedelta(hours=1)),
        baseline([A], run_id=facts().run_id),
        baseline([A], answers=answered(stale_paid_plan=Answered.BROKEN)),
    ],
)
def test_a_baseline_that_cannot_be_compared_with_says_nothing_is_old(before: Facts) -> None:
    made = judge(facts([A]), before)
    assert standings(made) == {A: Standing.UNKNOWN}
    assert made.status is GuardrailStatus.UNKNOWN
    assert not judge(facts(), before).passes


def test_a_baseline_of_another_environment_can_be_asked_for_by_name() -> None:
    staged = baseline([A], environment="staging")
    assert judge(facts([A]), staged, baseline_environment="staging").passes
    assert not judge(facts([A]), baseline([A]), baseline_environment="staging").passes


def test_a_check_that_was_switched_off_or_looks_at_nothing_since_the_baseline_is_unknown() -> None:
    off = facts(answers=answered(credit_balance=Answered.OFF))
    assert judge(off).passes
    assert not judge(off, baseline([A])).passes
    empty = [dataclasses.replace(one, population=0) if one.check == "credit-balance" else one for one in answered()]
    assert judge(facts(answers=tuple(empty))).passes
    assert not judge(facts(answers=tuple(empty)), baseline([A])).passes


def test_a_report_of_another_environment_or_period_than_the_config_is_unknown() -> None:
    assert not judge(facts(), environment="staging").passes
    assert not judge(facts(), period_days=30).passes


@given(reports, baselines, rules)
def test_a_verdict_is_allowed_only_where_every_open_finding_is_excused(
    report: Facts, before: Facts | None, told: dict[str, Any]
) -> None:
    made = judge(report, before, **told)
    assert len(made.findings) == len(report.issues)
    if made.status is not GuardrailStatus.ALLOWED:
        return
    for one in made.findings:
        assert one.standing in {Standing.OLD, Standing.BELOW, Standing.EXEMPTED, Standing.SHADOW}
        if one.standing is Standing.OLD:
            assert one.issue.area is not Area.GATES
            assert before is not None or "since" in told
        if one.standing is Standing.EXEMPTED:
            assert one.issue.exemption is not None


@given(reports, baselines, rules)
def test_adding_a_new_open_finding_never_makes_a_verdict_better(
    report: Facts, before: Facts | None, told: dict[str, Any]
) -> None:
    order = [GuardrailStatus.ALLOWED, GuardrailStatus.UNKNOWN, GuardrailStatus.BLOCKED]
    more: Issue = issue("large-credit-movement:never-seen", first_seen=NOW)
    grown = dataclasses.replace(report, issues=(*report.issues, more))
    one, other = judge(report, before, **told), judge(grown, before, **told)
    assert order.index(other.status) >= order.index(one.status)
    assert not other.passes or one.passes
    if "since" not in told or told["since"] < NOW:
        assert other.status is GuardrailStatus.BLOCKED


@given(reports, baselines, rules)
def test_less_of_a_baseline_never_lets_more_pass(report: Facts, before: Facts | None, told: dict[str, Any]) -> None:
    if before is None:
        return
    less = dataclasses.replace(before, issues=before.issues[1:])
    assert judge(report, before, **told).passes or not judge(report, less, **told).passes
