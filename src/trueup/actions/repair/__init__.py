"""Make one repair: plan it, prove it, write it and its journal row in one transaction, or change nothing."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from trueup import journal
from trueup.actions.explain import Explanation, explain
from trueup.actions.repair.account_books import find_accounts, open_account_books
from trueup.actions.repair.perform import perform_repair, planned
from trueup.actions.repair.plan import counts_text, value_text, values_text
from trueup.actions.repair.request import RepairRequest, issue_of
from trueup.actions.repair.session import RepairSession, open_reading_session, open_repair_session
from trueup.actions.repair.subject_timeline import looked_at
from trueup.actions.repair.unattended import perform_in_turn, safe_issues
from trueup.actions.repair.undoing import UNDOABLE
from trueup.model.attribution import clean_name, clean_reason
from trueup.model.errors import ConfigurationError
from trueup.model.finding import printable
from trueup.model.source import Silent
from trueup.targets.target import TargetUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from trueup.books.file import Books
    from trueup.config import Config
    from trueup.model.approval import Approval
    from trueup.model.check import Check
    from trueup.model.finding import Finding
    from trueup.model.repair import Failed, PlannedRepair, Refused, RepairResult, Stale

__all__ = [
    "UNDOABLE",
    "RepairSession",
    "TargetUnavailable",
    "UnknownRepair",
    "counts_text",
    "find_accounts",
    "open_account_books",
    "open_reading_session",
    "open_repair_session",
    "preview",
    "preview_undo",
    "repair",
    "repair_safe",
    "safe_issues",
    "timeline",
    "undo",
    "value_text",
    "values_text",
]


class UnknownRepair(ConfigurationError):
    """The journal has no such repair."""


def preview(
    issue_id: str,
    *,
    config: Config,
    catalogue: Sequence[Check],
    now: datetime,
    session: RepairSession | None = None,
) -> PlannedRepair | Stale | Refused | Failed:
    """Plan what repairing this issue would write now, without writing or locking anything. ``now`` is naive UTC.

    ``session`` saves looking the schema up again (``open_repair_session``). Raises ``ConfigurationError`` for an
    invalid issue id and where repairs are off, ``SourceUnavailable`` when the database cannot be reached.
    """
    check, subject = issue_of(issue_id, catalogue)
    request = RepairRequest(issue_id=issue_id, check=check, subject=subject, reason="preview", actor="preview", now=now)
    with _desk_for(session, config, catalogue) as at:
        return planned(at, request)


def repair(
    issue_id: str,
    *,
    reason: str,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    now: datetime,
    idempotency_key: str | None = None,
    request_id: str | None = None,
    plan_hash: str | None = None,
    dry_run: bool = False,
    approval: Approval | None = None,
    session: RepairSession | None = None,
) -> RepairResult:
    """Apply the repair of one issue, with its audit row and its journal row, in one transaction.

    ``plan_hash`` is a preview's: the change must still be exactly that one, or the result is ``Stale``. The same
    ``idempotency_key`` of the same actor returns the first call's result again. ``dry_run`` does everything and rolls
    it back. ``approval`` is a second person's, of exactly this plan; ``[approvals]`` says where one is needed. Raises
    as ``preview`` does, and ``ConfigurationError`` for an invalid reason.
    """
    check, subject = issue_of(issue_id, catalogue)
    request = RepairRequest(
        issue_id=issue_id,
        check=check,
        subject=subject,
        reason=clean_reason(reason),
        actor=clean_name(actor, what="actor"),
        now=now,
        idempotency_key=clean_name(idempotency_key, what="idempotency key") if idempotency_key is not None else None,
        request_id=request_id,
        plan_hash=plan_hash,
        dry_run=dry_run,
        approval=approval,
    )
    with _desk_for(session, config, catalogue) as at:
        return perform_repair(at, request)


def undo(
    repair_id: str,
    *,
    reason: str,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    now: datetime,
    request_id: str | None = None,
    dry_run: bool = False,
    approval: Approval | None = None,
    session: RepairSession | None = None,
) -> RepairResult:
    """Undo a balance sync, or the switching off of unlimited credits: the value from before, and the finding with it.

    It has an audit row and a journal row of its own, needs a second person's approval (a dry run does not), and is
    refused where anything has touched the account since. Raises ``UnknownRepair``, and as ``repair`` does.
    """
    with _desk_for(session, config, catalogue) as at:
        request = _undo_request(at, repair_id, reason=clean_reason(reason), actor=actor, now=now)
        request = replace(request, request_id=request_id, dry_run=dry_run, approval=approval)
        return perform_repair(at, request)


def preview_undo(
    repair_id: str,
    *,
    config: Config,
    catalogue: Sequence[Check],
    now: datetime,
    session: RepairSession | None = None,
) -> PlannedRepair | Stale | Refused | Failed:
    """Plan what undoing this repair would write now. Raises as ``undo`` does."""
    with _desk_for(session, config, catalogue) as at:
        return planned(at, _undo_request(at, repair_id, reason="preview", actor="preview", now=now))


def _undo_request(session: RepairSession, repair_id: str, *, reason: str, actor: str, now: datetime) -> RepairRequest:
    """Return the request to undo this repair. Raises ``UnknownRepair``."""
    with session.target.reading() as connection:
        has_journal = journal.read_installed_revision(connection) is not None
        row = journal.repair_by_id(connection, repair_id) if has_journal else None
    if row is None or row.status != "applied":
        raise UnknownRepair(f"The journal has no repair {printable(repair_id)}; `trueup journal export` shows them.")
    check, subject = issue_of(row.issue_id, session.catalogue)
    return RepairRequest(
        issue_id=row.issue_id,
        check=check,
        subject=subject,
        reason=reason,
        actor=clean_name(actor, what="actor"),
        now=now,
        undoes=repair_id,
    )


def repair_safe(
    issue_ids: Iterable[str],
    *,
    reason: str,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    now: datetime,
    dry_run: bool = False,
    session: RepairSession | None = None,
) -> Iterator[RepairResult]:
    """Apply these issues' repairs as far as they may run without a person, one transaction each, within the caps.

    A repair that is not safe is refused, and so is what is beyond ``[repairs]`` ``most_per_run`` and ``most_per_day``.
    Raises as ``repair`` does.
    """
    stated, name = clean_reason(reason), clean_name(actor, what="actor")
    requests = (
        RepairRequest(
            issue_id=issue_id,
            check=check,
            subject=subject,
            reason=stated,
            actor=name,
            now=now,
            dry_run=dry_run,
        )
        for issue_id in issue_ids
        for check, subject in (issue_of(issue_id, catalogue),)
    )
    with _desk_for(session, config, catalogue) as at:
        yield from perform_in_turn(at, requests)


def timeline(
    issue_id: str,
    *,
    config: Config,
    catalogue: Sequence[Check],
    now: datetime,
    session: RepairSession | None = None,
    accounts: Collection[str] = (),
    stripe: Books | None = None,
    reported: Finding | None = None,
) -> Explanation:
    """Read one finding as the database has it now, with the end of its account's ledger. Only its own rows are read.

    ``session`` is one that only reads (``open_reading_session``). ``accounts`` are those that the finding is known to
    be about, where its subject does not say so. ``stripe`` are other books that hold Stripe's side, and ``reported`` is
    the finding as an audit saw it, of which the timeline is where its check cannot be asked. A folder of files is read
    whole. Raises as ``preview`` does.
    """
    if session is None and config.is_folder:
        return explain(issue_id, config=config, catalogue=catalogue, now=now, progress=Silent())
    check, subject = issue_of(issue_id, catalogue)
    if session is not None:
        return looked_at(session, check, subject, now=now, accounts=accounts, stripe=stripe, reported=reported)
    with contextlib.closing(open_reading_session(config, catalogue)) as opened:
        return looked_at(opened, check, subject, now=now, accounts=accounts, stripe=stripe, reported=reported)


@contextlib.contextmanager
def _desk_for(session: RepairSession | None, config: Config, catalogue: Sequence[Check]) -> Iterator[RepairSession]:
    """Yield the given session, or one for this call."""
    if session is not None:
        yield session
        return
    with contextlib.closing(open_repair_session(config, catalogue)) as opened:
        yield opened
