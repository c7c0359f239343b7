"""What becomes of a check before its SQL is run."""

from __future__ import annotations

import dataclasses

from trueup.actions.audit.check_runner import run_checks
from trueup.books.file import books_in_memory
from trueup.checks import catalogue
from trueup.model.check import CASE_NOW, Check
from trueup.model.outcome import Off, Outcome, Skipped
from trueup.model.policy import Policy
from trueup.model.source import Silent

STUCK = next(check for check in catalogue() if check.id == "stuck-event")


def outcome_of(check: Check, policy: Policy) -> Outcome:
    with books_in_memory() as books:
        (made,) = run_checks(books, checks=(check,), policy=policy, now=CASE_NOW, progress=Silent())
    return made.outcome


def test_what_is_not_mapped_is_skipped_and_what_the_business_does_without_is_off() -> None:
    assert isinstance(outcome_of(STUCK, Policy()), Skipped)
    assert isinstance(outcome_of(STUCK, Policy(without=frozenset({"webhook_event"}))), Off)


def test_a_check_that_a_missing_relation_only_excuses_is_not_switched_off_with_it() -> None:
    excused = dataclasses.replace(STUCK, optional=("webhook_event",))
    assert not isinstance(outcome_of(excused, Policy(without=frozenset({"webhook_event"}))), Off)
