"""Repairs that need a second person: none is written without, each approval is used once, for its plan, in its time."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy

from tests.support.approving import ADA, TwoPeople, two_people
from tests.support.planted import OVERPAID, Planted, subject_of
from tests.support.repairable import REASON
from trueup.actions.approvals import repair_as_approved
from trueup.actions.repair import repair, repair_safe
from trueup.model.approval import Approval, ApprovalState
from trueup.model.repair import Applied, Previewed, Refused, RepairResult, Stale
from trueup.targets import open_target

CHECK = "unlimited-credits"
HELD_SECONDS = 1.0
"""Less than a repair waits for a lock, and more than it needs until it asks for the journal's head."""


@pytest.fixture
def people(app: Planted, tmp_path: Path) -> Iterator[TwoPeople]:
    """Two people at a planted company in each kind of database."""
    with two_people(app, tmp_path) as made:
        yield made


@contextlib.contextmanager
def holding_the_head(app: Planted) -> Iterator[None]:
    """Another repair, just before its commit."""
    with open_target(app.app.config.database_url).transaction() as connection:
        lock = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
        connection.execute(sqlalchemy.text(f"SELECT seq FROM trueup_journal_head{lock}"))
        yield


def refused(result: RepairResult) -> str:
    """The reason for which a second person is missing."""
    assert isinstance(result, Refused), result
    assert result.needs_approval
    return result.reason


@pytest.mark.slow
def test_no_door_of_the_action_writes_without_a_second_person(people: TwoPeople, app: Planted) -> None:
    issue_id = app.take(CHECK)
    before = app.state(issue_id)
    assert "second person" in refused(people.repair(issue_id))
    about = {"config": people.config, "catalogue": people.session.catalogue, "now": people.now, "actor": ADA}
    direct = repair(issue_id, reason=REASON, session=people.session, **about)  # type: ignore[arg-type] # its keywords
    assert "second person" in refused(direct)
    (unattended,) = repair_safe([issue_id], reason=REASON, session=people.session, **about)  # type: ignore[arg-type]
    assert isinstance(unattended, Refused)
    dry = repair(issue_id, reason=REASON, dry_run=True, session=people.session, **about)  # type: ignore[arg-type]
    assert isinstance(dry, (Previewed, Refused))
    people.request(issue_id)
    assert "second person" in refused(people.repair(issue_id)), "asking is not approving"
    assert app.state(issue_id) == before
    app.give_back(issue_id)


def test_an_approved_repair_is_written_with_both_names_and_used_once(people: TwoPeople, app: Planted) -> None:
    issue_id = app.take(CHECK)
    before = app.state(issue_id)
    approval = people.request(issue_id)
    assert isinstance(people.approve(approval), Approval)
    result = people.repair(issue_id)
    assert isinstance(result, Applied)
    assert result.repair_id == approval.approval_id
    assert app.state(issue_id) == before.repaired(CHECK)
    ((after,),) = app.app.rows(f"SELECT after FROM trueup_journal WHERE target = '{issue_id}'")
    held = json.loads(str(after))["approval"]
    assert (held["id"], held["requested_by"], held["approved_by"]) == (approval.approval_id, "oidc:ada", "oidc:bob")
    used = people.store.approvals.get(people.config.environment, approval.approval_id)
    assert used is not None
    assert (used.state, used.used_by) == (ApprovalState.USED, ADA)
    assert [event.event for event in people.store.approvals.events(approval.approval_id)] == [
        "requested",
        "approved",
        "used",
    ]


def test_a_key_that_was_refused_for_want_of_an_approval_works_once_there_is_one(
    people: TwoPeople, app: Planted
) -> None:
    issue_id = app.take(CHECK)

    def keyed() -> RepairResult:
        return repair_as_approved(
            issue_id,
            reason=REASON,
            actor=ADA,
            config=people.config,
            catalogue=people.session.catalogue,
            store=people.store,
            now=people.now,
            idempotency_key="one",
            session=people.session,
        )

    refused(keyed())
    people.approve(people.request(issue_id))
    first, again = keyed(), keyed()
    assert isinstance(first, Applied)
    assert isinstance(again, Applied)
    assert (again.repair_id, again.replayed) == (first.repair_id, True)


def test_the_same_fault_again_needs_another_approval_also_after_a_crash(people: TwoPeople, app: Planted) -> None:
    issue_id = app.take(CHECK)
    approval = people.request(issue_id)
    approved = people.approve(approval)
    assert isinstance(approved, Approval)
    assert isinstance(people.repair(issue_id), Applied)
    # The application does the same again, so that the plan is the same; and the store never heard of the use.
    app.app.execute(f"UPDATE users SET unlimited_credits = TRUE WHERE id = '{subject_of(issue_id)}'")
    again = app.state(issue_id)
    result = people.repair_with(approved, issue_id)
    assert "was used before" in refused(result)
    assert app.state(issue_id) == again
    app.app.execute(f"UPDATE users SET unlimited_credits = FALSE WHERE id = '{subject_of(issue_id)}'")


@pytest.mark.slow
def test_of_many_who_use_one_approval_at_once_one_applies(people: TwoPeople, app: Planted) -> None:
    issue_id = app.take(CHECK)
    before = app.state(issue_id)
    people.approve(people.request(issue_id))
    with ThreadPoolExecutor(max_workers=6) as callers:
        results = list(callers.map(lambda _: people.repair(issue_id), range(6)))
    assert Counter(type(result) for result in results)[Applied] == 1, results
    assert {type(result) for result in results} <= {Applied, Stale, Refused}
    assert app.state(issue_id) == before.repaired(CHECK)


def test_a_plan_that_changed_since_is_refused_and_asked_for_anew(people: TwoPeople, app: Planted) -> None:
    issue_id = app.take("credit-balance")
    approval = people.request(issue_id)
    people.approve(approval)
    app.app.execute(f"UPDATE users SET credits = credits + 1 WHERE id = '{subject_of(issue_id)}'")
    before = app.state(issue_id)
    assert "no longer the one that was approved" in refused(people.repair(issue_id))
    assert app.state(issue_id) == before
    another = people.request(issue_id)
    assert another.plan_hash != approval.plan_hash
    first = people.store.approvals.get(people.config.environment, approval.approval_id)
    assert first is not None
    assert first.state is ApprovalState.EXPIRED
    app.app.execute(f"UPDATE users SET credits = credits - 1 WHERE id = '{subject_of(issue_id)}'")
    app.give_back(issue_id)


@pytest.mark.slow
def test_an_approval_that_expires_is_worth_nothing_also_when_it_does_so_while_it_is_written(
    people: TwoPeople, app: Planted
) -> None:
    issue_id = app.take(CHECK)
    before = app.state(issue_id)
    approved = people.approve(people.request(issue_id))
    assert isinstance(approved, Approval)
    late = approved.expires_at
    assert "second person" in refused(people.repair(issue_id, now=late))
    # Another repair holds the journal's head: the change is decided in time, and would be committed too late.
    almost = dataclasses.replace(approved, expires_at=people.now + timedelta(seconds=HELD_SECONDS / 2))
    with ThreadPoolExecutor(max_workers=1) as other, holding_the_head(app):
        job = other.submit(
            repair,
            issue_id,
            reason=REASON,
            actor=ADA,
            config=people.config,
            catalogue=people.session.catalogue,
            now=people.now,
            approval=almost,
            session=people.session,
        )
        time.sleep(HELD_SECONDS)
    assert "expired" in refused(job.result())
    assert app.state(issue_id) == before
    app.give_back(issue_id)


def test_an_approval_of_one_issue_is_worth_nothing_for_another(people: TwoPeople, app: Planted) -> None:
    mine, other = app.take(CHECK), app.take(CHECK)
    approved = people.approve(people.request(mine))
    assert isinstance(approved, Approval)
    result = people.repair_with(approved, other)
    assert "of another change" in refused(result)
    for issue_id in (mine, other):
        app.give_back(issue_id)


@pytest.mark.slow
def test_only_amounts_above_the_limit_need_a_second_person(app: Planted, tmp_path: Path) -> None:
    issue_id = app.take("credit-balance")
    with two_people(app, tmp_path, repairs=(), above_credits=Decimal(OVERPAID - 1)) as people:
        assert "7 credits are more than 6" in refused(people.repair(issue_id))
    with two_people(app, tmp_path, repairs=(), above_credits=Decimal(OVERPAID)) as people:
        assert not isinstance(people.repair(issue_id), Refused)
