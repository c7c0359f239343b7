"""The transaction of a repair: everything together, or nothing.

begin                                     lock and statement timeouts; one connection, one transaction
  begin to count what is written                                what triggers and rules write is counted too
  lock the rows of the accounts it is about
  read the subject's rows, run its check, plan again        gone or another plan: stale
  it takes a plan away                                      let go of everything, ask Stripe, begin again
  insert the repair row                                     unique: one of many callers
  update ... where key and old value                        exactly one row, or roll back
  insert the audit row
  read again, run every check                               still there, or something new: roll back
  append the journal row                                    late, because its head serialises all repairs
  let deferred triggers and keys happen                     while they can still be taken back
  compare the counts with the plan, read everything back    one row more or less, one value another: roll back
commit                                                      no answer: look the repair id up, never try again blindly
look once more                                              changed by the application since: say what
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from trueup import __version__
from trueup.actions.repair.judge import Decided, Held, decide, judge_written
from trueup.actions.repair.proof import ASKINGS, Unproven, asked
from trueup.actions.repair.record import (
    applied_row,
    journal_line,
    record_change_since,
    recorded,
    result_of,
    stored_result,
)
from trueup.actions.repair.rows import SubjectRows
from trueup.actions.repair.slice import MOST_ACCOUNTS, accounts_of
from trueup.actions.repair.verification import Written, audit_place, changes_since, deviation
from trueup.actions.repair.writing import lock_row, write
from trueup.model.repair import Applied, ChangedSince, Failed, Plan, Previewed, Refused, RepairResult, Stale
from trueup.store import journal
from trueup.store.journal.lookup import lock_head
from trueup.targets.target import TargetUnavailable, Trouble

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.desk import Desk
    from trueup.actions.repair.order import Order
    from trueup.books.handful import Handful
    from trueup.targets.target import WriteCounter

TRIES = 4
"""The first, and three more after a deadlock or a serialisation failure, each evaluated from the start."""


class _Again(Exception):
    """Somebody else was at the same rows; the whole transaction is evaluated again."""


def planned(desk: Desk, order: Order) -> Plan | Stale | Refused | Failed:
    """What would be written now. Reads only, holds nothing."""
    for _ in range(ASKINGS + 1):
        found = _looked_at(desk, order)
        if not isinstance(found, Unproven):
            return found
        order = replace(order, answer=asked(desk, found.sought))
    return _moving(order)


def _looked_at(desk: Desk, order: Order) -> Plan | Unproven | Stale | Refused | Failed:
    try:
        with desk.target.reading() as connection, desk.scratch_books() as books:
            decided = decide(desk, connection, books, order)
            return decided.plan if isinstance(decided, Decided) else decided
    except TargetUnavailable as error:
        return Failed(issue_id=order.issue_id, reason=str(error), busy=error.busy)
    except DBAPIError as error:
        return _refused_by_database(desk, order, error)


def performed(desk: Desk, order: Order) -> RepairResult:
    """Do what was asked, or say why not. Stripe is asked between transactions, never within one."""
    for _ in range(ASKINGS + 1):
        result = _tried(desk, order)
        if not isinstance(result, Unproven):
            return result
        order = replace(order, answer=asked(desk, result.sought))
    return _moving(order)


def _moving(order: Order) -> Failed:
    reason = "By whom Stripe could know the account kept changing while it was asked; try again later."
    return Failed(issue_id=order.issue_id, reason=reason, busy=True)


def _tried(desk: Desk, order: Order) -> RepairResult | Unproven:
    for _ in range(TRIES):
        try:
            result = _attempt(desk, order)
        except _Again:
            continue
        except TargetUnavailable as error:
            return Failed(issue_id=order.issue_id, reason=str(error), busy=error.busy)
        except DBAPIError as error:
            if desk.target.trouble(error) is Trouble.CONFLICT:
                continue
            result = _refused_by_database(desk, order, error)
        return recorded(desk, order, result) if isinstance(result, (Stale, Refused)) else result
    return Failed(issue_id=order.issue_id, reason="Others kept changing the same rows; try again later.", busy=True)


def _attempt(desk: Desk, order: Order) -> RepairResult | Unproven:
    with desk.turn(), desk.target.transaction() as connection, desk.scratch_books() as books:
        identity = _identity(desk, connection, order)
        if isinstance(identity, Refused):
            return identity
        known = stored_result(connection, order)
        if known is not None:
            return known
        counter = desk.target.count_writes(connection)
        counter.pause()
        _lock(desk, connection, order)
        decided = decide(desk, connection, books, order)
        if not isinstance(decided, Decided):
            return decided
        if order.plan_hash is not None and order.plan_hash != decided.plan.plan_hash:
            reason = f"What {order.issue_id} would change is no longer what was previewed; preview it again."
            return Stale(issue_id=order.issue_id, reason=reason)
        done = _written(desk, connection, books, order, decided, counter, identity=identity)
        if not isinstance(done, Written):
            return done
        return Previewed(plan=decided.plan) if order.dry_run else _committed(desk, connection, order, decided, done)


def _identity(desk: Desk, connection: Connection, order: Order) -> str | Refused:
    """Which database this is. Nothing may be written where the journal is missing, of another revision, or was made
    for another database.
    """
    config = desk.config.path
    revision, wanted = journal.installed_revision(connection), journal.current_revision()
    if revision is None:
        reason = f"The journal is not installed in {desk.target.place}; run `trueup init --install --config {config}`."
        return Refused(issue_id=order.issue_id, reason=reason)
    if revision != wanted:
        reason = f"The journal is of revision {revision} and this trueup wants {wanted}; run `trueup init --install`."
        return Refused(issue_id=order.issue_id, reason=reason)
    identity = journal.database_identity(connection)
    bound = journal.binding(connection)
    if bound is None or bound.database_identity != identity:
        reason = (
            f"The journal in {desk.target.place} was made for another database: it is a restored copy or a clone. "
            "Nothing is repaired here, unless `trueup init --install --rebind` lets the journal go on in it."
        )
        return Refused(issue_id=order.issue_id, reason=reason)
    return identity


def _lock(desk: Desk, connection: Connection, order: Order) -> None:
    """Hold the accounts that the subject is about, everybody in the same order, so that their credits stand still."""
    mapping = desk.layout().mappings.get("account")
    if mapping is None:
        return
    accounts = accounts_of(SubjectRows(desk, connection, desk.layout().read), order.check, order.subject)
    if len(accounts) <= MOST_ACCOUNTS:
        for account_id in sorted(accounts):
            lock_row(desk, connection, mapping, account_id)


def _written(
    desk: Desk,
    connection: Connection,
    books: Handful,
    order: Order,
    decided: Decided,
    counter: WriteCounter,
    *,
    identity: str,
) -> Written | Stale | Refused:
    """Write it all and prove it; the caller commits or rolls back."""
    plan = decided.plan
    row = applied_row(order, plan, connection)
    counter.resume()
    try:
        journal.insert_repair(connection, row)
    except (journal.AlreadyRepaired, journal.KeyTaken):
        raise _Again from None
    try:
        with desk.target.waiting_briefly(connection):
            matched = write(desk, connection, decided.writes)
    except DBAPIError as error:
        if desk.target.trouble(error) is Trouble.DUPLICATE:
            raise _Again from None  # the application has written the same key at this moment
        raise
    if matched != 1:
        reason = f"The row of {order.subject} no longer holds the value that it was planned from."
        return Stale(issue_id=order.issue_id, reason=reason)
    counter.pause()
    held = judge_written(desk, connection, books, order, decided)
    if not isinstance(held, Held):
        return Refused(issue_id=order.issue_id, reason=f"Tried and taken back: {held}.")
    counter.resume()
    line = journal_line(order, plan, decided.writes, trusted=desk.layout().trusted)
    try:
        entry = journal.append(connection, line, code_version=__version__, database_identity=identity)
    except journal.JournalUnusable as error:
        return Refused(issue_id=order.issue_id, reason=f"Tried and taken back: {error}")
    desk.target.settle_constraints(connection)
    written = Written(
        writes=decided.writes,
        row=row,
        line=line,
        entry=entry,
        expected=plan.expected_writes,
        audit=audit_place(decided, held.after),
    )
    wrong = deviation(desk, connection, counter, written)
    return written if wrong is None else Refused(issue_id=order.issue_id, reason=f"Tried and taken back: {wrong}.")


def _committed(desk: Desk, connection: Connection, order: Order, decided: Decided, written: Written) -> RepairResult:
    change, entry = decided.plan.change, written.entry
    try:
        connection.commit()
    except DBAPIError as error:
        if desk.target.trouble(error) is not Trouble.LOST:
            raise
        return looked_up(desk, order)
    applied = Applied(
        repair_id=order.repair_id,
        issue_id=order.issue_id,
        kind=change.kind,
        summary=change.summary,
        plan_hash=decided.plan.plan_hash,
        journal_seq=entry.seq,
        applied_at=entry.moment,
    )
    differences = changes_since(desk, connection, written)
    if not differences:
        return applied
    result = ChangedSince(applied=applied, differences=differences)
    record_change_since(desk, order, result)
    return result


def looked_up(desk: Desk, order: Order) -> RepairResult:
    """What became of a commit whose answer was lost.

    The journal's head is locked first: a transaction that is still on its way holds it, so that what is seen after
    that is final.
    """
    try:
        with desk.target.transaction() as connection:
            lock_head(connection)
            row = journal.repair_by_id(connection, order.repair_id)
            if row is None:
                reason = "The connection was lost before the commit; nothing was changed, try again."
                return Failed(issue_id=order.issue_id, reason=reason)
            result = result_of(connection, row)
            return replace(result, replayed=False) if isinstance(result, Applied) else result
    except (SQLAlchemyError, TargetUnavailable):
        reason = (
            f"The commit's answer was lost and the database cannot be asked; look for repair {order.repair_id} with "
            "`trueup journal export` before anything is tried again."
        )
        return Failed(issue_id=order.issue_id, reason=reason, unknown=True)


def _refused_by_database(desk: Desk, order: Order, error: DBAPIError) -> Refused | Failed:
    said = desk.target.said(error)
    match desk.target.trouble(error):
        case Trouble.BUSY:
            reason = f"The rows are in use and were not free in time ({said}); try again later."
            return Failed(issue_id=order.issue_id, reason=reason, busy=True)
        case Trouble.LOST:
            reason = f"The connection was lost before the commit ({said}); nothing was changed, try again."
            return Failed(issue_id=order.issue_id, reason=reason)
        case _:
            desk.forget()
            return Refused(issue_id=order.issue_id, reason=f"The database refuses it: {said}.")
