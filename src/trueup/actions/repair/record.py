"""The records of a repair: its row, its line in the journal, and the result that they hold."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from trueup import journal
from trueup.actions.repair.approval import approval_text
from trueup.actions.repair.plan import counts_text
from trueup.actions.repair.subject_reader import raw_text
from trueup.journal.lookup import entry_of_repair
from trueup.journal.tables import REPAIR
from trueup.model.customer_lookup import NotAsked, Proof
from trueup.model.repair import Applied, ChangedSince, Failed, Refused, RepairResult, Stale
from trueup.model.row_counts import RowCounts
from trueup.sources.select import table_name
from trueup.targets.target import TargetUnavailable

_SINCE = ":since"
"""Appended to a repair's id, this is the id of the row that says what was changed right after it."""

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.actions.repair.writing import Writes
    from trueup.journal import RepairRow
    from trueup.model.repair import PlannedRepair
    from trueup.targets.serialization import Serialization


def stored_result(connection: Connection, request: RepairRequest) -> RepairResult | None:
    """The result of an earlier call with this idempotency key."""
    if request.idempotency_key is None:
        return None
    row = journal.repair_by_key(connection, request.actor, request.idempotency_key)
    if row is None:
        return None
    if row.body_hash != request.body_hash:
        reason = "This idempotency key was used for another request; take a new one."
        return Refused(issue_id=request.issue_id, reason=reason, conflict=True)
    return result_of(connection, row)


def result_of(connection: Connection, row: RepairRow) -> RepairResult:
    """The result that a repair row holds."""
    match row.status:
        case "applied":
            entry = entry_of_repair(connection, row.repair_id)
            if entry is None:
                raise journal.JournalUnusable(
                    f"Repair {row.repair_id} has no journal row; run `trueup journal verify`."
                )
            applied = Applied(
                repair_id=row.repair_id,
                issue_id=row.issue_id,
                kind=row.kind or "",
                summary=row.summary or "",
                plan_hash=row.plan_hash or "",
                journal_seq=entry.seq,
                applied_at=entry.moment,
                replayed=True,
            )
            later = journal.repair_by_id(connection, row.repair_id + _SINCE)
            if later is None:
                return applied
            return ChangedSince(applied=applied, differences=tuple(map(str, json.loads(later.result)["differences"])))
        case "stale":
            return Stale(issue_id=row.issue_id, reason=str(json.loads(row.result)["reason"]))
        case _:
            return Refused(issue_id=row.issue_id, reason=str(json.loads(row.result)["reason"]))


def record_change_since(session: RepairSession, request: RepairRequest, result: ChangedSince) -> None:
    """Record, beside the repair's own row, what was changed right after it, so that a repeated call says so too.

    Where that is not possible, only this call's answer says it.
    """
    row = journal.RepairRow(
        repair_id=request.repair_id + _SINCE,
        issue_id=request.issue_id,
        check_id=request.check.id,
        fingerprint="",
        episode=None,
        status="changed",
        actor=request.actor,
        idempotency_key=None,
        body_hash=None,
        plan_hash=result.applied.plan_hash,
        kind=None,
        summary=None,
        reason=request.reason,
        result=json.dumps({"differences": result.differences}),
        request_id=request.request_id,
        at=request.now,
    )
    with contextlib.suppress(DBAPIError, TargetUnavailable), session.target.transaction() as connection:
        _commit_row(session, connection, row)


def _commit_row(session: RepairSession, connection: Connection, row: RepairRow) -> None:
    """Commit only this row.

    If a trigger on ``trueup_repair`` writes more, or another row, nothing is kept: the caller's transaction is rolled
    back.
    """
    counter = session.target.count_writes(connection)
    counter.resume()
    journal.insert_repair(connection, row)
    session.target.settle_constraints(connection)
    planned = {table_name(REPAIR.name, session.target.quote): RowCounts(inserts=1)}
    if counter.difference(planned) is None and journal.repair_by_id(connection, row.repair_id) == journal.masked(row):
        session.target.commit(connection)


def applied_row(request: RepairRequest, plan: PlannedRepair, connection: Connection) -> RepairRow:
    """The row that records an applied repair. Its keys let only one of many callers through."""
    return journal.RepairRow(
        repair_id=request.repair_id,
        issue_id=request.issue_id,
        check_id=request.check.id,
        fingerprint=plan.fingerprint,
        episode=journal.next_episode(connection, plan.fingerprint),
        status="applied",
        actor=request.actor,
        idempotency_key=request.idempotency_key,
        body_hash=request.body_hash,
        plan_hash=plan.plan_hash,
        kind=plan.change.kind,
        summary=plan.change.summary,
        reason=request.reason,
        result="{}",
        request_id=request.request_id,
        at=request.now,
    )


def journal_line(
    request: RepairRequest,
    plan: PlannedRepair,
    writes: Writes,
    serialization: Serialization | None,
    *,
    trusted: Collection[str] = (),
) -> journal.JournalLine:
    """The journal's row: the value before and the value now, in the table's own words.

    For a balance also what protected it from the application's uncommitted entries. ``trusted`` are the relations whose
    account ids were compared by their text because the config says so.
    """
    words = {"exact_keys": sorted(trusted)} if trusted else {}
    update, insert = writes.update, writes.insert
    cell = {"table": update.table, "key": _said(update.key), "column": update.column} if update else {}
    expected = {"expected_writes": counts_text(plan.expected_writes)} if plan.expected_writes else {}
    serialized = {"serialized_by": serialization.value} if serialization else {}
    approved = {"approval": approval_text(request.approval)} if request.approval is not None else {}
    if request.undoes is not None:
        approved["undoes"] = {"repair": request.undoes}
    appended = {"table": insert.table, "values": {name: _said(value) for name, value in insert.values.items()}}
    return journal.JournalLine(
        actor=request.actor,
        action=plan.change.kind,
        target=request.issue_id,
        repair_id=request.repair_id,
        plan_hash=plan.plan_hash,
        before={**cell, "value": _said(update.old), **_proof(plan.proof), **serialized} if update else {},
        after={
            **cell,
            **({"value": _said(update.new)} if update else {}),
            "appended": appended,
            **expected,
            **words,
            **approved,
        },
        reason=request.reason,
        request_id=request.request_id,
    )


def _proof(proof: Proof | None) -> dict[str, object]:
    """Stripe's answers before a plan was taken away: what was asked, when, and Stripe's request ids."""
    if proof is None:
        return {}
    if isinstance(proof, NotAsked):
        return {"stripe": {"proven": proof.text}}
    stripe = {
        "proven": proof.text,
        "asked_at": _said(proof.asked_at),
        "questions": list(proof.questions),
        "request_ids": list(proof.request_ids),
    }
    return {"stripe": stripe}


def _said(value: object) -> str | None:
    if isinstance(value, datetime) and value.tzinfo is None:
        return f"{value.isoformat()}Z"
    return None if value is None else raw_text(value)


def recorded(session: RepairSession, request: RepairRequest, result: Stale | Refused) -> RepairResult:
    """Return the result once the attempt is recorded.

    An attempt that cannot be recorded changed nothing either: a trigger that writes more than the record is rolled back
    with it.

    If a call with the same idempotency key ran at the same time, its result is returned.
    """
    if request.dry_run or (isinstance(result, Refused) and result.conflict):
        return result
    row = journal.RepairRow(
        repair_id=request.attempt_id,
        issue_id=request.issue_id,
        check_id=request.check.id,
        fingerprint="",
        episode=None,
        status="stale" if isinstance(result, Stale) else "refused",
        actor=request.actor,
        # An unknown outcome is not stored: the next call with the same key may find it out.
        idempotency_key=None if isinstance(result, Refused) and result.unproven else request.idempotency_key,
        body_hash=request.body_hash,
        plan_hash=request.plan_hash,
        kind=None,
        summary=None,
        reason=request.reason,
        result=json.dumps({"reason": result.reason}),
        request_id=request.request_id,
        at=request.now,
    )
    try:
        with session.target.transaction() as connection:
            if journal.read_installed_revision(connection) == journal.current_revision():
                _commit_row(session, connection, row)
    except journal.KeyTaken:
        return _result_under_key(session, request) or result
    except (DBAPIError, TargetUnavailable, journal.AlreadyRepaired):
        pass
    return result


def _result_under_key(session: RepairSession, request: RepairRequest) -> RepairResult | None:
    try:
        with session.target.transaction() as connection:
            return stored_result(connection, request)
    except (DBAPIError, TargetUnavailable):
        reason = "This idempotency key was used before, but the database cannot be asked for the result; try again."
        return Failed(issue_id=request.issue_id, reason=reason)
