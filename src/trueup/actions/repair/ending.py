"""Write a repair and verify it, commit it, and find out the outcome of a commit whose answer was lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from trueup import __version__, journal
from trueup.actions.repair.agreement import Held
from trueup.actions.repair.approval import find_lateness
from trueup.actions.repair.planning import Decided
from trueup.actions.repair.record import applied_row, journal_line, record_change_since, result_of
from trueup.actions.repair.verification import Written, audit_place, changes_since, deviation
from trueup.actions.repair.writing import write
from trueup.journal.lookup import lock_head
from trueup.model.repair import Applied, ChangedSince, Failed, Refused, RepairResult, Stale
from trueup.targets.target import TargetUnavailable, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.targets.target import WriteCounter


class Again(Exception):
    """Another transaction changed the same rows; the whole transaction is evaluated again."""


def write_all(
    session: RepairSession,
    connection: Connection,
    request: RepairRequest,
    decided: Decided,
    counter: WriteCounter,
    judge: Callable[[], Held | str],
    *,
    identity: str,
) -> Written | Stale | Refused:
    """Write everything and verify it; the caller commits or rolls back.

    ``judge`` says whether the rows are right, once the change is written. Raises ``Again``.
    """
    plan = decided.plan
    row = applied_row(request, plan, connection)
    counter.resume()
    try:
        journal.insert_repair(connection, row)
    except (journal.AlreadyRepaired, journal.IdTaken, journal.KeyTaken):
        raise Again from None
    try:
        with session.target.wait_briefly(connection):
            matched = write(session, connection, decided.writes)
    except DBAPIError as error:
        if session.target.trouble(error) is Trouble.DUPLICATE:
            raise Again from None  # the application has written the same key at this moment
        raise
    if matched != 1:
        reason = f"The row of {request.subject} no longer holds the value that the plan was made from."
        return Stale(issue_id=request.issue_id, reason=reason)
    counter.pause()
    held = judge()
    if not isinstance(held, Held):
        return Refused(issue_id=request.issue_id, reason=f"Tried and rolled back: {held}.")
    counter.resume()
    line = journal_line(request, plan, decided.writes, decided.serialization, trusted=session.layout().trusted)
    try:
        entry = journal.append(connection, line, code_version=__version__, database_identity=identity)
    except journal.JournalUnusable as error:
        return Refused(issue_id=request.issue_id, reason=f"Tried and rolled back: {error}")
    session.target.settle_constraints(connection)
    written = Written(
        writes=decided.writes,
        row=row,
        line=line,
        entry=entry,
        expected=plan.expected_writes,
        audit=audit_place(decided, held.after),
        held=held,
    )
    wrong = deviation(session, connection, counter, written)
    late = None if request.dry_run else find_lateness(request)
    if late is not None:
        return late
    return written if wrong is None else Refused(issue_id=request.issue_id, reason=f"Tried and rolled back: {wrong}.")


def commit(
    session: RepairSession, connection: Connection, request: RepairRequest, decided: Decided, written: Written
) -> RepairResult:
    """Commit, and look once more; if the answer is lost, look up the outcome."""
    change, entry = decided.plan.change, written.entry
    try:
        session.target.commit(connection)
    except DBAPIError as error:
        match session.target.trouble(error):
            case Trouble.LOST:
                return looked_up(session, request)
            case Trouble.BUSY:
                cause = session.target.describe_error(error)
                reason = f"The commit did not end in time ({cause}) and was rolled back; try again later."
                return Failed(issue_id=request.issue_id, reason=reason, busy=True)
            case _:
                raise
    applied = Applied(
        repair_id=request.repair_id,
        issue_id=request.issue_id,
        kind=change.kind,
        summary=change.summary,
        plan_hash=decided.plan.plan_hash,
        journal_seq=entry.seq,
        applied_at=entry.moment,
    )
    differences = changes_since(session, connection, written)
    if not differences:
        return applied
    result = ChangedSince(applied=applied, differences=differences)
    record_change_since(session, request, result)
    return result


def looked_up(session: RepairSession, request: RepairRequest) -> RepairResult:
    """The outcome of a commit whose answer was lost.

    The journal's head is locked first: a transaction that is still running holds it, so what is read afterwards is
    final.
    """
    try:
        with session.target.transaction() as connection:
            lock_head(connection)
            row = journal.repair_by_id(connection, request.repair_id)
            if row is None:
                reason = "The connection was lost before the commit; nothing was changed, try again."
                return Failed(issue_id=request.issue_id, reason=reason)
            result = result_of(connection, row)
            return replace(result, replayed=False) if isinstance(result, Applied) else result
    except (SQLAlchemyError, TargetUnavailable):
        reason = (
            f"The commit's answer was lost, and the database cannot be asked; look for repair {request.repair_id} with "
            "`trueup journal export` before anything is tried again."
        )
        return Failed(issue_id=request.issue_id, reason=reason, unknown=True)
