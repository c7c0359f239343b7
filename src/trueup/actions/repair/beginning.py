"""Begin a repair's transaction: hold its claim, check that the journal is of this database, lock the accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup import journal
from trueup.actions.repair.approval import find_use
from trueup.actions.repair.record import stored_result
from trueup.actions.repair.subject_reader import SubjectReader
from trueup.actions.repair.subject_snapshot import MOST_ACCOUNTS, accounts_of
from trueup.actions.repair.writing import lock_row
from trueup.model.repair import Refused
from trueup.targets.serialization import Serialization

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from trueup.actions.repair.rehearsal import Claim
    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.model.repair import RepairResult
    from trueup.targets.target import WriteCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A transaction in which the repair may be written: its database, its counts from here on, its claim."""

    identity: str
    counter: WriteCounter


def open_transaction(session: RepairSession, claim: Claim | None) -> AbstractContextManager[Connection]:
    """Open the transaction that the claim needs, or the usual one. Rolled back unless it is committed."""
    return session.target.transaction() if claim is None else session.target.transaction(claim.serialization)


def begin(
    session: RepairSession, connection: Connection, request: RepairRequest, claim: Claim | None
) -> Begun | RepairResult:
    """Take the claim, if there is one; check that the journal is of this database and that the call is a new one."""
    # The first read before MariaDB's locks would fix the moment that the transaction sees.
    is_first = claim is not None and claim.serialization is Serialization.ENTRY_LOCKS
    obstacle = claim.hold(session, connection) if claim is not None and is_first else None
    identity = _identity(session, connection, request)
    if isinstance(identity, Refused):
        return identity
    known = stored_result(connection, request)
    if known is not None:
        return known
    used = find_use(connection, request)
    if used is not None:
        return used
    counter = session.target.count_writes(connection)
    counter.pause()
    if claim is not None and not is_first:
        obstacle = claim.hold(session, connection)
    if obstacle is not None:
        return Refused(issue_id=request.issue_id, reason=obstacle)
    return Begun(identity=identity, counter=counter)


def _identity(session: RepairSession, connection: Connection, request: RepairRequest) -> str | Refused:
    """Identify this database. Nothing may be written where the journal is missing, of another revision, or was made for
    another database.
    """
    config = session.config.path
    revision, wanted = journal.read_installed_revision(connection), journal.current_revision()
    if revision is None:
        reason = (
            f"The journal is not installed in {session.target.place}; run `trueup init --install --config {config}`."
        )
        return Refused(issue_id=request.issue_id, reason=reason)
    if revision != wanted:
        reason = f"The journal is of revision {revision} but this trueup needs {wanted}; run `trueup init --install`."
        return Refused(issue_id=request.issue_id, reason=reason)
    identity = journal.database_identity(connection)
    bound = journal.binding(connection)
    if bound is None or bound.database_identity != identity:
        reason = (
            f"The journal in {session.target.place} was made for another database: it is a restored copy or a clone. "
            "trueup repairs nothing here unless `trueup init --install --rebind` lets the journal continue in it."
        )
        return Refused(issue_id=request.issue_id, reason=reason)
    return identity


def lock_accounts(session: RepairSession, connection: Connection, request: RepairRequest) -> None:
    """Lock the accounts that the subject is about, always in the same order, so that their credits cannot change."""
    mapping = session.layout().mappings.get("account")
    if mapping is None:
        return
    accounts = accounts_of(SubjectReader(session, connection, session.layout().read), request.check, request.subject)
    if len(accounts) <= MOST_ACCOUNTS:
        for account_id in sorted(accounts):
            lock_row(session, connection, mapping, account_id)
