"""The transaction of a repair: everything together, or nothing.

begin                                     lock and statement timeouts; one connection, one transaction
  begin to count what is written                                what triggers and rules write is counted too
  lock the rows of the accounts it is about
  read the subject's rows, run its check, plan again        gone or another plan: stale
  it needs a second person                                  without an approval of exactly this plan: refused
  it takes a plan away                                      release everything, ask Stripe, begin again
  insert the repair row                                     unique: one of many callers, one use of an approval
  update ... where key and old value                        exactly one row, or roll back
  insert the audit row
  read again, run every check                               still there, or something new: roll back
  append the journal row                                    late, because its head serialises all repairs
  let deferred triggers and keys happen                     while they can still be rolled back
  compare the counts with the plan, read everything back    one row more or less, one value another: roll back
  look at the clock                                         the approval has expired meanwhile: roll back
  a dry run                                                 roll back: everything but the claim below was tried
  a balance that needs a claim on the ledger                this was the rehearsal: roll back, and see below
commit                                                      no answer: look the repair id up, never try again blindly
look once more                                              changed by the application since: say what

A balance that only a claim protects from the application's uncommitted entries is then written in earnest:

begin                                                       tried for two seconds, then busy
  claim the ledger, lock the accounts' rows                 all at once or not at all: no writer queues behind a wait
  read the subject's rows                                   not those of the rehearsal: decide again, under the claim
  write it all, read again                                  not as after the rehearsal: rehearse again
  append the journal row, compare and read back as above    200 ms after the claim: roll back
commit, and look once more
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from trueup.actions.repair.account_place import session_of_account
from trueup.actions.repair.agreement import Held, verify_applied, verify_undone
from trueup.actions.repair.approval import find_missing_approval
from trueup.actions.repair.beginning import Begun, begin, lock_accounts, open_transaction
from trueup.actions.repair.ending import Again, commit, write_all
from trueup.actions.repair.planning import Decided, plan_repair
from trueup.actions.repair.proof import ASKINGS, Unproven, asked
from trueup.actions.repair.record import recorded
from trueup.actions.repair.rehearsal import Claim, HeldTooLong, Patience, Rehearsal, RowsMoved, missing_claim
from trueup.actions.repair.subject_reader import SubjectReader
from trueup.actions.repair.subject_snapshot import read_subject
from trueup.actions.repair.undoing import plan_undo
from trueup.actions.repair.verification import Written
from trueup.model.repair import Failed, PlannedRepair, Previewed, Refused, RepairResult, Stale
from trueup.targets.serialization import HELD_SECONDS
from trueup.targets.target import TargetUnavailable, Trouble

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.books.subject_books import SubjectBooks

MOST_TURN_SECONDS = 10
"""How long a repair waits for other repairs of this process that claim the ledger before it."""

TRIES = 4
"""The first, and three more after a deadlock or a serialisation failure, each evaluated from the start."""


def planned(session: RepairSession, request: RepairRequest) -> PlannedRepair | Stale | Refused | Failed:
    """Plan what would be written now. Reads only, locks nothing."""
    place = session_of_account(session, request)
    if isinstance(place, (Refused, Failed)):
        return place
    session = place
    for _ in range(ASKINGS + 1):
        outcome = _looked_at(session, request)
        if not isinstance(outcome, Unproven):
            return outcome
        request = replace(request, answer=asked(session, outcome.keys))
    return _moving(request)


def _looked_at(session: RepairSession, request: RepairRequest) -> PlannedRepair | Unproven | Stale | Refused | Failed:
    try:
        with session.target.reading() as connection, session.scratch_books() as books:
            decided = _decide(session, connection, books, request)
            return decided.plan if isinstance(decided, Decided) else decided
    except TargetUnavailable as error:
        return Failed(issue_id=request.issue_id, reason=str(error), busy=error.busy)
    except DBAPIError as error:
        return _refused_by_database(session, request, error)


def perform_repair(session: RepairSession, request: RepairRequest) -> RepairResult:
    """Make the repair, or say why not. Stripe is asked between transactions, never within one."""
    place = session_of_account(session, request)
    if isinstance(place, (Refused, Failed)):
        return recorded(session, request, place) if isinstance(place, Refused) else place
    session = place
    for _ in range(ASKINGS + 1):
        result = _tried(session, request)
        if not isinstance(result, Unproven):
            return result
        request = replace(request, answer=asked(session, result.keys))
    return _moving(request)


def _moving(request: RepairRequest) -> Failed:
    reason = "The account's Stripe customer kept changing while Stripe was asked; try again later."
    return Failed(issue_id=request.issue_id, reason=reason, busy=True)


def _tried(session: RepairSession, request: RepairRequest) -> RepairResult | Unproven:
    """Make the repair. One that needs a claim on the ledger is rehearsed, then tried for as long as there is time.

    Where claims are needed, this process makes one repair after the other: the rows that a rehearsal has written would
    block another repair's claim.
    """
    if not session.claims.are_needed:
        result = _try_once(session, request, None, None)
        if not isinstance(result, Rehearsal):
            return result
        session.claims.are_needed = True
    if not session.claims.turn.acquire(timeout=MOST_TURN_SECONDS):
        return _busy(request)
    try:
        return _tried_in_turn(session, request)
    finally:
        session.claims.turn.release()


def _tried_in_turn(session: RepairSession, request: RepairRequest) -> RepairResult | Unproven:
    """Rehearse, then write under the claim.

    For an account that changes in between, everything is decided under the claim.
    """
    rehearsal: Rehearsal | None = None
    claim: Claim | None = None
    moving: Claim | None = None
    patience: Patience | None = None
    while True:
        held_seconds = 0.0
        try:
            result = _try_once(session, request, rehearsal, moving)
        except RowsMoved:
            rehearsal, moving, result = None, claim, _busy(request)
        except HeldTooLong as error:
            held_seconds, moving = HELD_SECONDS, None
            result = Failed(issue_id=request.issue_id, reason=str(error), busy=True)
        if isinstance(result, Rehearsal):
            rehearsal, claim, patience = result, result.claim, patience or Patience()
            continue
        is_busy = isinstance(result, Failed) and result.busy
        if patience is None or not is_busy or not patience.allows_another(after_seconds=held_seconds):
            return result


def _try_once(
    session: RepairSession, request: RepairRequest, rehearsal: Rehearsal | None, moving: Claim | None
) -> RepairResult | Unproven | Rehearsal:
    """Run one of them, again after a deadlock or a serialisation failure. Raises ``RowsMoved`` and ``HeldTooLong``."""
    claim = rehearsal.claim if rehearsal is not None else moving
    for _ in range(TRIES):
        try:
            result = (
                _attempt(session, request, moving)
                if rehearsal is None
                else _attempt_claimed(session, request, rehearsal)
            )
        except Again:
            continue
        except TargetUnavailable as error:
            return Failed(issue_id=request.issue_id, reason=str(error), busy=error.busy)
        except DBAPIError as error:
            trouble = session.target.trouble(error)
            if trouble is Trouble.CONFLICT:
                continue
            if trouble is Trouble.LOST and claim is not None and claim.is_overdue():
                raise HeldTooLong from None  # the server has ended the session
            result = _refused_by_database(session, request, error)
        return recorded(session, request, result) if isinstance(result, (Stale, Refused)) else result
    return _busy(request)


def _busy(request: RepairRequest) -> Failed:
    return Failed(
        issue_id=request.issue_id, reason="Other transactions kept changing the same rows; try again later.", busy=True
    )


def _attempt(
    session: RepairSession, request: RepairRequest, claim: Claim | None = None
) -> RepairResult | Unproven | Rehearsal:
    """Run one transaction, from the start. If a claim is missing, it is a rehearsal, and is rolled back.

    ``claim`` is held from the first moment, if the account changes too often to be rehearsed. Raises ``HeldTooLong``.
    """
    with session.turn(), open_transaction(session, claim) as connection, session.scratch_books() as books:
        ready = begin(session, connection, request, claim)
        if not isinstance(ready, Begun):
            return ready
        if claim is None:
            lock_accounts(session, connection, request)
        decided = _decide(session, connection, books, request)
        if not isinstance(decided, Decided):
            return decided
        unfit = _unfit(session, request, decided.plan)
        if unfit is not None:
            return unfit

        def judge() -> Held | str:
            verify = verify_applied if request.undoes is None else verify_undone
            return verify(session, connection, books, request, decided)

        done = write_all(session, connection, request, decided, ready.counter, judge, identity=ready.identity)
        if not isinstance(done, Written):
            return done
        missing = missing_claim(session, connection, decided)
        if missing is not None and not request.dry_run:  # a dry run makes no customer wait for the ledger
            if claim is None or not claim.covers(missing):
                return Rehearsal(decided=decided, held=done.held, claim=missing)
            if claim.is_overdue():
                raise HeldTooLong
        return Previewed(plan=decided.plan) if request.dry_run else commit(session, connection, request, decided, done)


def _decide(
    session: RepairSession, connection: Connection, books: SubjectBooks, request: RepairRequest
) -> Decided | Unproven | Stale | Refused:
    """Plan the repair, or the undo of one."""
    decide = plan_repair if request.undoes is None else plan_undo
    return decide(session, connection, books, request)


def _unfit(session: RepairSession, request: RepairRequest, plan: PlannedRepair) -> Stale | Refused | None:
    """Say why this plan is not the one that was previewed or approved; None where it may be written."""
    if request.plan_hash is not None and request.plan_hash != plan.plan_hash:
        reason = f"The repair of {request.issue_id} is no longer what was previewed; preview it again."
        return Stale(issue_id=request.issue_id, reason=reason)
    return find_missing_approval(session.config.approvals, request, plan)


def _attempt_claimed(session: RepairSession, request: RepairRequest, rehearsal: Rehearsal) -> RepairResult:
    """Write what was rehearsed: nothing is decided any more. Raises ``RowsMoved`` and ``HeldTooLong``."""
    claim, decided = rehearsal.claim, rehearsal.decided
    with session.turn(), open_transaction(session, claim) as connection:
        ready = begin(session, connection, request, claim)
        if not isinstance(ready, Begun):
            return ready
        rows = SubjectReader(session, connection, decided.snapshot.mappings)
        if not rehearsal.is_of(read_subject(rows, request.check, request.subject)):
            raise RowsMoved

        def judge() -> Held:
            return rehearsal.judge(read_subject(rows, request.check, request.subject))

        done = write_all(session, connection, request, decided, ready.counter, judge, identity=ready.identity)
        if not isinstance(done, Written):
            return done
        if claim.is_overdue():
            raise HeldTooLong
        return commit(session, connection, request, decided, done)


def _refused_by_database(session: RepairSession, request: RepairRequest, error: DBAPIError) -> Refused | Failed:
    message = session.target.describe_error(error)
    match session.target.trouble(error):
        case Trouble.BUSY:
            reason = f"The rows are in use and were not free in time ({message}); try again later."
            return Failed(issue_id=request.issue_id, reason=reason, busy=True)
        case Trouble.LOST:
            reason = f"The connection was lost before the commit ({message}); nothing was changed, try again."
            return Failed(issue_id=request.issue_id, reason=reason)
        case _:
            session.forget()
            return Refused(issue_id=request.issue_id, reason=f"The database refused it: {message}.")
