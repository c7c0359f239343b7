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
  a dry run                                                 roll back: everything but the claim below was tried
  a balance that needs a claim on the ledger                it was the rehearsal: roll back, and see below
commit                                                      no answer: look the repair id up, never try again blindly
look once more                                              changed by the application since: say what

A balance that only a claim keeps apart from the application's uncommitted entries is then written in earnest:

begin                                                       tried for two seconds, then busy
  claim the ledger, lock the accounts' rows                 all at once or not at all: nobody queues behind a wait
  read the subject's rows                                   not those of the rehearsal: decide again, under the claim
  write it all, read again                                  not as after the rehearsal: rehearse again
  append the journal row, compare and read back as above    200 ms after the claim: roll back
commit, and look once more
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from trueup import journal
from trueup.actions.repair.ending import Again, commit, write_all
from trueup.actions.repair.judge import Decided, Held, decide, judge_written
from trueup.actions.repair.proof import ASKINGS, Unproven, asked
from trueup.actions.repair.record import recorded, stored_result
from trueup.actions.repair.rehearsal import Claim, HeldTooLong, Patience, Rehearsal, RowsMoved, missing_claim
from trueup.actions.repair.rows import SubjectRows
from trueup.actions.repair.slice import MOST_ACCOUNTS, accounts_of, read_slice
from trueup.actions.repair.verification import Written
from trueup.actions.repair.writing import lock_row
from trueup.model.repair import Failed, Plan, Previewed, Refused, RepairResult, Stale
from trueup.targets.serialization import HELD_SECONDS, Serialization
from trueup.targets.target import TargetUnavailable, Trouble

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from trueup.actions.repair.desk import Desk
    from trueup.actions.repair.order import Order
    from trueup.targets.target import WriteCounter

MOST_TURN_SECONDS = 10
"""How long a repair waits for those of this process that claim the ledger before it."""

TRIES = 4
"""The first, and three more after a deadlock or a serialisation failure, each evaluated from the start."""


def planned(desk: Desk, order: Order) -> Plan | Stale | Refused | Failed:
    """What would be written now. Reads only, holds nothing."""
    for _ in range(ASKINGS + 1):
        found = _looked_at(desk, order)
        if not isinstance(found, Unproven):
            return found
        order = replace(order, answer=asked(desk, found.keys))
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
        order = replace(order, answer=asked(desk, result.keys))
    return _moving(order)


def _moving(order: Order) -> Failed:
    reason = "By whom Stripe could know the account kept changing while it was asked; try again later."
    return Failed(issue_id=order.issue_id, reason=reason, busy=True)


def _tried(desk: Desk, order: Order) -> RepairResult | Unproven:
    """The repair. One that needs a claim on the ledger is rehearsed, and then tried for as long as there is time.

    Where claims are needed, this process repairs one after the other: what a rehearsal has written would keep another
    repair's claim away.
    """
    if not desk.claims.are_needed:
        result = _try_once(desk, order, None, None)
        if not isinstance(result, Rehearsal):
            return result
        desk.claims.are_needed = True
    if not desk.claims.turn.acquire(timeout=MOST_TURN_SECONDS):
        return _busy(order)
    try:
        return _tried_in_turn(desk, order)
    finally:
        desk.claims.turn.release()


def _tried_in_turn(desk: Desk, order: Order) -> RepairResult | Unproven:
    """Rehearse, then write under the claim. An account that moves in between is decided about under the claim."""
    rehearsal: Rehearsal | None = None
    claim: Claim | None = None
    moving: Claim | None = None
    patience: Patience | None = None
    while True:
        held_seconds = 0.0
        try:
            result = _try_once(desk, order, rehearsal, moving)
        except RowsMoved:
            rehearsal, moving, result = None, claim, _busy(order)
        except HeldTooLong as error:
            held_seconds, moving = HELD_SECONDS, None
            result = Failed(issue_id=order.issue_id, reason=str(error), busy=True)
        if isinstance(result, Rehearsal):
            rehearsal, claim, patience = result, result.claim, patience or Patience()
            continue
        is_busy = isinstance(result, Failed) and result.busy
        if patience is None or not is_busy or not patience.allows_another(after_seconds=held_seconds):
            return result


def _try_once(
    desk: Desk, order: Order, rehearsal: Rehearsal | None, moving: Claim | None
) -> RepairResult | Unproven | Rehearsal:
    """One of them, again after a deadlock or a serialisation failure. Raises ``RowsMoved`` and ``HeldTooLong``."""
    claim = rehearsal.claim if rehearsal is not None else moving
    for _ in range(TRIES):
        try:
            result = _attempt(desk, order, moving) if rehearsal is None else _attempt_claimed(desk, order, rehearsal)
        except Again:
            continue
        except TargetUnavailable as error:
            return Failed(issue_id=order.issue_id, reason=str(error), busy=error.busy)
        except DBAPIError as error:
            trouble = desk.target.trouble(error)
            if trouble is Trouble.CONFLICT:
                continue
            if trouble is Trouble.LOST and claim is not None and claim.is_overdue():
                raise HeldTooLong from None  # the server has ended the session
            result = _refused_by_database(desk, order, error)
        return recorded(desk, order, result) if isinstance(result, (Stale, Refused)) else result
    return _busy(order)


def _busy(order: Order) -> Failed:
    return Failed(issue_id=order.issue_id, reason="Others kept changing the same rows; try again later.", busy=True)


def _attempt(desk: Desk, order: Order, claim: Claim | None = None) -> RepairResult | Unproven | Rehearsal:
    """One transaction, from the start. Where a claim is missing it was a rehearsal, and is rolled back.

    ``claim`` is held from the first moment, where the account moves too often to be rehearsed. Raises ``HeldTooLong``.
    """
    with desk.turn(), _transaction(desk, claim) as connection, desk.scratch_books() as books:
        ready = _begin(desk, connection, order, claim)
        if not isinstance(ready, _Begun):
            return ready
        if claim is None:
            _lock(desk, connection, order)
        decided = decide(desk, connection, books, order)
        if not isinstance(decided, Decided):
            return decided
        if order.plan_hash is not None and order.plan_hash != decided.plan.plan_hash:
            reason = f"What {order.issue_id} would change is no longer what was previewed; preview it again."
            return Stale(issue_id=order.issue_id, reason=reason)

        def judge() -> Held | str:
            return judge_written(desk, connection, books, order, decided)

        done = write_all(desk, connection, order, decided, ready.counter, judge, identity=ready.identity)
        if not isinstance(done, Written):
            return done
        missing = missing_claim(desk, connection, decided)
        if missing is not None and not order.dry_run:  # a look makes no customer wait for the ledger
            if claim is None or not claim.covers(missing):
                return Rehearsal(decided=decided, held=done.held, claim=missing)
            if claim.is_overdue():
                raise HeldTooLong
        return Previewed(plan=decided.plan) if order.dry_run else commit(desk, connection, order, decided, done)


def _attempt_claimed(desk: Desk, order: Order, rehearsal: Rehearsal) -> RepairResult:
    """What was rehearsed, in earnest: nothing is decided any more. Raises ``RowsMoved`` and ``HeldTooLong``."""
    claim, decided = rehearsal.claim, rehearsal.decided
    with desk.turn(), _transaction(desk, claim) as connection:
        ready = _begin(desk, connection, order, claim)
        if not isinstance(ready, _Begun):
            return ready
        rows = SubjectRows(desk, connection, decided.found.mappings)
        if not rehearsal.is_of(read_slice(rows, order.check, order.subject)):
            raise RowsMoved

        def judge() -> Held:
            return rehearsal.judge(read_slice(rows, order.check, order.subject))

        done = write_all(desk, connection, order, decided, ready.counter, judge, identity=ready.identity)
        if not isinstance(done, Written):
            return done
        if claim.is_overdue():
            raise HeldTooLong
        return commit(desk, connection, order, decided, done)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A transaction in which the repair may be written: in which database, counted from here, its claim held."""

    identity: str
    counter: WriteCounter


def _transaction(desk: Desk, claim: Claim | None) -> AbstractContextManager[Connection]:
    return desk.target.transaction() if claim is None else desk.target.transaction(claim.serialization)


def _begin(desk: Desk, connection: Connection, order: Order, claim: Claim | None) -> _Begun | RepairResult:
    """Hold the claim, where there is one; the journal must be this database's, and the call be a new one."""
    # What MariaDB reads before its locks would be the moment that it sees from then on.
    is_first = claim is not None and claim.serialization is Serialization.ENTRY_LOCKS
    obstacle = claim.hold(desk, connection) if claim is not None and is_first else None
    identity = _identity(desk, connection, order)
    if isinstance(identity, Refused):
        return identity
    known = stored_result(connection, order)
    if known is not None:
        return known
    counter = desk.target.count_writes(connection)
    counter.pause()
    if claim is not None and not is_first:
        obstacle = claim.hold(desk, connection)
    if obstacle is not None:
        return Refused(issue_id=order.issue_id, reason=obstacle)
    return _Begun(identity=identity, counter=counter)


def _identity(desk: Desk, connection: Connection, order: Order) -> str | Refused:
    """Which database this is. Nothing may be written where the journal is missing, of another revision, or was made
    for another database.
    """
    config = desk.config.path
    revision, wanted = journal.read_installed_revision(connection), journal.current_revision()
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
