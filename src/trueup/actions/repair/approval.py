"""A second person's approval, as a repair's transaction sees it: of exactly this plan, in time, and used once.

An approval is kept in trueup's store, which is another database than the one that is written to. What keeps it from
being used twice is here: the repair's row has the approval's id as its own, and is written with the change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup import journal
from trueup.model.approval import ApprovalKind, ApprovalState
from trueup.model.repair import Refused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.request import RepairRequest
    from trueup.model.approval import Approval, ApprovalSettings
    from trueup.model.repair import PlannedRepair


def find_missing_approval(settings: ApprovalSettings, request: RepairRequest, plan: PlannedRepair) -> Refused | None:
    """Say why this plan must not be written without another approval; None where it may be. A dry run needs none."""
    if request.dry_run:
        return None
    approval = request.approval
    kind = ApprovalKind.REPAIR if request.undoes is None else ApprovalKind.UNDO
    if approval is None and kind is ApprovalKind.UNDO:
        return _refused(request, "An undo always needs a second person's approval.")
    if approval is None:
        reason = settings.reason_for_repair(plan.check, plan.impact)
        return None if reason is None else _refused(request, f"It needs a second person's approval: {reason}.")
    if approval.kind is not kind or approval.target != request.issue_id:
        return _refused(request, "The approval is of another change.")
    if approval.plan_hash != plan.plan_hash:
        return _refused(request, "The plan is no longer the one that was approved; ask for another approval.")
    return find_lateness(request)


def find_lateness(request: RepairRequest) -> Refused | None:
    """Say that the approval may not be used, or not any more; None where it may be, and where there is none."""
    approval = request.approval
    if approval is None or approval.state_at(request.moment) is ApprovalState.APPROVED:
        return None
    return _refused(request, "The approval has expired, or was not given; ask for another one.")


def find_use(connection: Connection, request: RepairRequest) -> Refused | None:
    """Say that the approval was used before, by which repair; None where it was not."""
    if request.approval is None:
        return None
    row = journal.repair_by_id(connection, request.repair_id)
    if row is None:
        return None
    return _refused(request, f"The approval was used before: {row.actor} applied it at {row.at:%Y-%m-%d %H:%M} UTC.")


def approval_text(approval: Approval) -> dict[str, str | None]:
    """Return the approval as the journal's row holds it."""
    decided = f"{approval.decided_at.isoformat()}Z" if approval.decided_at else None
    return {
        "id": approval.approval_id,
        "requested_by": approval.requested_by,
        "approved_by": approval.decided_by,
        "approved_at": decided,
    }


def _refused(request: RepairRequest, reason: str) -> Refused:
    return Refused(issue_id=request.issue_id, reason=reason, unproven=True, needs_approval=True)
