"""Undo: the exact value from before and exactly the finding with it, by two people, while nothing else has happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.approving import ADA, BOB, TwoPeople, two_people
from tests.support.planted import REPAIRS, Planted, subject_of
from tests.support.repairable import REASON
from trueup.actions.repair import UnknownRepair, preview_undo, undo
from trueup.model.approval import Approval
from trueup.model.repair import Applied, PlannedRepair, Refused, Stale

UNDOABLE = ("credit-balance", "unlimited-credits")


@pytest.fixture
def people(app: Planted, tmp_path: Path) -> Iterator[TwoPeople]:
    """Two people; repairs need only one of them."""
    with two_people(app, tmp_path, repairs=()) as made:
        yield made


def repaired(people: TwoPeople, issue_id: str) -> str:
    """The id of a repair that was just made."""
    result = people.repair(issue_id)
    assert isinstance(result, Applied), result
    return result.repair_id


@pytest.mark.parametrize("check", UNDOABLE)
def test_the_value_from_before_is_back_with_exactly_the_finding_and_its_own_rows(
    people: TwoPeople, app: Planted, check: str
) -> None:
    issue_id = app.take(check)
    before = app.state(issue_id)
    repair_id = repaired(people, issue_id)
    approval = people.request_undo(repair_id)
    people.approve(approval)
    result = people.undo(repair_id)
    assert isinstance(result, Applied), result
    after = app.state(issue_id)
    assert (after.credits, after.unlimited, after.plan) == (before.credits, before.unlimited, before.plan)
    assert (after.entries, after.journaled, after.recorded) == (before.entries + 2, 2, 2)
    assert app.app.is_found(issue_id)
    app.assert_nothing_but_what_is_left(issue_id)
    rows = app.app.rows(f"SELECT action, after FROM trueup_journal WHERE target = '{issue_id}' ORDER BY seq")
    assert [str(action) for action, _ in rows] == [result.kind.removeprefix("undo-"), result.kind]
    held = json.loads(str(rows[1][1]))
    assert held["undoes"] == {"repair": repair_id}
    assert (held["approval"]["requested_by"], held["approval"]["approved_by"]) == (ADA, BOB)
    # The finding can be repaired again, and the first repair cannot be undone again.
    assert isinstance(people.repair(issue_id), Applied)
    assert isinstance(people.undo(repair_id), (Stale, Refused))


def test_an_undo_always_needs_a_second_person_and_its_own_approval(people: TwoPeople, app: Planted) -> None:
    issue_id = app.take("unlimited-credits")
    repair_id = repaired(people, issue_id)
    before = app.state(issue_id)
    result = people.undo(repair_id)
    assert isinstance(result, Refused)
    assert result.needs_approval
    approved = people.approve(people.request_undo(repair_id), actor=ADA)
    assert not isinstance(approved, Approval), "the own request"
    assert isinstance(people.undo(repair_id), Refused)
    assert app.state(issue_id) == before


def test_of_many_who_undo_at_once_one_does(people: TwoPeople, app: Planted) -> None:
    issue_id = app.take("credit-balance")
    before = app.state(issue_id)
    repair_id = repaired(people, issue_id)
    people.approve(people.request_undo(repair_id))
    with ThreadPoolExecutor(max_workers=5) as callers:
        results = list(callers.map(lambda _: people.undo(repair_id), range(5)))
    assert sum(isinstance(result, Applied) for result in results) == 1, results
    assert {type(result) for result in results} <= {Applied, Stale, Refused}
    after = app.state(issue_id)
    assert (after.credits, after.entries) == (before.credits, before.entries + 2)
    assert isinstance(people.repair(issue_id), Applied)


@pytest.mark.parametrize("check", [check for check in REPAIRS if check not in UNDOABLE])
def test_no_other_repair_is_undone(people: TwoPeople, app: Planted, check: str) -> None:
    repair_id = repaired(people, app.take(check))
    plan = preview_undo(
        repair_id, config=people.config, catalogue=people.session.catalogue, now=people.now, session=people.session
    )
    assert isinstance(plan, Refused)
    assert "can be undone" in plan.reason


def test_what_was_touched_since_is_not_undone(people: TwoPeople, app: Planted) -> None:
    issue_id = app.take("credit-balance")
    subject = subject_of(issue_id)
    repair_id = repaired(people, issue_id)

    def planned() -> object:
        return preview_undo(
            repair_id, config=people.config, catalogue=people.session.catalogue, now=people.now, session=people.session
        )

    assert isinstance(planned(), PlannedRepair)
    people.approve(people.request_undo(repair_id))
    app.app.execute(f"UPDATE users SET credits = credits + 1 WHERE id = '{subject}'")
    changed = app.state(issue_id)
    assert isinstance(people.undo(repair_id), (Stale, Refused))
    assert app.state(issue_id) == changed
    app.app.execute(f"UPDATE users SET credits = credits - 1 WHERE id = '{subject}'")
    assert isinstance(planned(), PlannedRepair)
    # The application has written an entry since, which leaves the balance as it was.
    columns = "user_id, sequence, type, amount, balance_after, posted, created_at"
    app.app.execute(
        f"INSERT INTO credit_transactions ({columns}) SELECT user_id, sequence + 1, 'adjustment', 0, balance_after, "
        f"posted, created_at FROM credit_transactions WHERE user_id = '{subject}' ORDER BY sequence DESC LIMIT 1"
    )
    result = people.undo(repair_id)
    assert isinstance(result, Stale), result
    assert "not the one that the repair made" in result.reason
    app.app.execute(
        f"DELETE FROM credit_transactions WHERE user_id = '{subject}' AND type = 'adjustment' AND amount = 0"
    )
    app.app.execute(
        f"UPDATE credit_transactions SET reason = 'spent' WHERE user_id = '{subject}' AND reason LIKE 'trueup%'"
    )
    assert isinstance(people.undo(repair_id), Stale)


def test_a_repair_that_the_journal_does_not_have_is_not_undone(people: TwoPeople) -> None:
    with pytest.raises(UnknownRepair):
        undo(
            "no-such-repair",
            reason=REASON,
            actor=ADA,
            config=people.config,
            catalogue=people.session.catalogue,
            now=people.now,
            session=people.session,
        )
