"""What becomes of a check before its SQL is run."""

from __future__ import annotations

import dataclasses

import pytest

from trueup.actions.audit.check_runner import run_checks
from trueup.books.opening import books_in_memory
from trueup.checks import catalogue
from trueup.model.check import CASE_NOW, Check
from trueup.model.outcome import Checked, NotApplicable, Off, Outcome, Skipped
from trueup.model.policy import Policy
from trueup.model.source import Silent

STUCK = next(check for check in catalogue() if check.id == "stuck-event")


def outcome_of(check: Check, policy: Policy) -> Outcome:
    with books_in_memory() as books:
        (made,) = run_checks(books, checks=(check,), policy=policy, now=CASE_NOW, progress=Silent())
    return made.outcome


NO_EVENTS = Policy(absent={"webhook_event": "webhook events are said to be absent"})


def test_a_check_of_what_is_not_mapped_is_skipped_and_of_what_is_absent_does_not_apply() -> None:
    assert isinstance(outcome_of(STUCK, Policy()), Skipped)
    assert outcome_of(STUCK, NO_EVENTS) == NotApplicable(reason="webhook events are said to be absent")


def test_a_check_that_the_policy_switches_off_is_off_also_where_it_does_not_apply() -> None:
    assert isinstance(outcome_of(STUCK, dataclasses.replace(NO_EVENTS, severity={STUCK.id: None})), Off)


def test_a_check_that_an_absent_relation_only_excuses_still_applies() -> None:
    excused = dataclasses.replace(STUCK, optional=("webhook_event",), requires=())
    assert not isinstance(outcome_of(excused, NO_EVENTS), NotApplicable)


@pytest.mark.parametrize(("number", "text"), [(0, "no event at all"), (1, "1 event"), (2, "2 events")])
def test_a_number_in_a_message_agrees_with_its_noun(number: int, text: str) -> None:
    counting = dataclasses.replace(
        STUCK,
        requires=(),
        population="SELECT 1",
        violations=f"SELECT 'x' AS subject, {number} AS events",
        message="{subject}: {events:event|no event at all}, {events}.",
    )
    outcome = outcome_of(counting, Policy())
    assert isinstance(outcome, Checked)
    assert [finding.message for finding in outcome.findings] == [f"x: {text}, {number}."]
