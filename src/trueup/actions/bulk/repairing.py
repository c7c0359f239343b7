"""Repair one finding of a frozen list, or request approval for it, if it is still as it was frozen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trueup.actions.approvals import AlreadyRequested, repair_as_approved, request_repair
from trueup.actions.bulk.frozen import BulkLine, BulkOutcome
from trueup.actions.repair import preview
from trueup.formats.wording import change_text, exact
from trueup.model.approval import Approval
from trueup.model.errors import ConfigurationError
from trueup.model.repair import Applied, ChangedSince, Failed, PlannedRepair, Refused, Stale

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trueup.actions.repair import RepairSession
    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.model.repair import RepairResult
    from trueup.store import Store, StoredIssue


def repair_frozen(
    finding: StoredIssue,
    *,
    ask: bool = False,
    reason: str,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    store: Store,
    now: datetime,
    request_id: str | None = None,
    session: RepairSession | None = None,
) -> BulkLine:
    """Apply the repair that was frozen and no other, or with ``ask`` ask for a second person. ``now`` is naive UTC.

    Raises as ``repair_as_approved`` does.
    """
    plan = _frozen_plan(finding, config=config, catalogue=catalogue, now=now, session=session)
    if isinstance(plan, BulkLine):
        return plan
    result: RepairResult | Approval
    if ask:
        try:
            result = request_repair(
                finding.issue_id,
                reason=reason,
                actor=actor,
                config=config,
                catalogue=catalogue,
                store=store,
                now=now,
                session=session,
                plan_hash=plan.plan_hash,
            )
        except AlreadyRequested as refused:
            return BulkLine(issue_id=finding.issue_id, outcome=BulkOutcome.REFUSED, detail=str(refused))
    else:
        result = repair_as_approved(
            finding.issue_id,
            reason=reason,
            actor=actor,
            config=config,
            catalogue=catalogue,
            store=store,
            now=now,
            request_id=request_id,
            plan_hash=plan.plan_hash,
            session=session,
        )
    return _line(finding.issue_id, result)


def _frozen_plan(
    finding: StoredIssue,
    *,
    config: Config,
    catalogue: Sequence[Check],
    now: datetime,
    session: RepairSession | None,
) -> PlannedRepair | BulkLine:
    """Return the plan as it is now, where it is the one that was frozen."""
    try:
        plan = preview(finding.issue_id, config=config, catalogue=catalogue, now=now, session=session)
    except ConfigurationError as refused:
        return BulkLine(issue_id=finding.issue_id, outcome=BulkOutcome.REFUSED, detail=str(refused))
    if not isinstance(plan, PlannedRepair):
        return _line(finding.issue_id, plan)
    document = json.loads(finding.document)
    frozen = (document["message"], (document["repair"] or {}).get("change"))
    current = (exact(plan.message), change_text(plan.change))
    if current != frozen:
        detail = f"It would now be: {current[1]}. {current[0]}"
        return BulkLine(issue_id=finding.issue_id, outcome=BulkOutcome.CHANGED, detail=detail)
    return plan


def _line(issue_id: str, result: RepairResult | Approval) -> BulkLine:
    match result:
        case Approval(summary=summary):
            return BulkLine(issue_id=issue_id, outcome=BulkOutcome.REQUESTED, detail=summary)
        case Applied(summary=summary):
            outcome, detail = BulkOutcome.APPLIED, summary
        case ChangedSince(applied=applied, differences=differences):
            outcome, detail = (
                BulkOutcome.APPLIED,
                f"{applied.summary}; then something else changed it: {'; '.join(differences)}",
            )
        case Stale(reason=reason):
            outcome, detail = BulkOutcome.CHANGED, reason
        case Refused(reason=reason):
            outcome, detail = BulkOutcome.REFUSED, reason
        case Failed(reason=reason):
            outcome, detail = BulkOutcome.FAILED, reason
        case _:
            outcome, detail = BulkOutcome.REFUSED, "It was tried and rolled back."
    return BulkLine(issue_id=issue_id, outcome=outcome, detail=detail, result=result)
