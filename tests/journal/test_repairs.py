"""Attempts on record: each key is taken once, whatever the number of callers."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from trueup import journal
from trueup.journal import AlreadyRepaired, IdTaken, KeyTaken, RepairRow
from trueup.targets.target import Target

AT = datetime(2026, 11, 24, 7, 30, 15, 123456)
ROW = RepairRow(
    repair_id="repair-1",
    issue_id="credit-balance:user_1",
    check_id="credit-balance",
    fingerprint="f" * 32,
    episode=1,
    status="applied",
    actor="token:1",
    idempotency_key="key-1",
    body_hash="ab" * 32,
    plan_hash="cd" * 32,
    kind="sync-credit-balance",
    summary="users.credits 120 -> 100",
    reason="Agreed with finance in ticket 4711.",
    result='{"seq": 1}',
    request_id="request-1",
    at=AT,
)


def put(target: Target, row: RepairRow = ROW, **changes: object) -> None:
    with target.transaction() as connection:
        journal.insert_repair(connection, dataclasses.replace(row, **changes))  # type: ignore[arg-type]  # shorthand
        connection.commit()


def test_an_attempt_is_found_by_its_id_and_by_its_key(target: Target) -> None:
    put(target)
    with target.reading() as connection:
        assert journal.repair_by_id(connection, "repair-1") == ROW
        assert journal.repair_by_key(connection, "token:1", "key-1") == ROW
        assert journal.repair_by_id(connection, "REPAIR-1") is None
        assert journal.repair_by_key(connection, "token:2", "key-1") is None
        assert journal.repair_by_key(connection, "token:1", "KEY-1") is None


def test_an_episode_is_repaired_once(target: Target) -> None:
    put(target)
    with pytest.raises(AlreadyRepaired):
        put(target, repair_id="repair-2", idempotency_key="trueup_repair_key'")
    put(target, repair_id="repair-3", idempotency_key=None, episode=2)
    with target.reading() as connection:
        assert journal.next_episode(connection, ROW.fingerprint) == 3
        assert journal.next_episode(connection, "another") == 1


def test_a_key_is_taken_once_by_each_actor(target: Target) -> None:
    put(target)
    with pytest.raises(KeyTaken):
        put(target, repair_id="repair-2", fingerprint="trueup_repair_episode'")
    put(target, repair_id="repair-3", fingerprint="another", actor="token:2")
    put(target, repair_id="repair-4", fingerprint="case", idempotency_key="KEY-1")


def test_an_id_that_is_taken_has_an_answer_of_its_own(target: Target) -> None:
    put(target)
    with pytest.raises(IdTaken):
        put(target, fingerprint="another", idempotency_key="another")


def test_attempts_that_changed_nothing_may_be_any_number(target: Target) -> None:
    for number in range(3):
        put(target, repair_id=f"repair-{number}", status="stale", episode=None, idempotency_key=None)
    with target.reading() as connection:
        assert journal.next_episode(connection, ROW.fingerprint) == 1
        assert journal.applied_since(connection, AT) == 0


def test_what_was_applied_since_a_moment_is_counted(target: Target) -> None:
    for number, status in enumerate(("applied", "applied", "refused")):
        episode = number + 1 if status == "applied" else None
        put(
            target,
            repair_id=f"repair-{number}",
            status=status,
            episode=episode,
            idempotency_key=None,
            at=AT + timedelta(microseconds=number),
        )
    with target.reading() as connection:
        counts = [journal.applied_since(connection, AT + timedelta(microseconds=n)) for n in range(-1, 3)]
    assert counts == [2, 2, 1, 0]


def test_the_longest_names_fit_in_every_key(target: Target) -> None:
    longest: dict[str, Any] = {
        "fingerprint": "é" * 191,
        "actor": "é" * 300,
        "idempotency_key": "é" * 300,
        "issue_id": "é" * 300,
    }
    put(target, repair_id="é" * 191, **longest)
    with target.reading() as connection:
        found = journal.repair_by_key(connection, "é" * 300, "é" * 300)
    assert found is not None
    assert found.repair_id == "é" * 191


def test_secrets_do_not_stay_in_a_reason_or_a_result(target: Target) -> None:
    put(target, reason="password=hunter22 was wrong", result='{"reason": "postgresql://app:hunter22@db/app"}')
    with target.reading() as connection:
        found = journal.repair_by_id(connection, "repair-1")
    assert found is not None
    assert "hunter22" not in found.reason + found.result
