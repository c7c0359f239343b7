"""Apply a repair, with the approval of exactly its plan where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.actions.repair import repair, undo
from trueup.model.approval import ApprovalKind, ApprovalState
from trueup.model.repair import Applied, ChangedSince, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trueup.actions.repair import RepairSession
    from trueup.config import Config
    from trueup.model.approval import Approval
    from trueup.model.check import Check
    from trueup.model.repair import RepairResult
    from trueup.store import Store

_MOST_UNDOS = 1_000


def repair_as_approved(
    issue_id: str,
    *,
    reason: str,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    store: Store | None,
    now: datetime,
    idempotency_key: str | None = None,
    request_id: str | None = None,
    plan_hash: str | None = None,
    dry_run: bool = False,
    session: RepairSession | None = None,
) -> RepairResult:
    """Apply the repair of one issue as ``repair`` does, with the approval that was given for it, if one was.

    Without a store there is none, and what needs one is refused. Raises as ``repair`` does, and ``StoreUnavailable``.
    """
    approval = None
    if store is not None and not dry_run:
        approval = store.approvals.approved(config.environment, ApprovalKind.REPAIR, issue_id, now=now)
    result = repair(
        issue_id,
        reason=reason,
        actor=actor,
        config=config,
        catalogue=catalogue,
        now=now,
        idempotency_key=idempotency_key,
        request_id=request_id,
        plan_hash=plan_hash,
        dry_run=dry_run,
        approval=approval,
        session=session,
    )
    if approval is not None and store is not None:
        _note(result, approval, actor=actor, store=store, now=now)
    return result


def undo_as_approved(
    repair_id: str,
    *,
    reason: str,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    store: Store,
    now: datetime,
    request_id: str | None = None,
    dry_run: bool = False,
    session: RepairSession | None = None,
) -> RepairResult:
    """Undo this repair as ``undo`` does, with the approval that was given for it; without one it is refused.

    Raises as ``undo`` does, and ``StoreUnavailable``.
    """
    approval = find_undo_approval(repair_id, store=store, config=config, now=now)
    result = undo(
        repair_id,
        reason=reason,
        actor=actor,
        config=config,
        catalogue=catalogue,
        now=now,
        request_id=request_id,
        dry_run=dry_run,
        approval=None if dry_run else approval,
        session=session,
    )
    if approval is not None and not dry_run:
        _note(result, approval, actor=actor, store=store, now=now)
    return result


def find_undo_approval(repair_id: str, *, store: Store, config: Config, now: datetime) -> Approval | None:
    """Return the approval that the undo of this repair may use now; None without one. Raises ``StoreUnavailable``."""
    approved = store.approvals.list(
        config.environment, state=ApprovalState.APPROVED, kind=ApprovalKind.UNDO, now=now, limit=_MOST_UNDOS
    )
    return next((approval for approval in approved if approval.asked.get("undoes") == repair_id), None)


def _note(result: RepairResult, approval: Approval, *, actor: str, store: Store, now: datetime) -> None:
    """Put on record what became of the approval. That it is used once does not rest on this: the repair's row does."""
    applied = result.applied if isinstance(result, ChangedSince) else result
    if isinstance(applied, Applied):
        if applied.repair_id == approval.approval_id:
            store.approvals.mark_used(approval.approval_id, used_by=actor, now=now)
    elif isinstance(result, Refused):
        store.approvals.note_refusal(approval.approval_id, actor=actor, reason=result.reason, now=now)
