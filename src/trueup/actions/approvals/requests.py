"""Ask for a second person: the plan of a repair, or an exemption, exactly as it would be applied."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from trueup.actions.exemptions import exemption_hash, exemption_target, propose_exemption
from trueup.actions.repair import preview, preview_undo, value_text
from trueup.formats.wording import exact, impact
from trueup.model.approval import Approval, ApprovalKind
from trueup.model.attribution import clean_name, clean_reason
from trueup.model.repair import PlannedRepair, Stale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from trueup.actions.repair import RepairSession
    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.model.repair import Failed, Refused
    from trueup.store import Store


def request_repair(
    issue_id: str,
    *,
    reason: str,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    store: Store,
    now: datetime,
    session: RepairSession | None = None,
    plan_hash: str | None = None,
) -> Approval | Stale | Refused | Failed:
    """Plan the repair and ask for a second person for exactly that plan. ``now`` is naive UTC.

    With a ``plan_hash`` another plan is stale. Raises ``AlreadyRequested``, ``ConfigurationError`` and
    ``StoreUnavailable``.
    """
    cleaned = clean_reason(reason)
    plan = preview(issue_id, config=config, catalogue=catalogue, now=now, session=session)
    if not isinstance(plan, PlannedRepair):
        return plan
    if plan_hash is not None and plan.plan_hash != plan_hash:
        return Stale(issue_id=issue_id, reason=f"The repair of {issue_id} is no longer what was shown.")
    return _request_plan(
        plan, ApprovalKind.REPAIR, {}, reason=cleaned, actor=actor, config=config, store=store, now=now
    )


def request_undo(
    repair_id: str,
    *,
    reason: str,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    store: Store,
    now: datetime,
    session: RepairSession | None = None,
) -> Approval | Stale | Refused | Failed:
    """Plan the undo of this repair and ask for a second person for exactly that plan. ``now`` is naive UTC.

    Raises ``UnknownRepair``, ``AlreadyRequested``, ``ConfigurationError`` and ``StoreUnavailable``.
    """
    cleaned = clean_reason(reason)
    plan = preview_undo(repair_id, config=config, catalogue=catalogue, now=now, session=session)
    if not isinstance(plan, PlannedRepair):
        return plan
    undoes = {"undoes": repair_id}
    return _request_plan(
        plan, ApprovalKind.UNDO, undoes, reason=cleaned, actor=actor, config=config, store=store, now=now
    )


def _request_plan(
    plan: PlannedRepair,
    kind: ApprovalKind,
    more: Mapping[str, object],
    *,
    reason: str,
    actor: str,
    config: Config,
    store: Store,
    now: datetime,
) -> Approval:
    approval = _approval(
        kind,
        target=plan.issue_id,
        plan_hash=plan.plan_hash,
        summary=plan.change.summary,
        asked={**_repair_document(plan), **more},
        reason=reason,
        actor=actor,
        config=config,
        now=now,
    )
    store.approvals.request(approval, environment=config.environment)
    return approval


def request_exemption(
    *,
    check: str,
    owner: str,
    reason: str,
    expires_at: date,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    store: Store,
    now: datetime,
    subject: str | None = None,
    plan: str | None = None,
) -> Approval:
    """Ask for a second person for exactly this exemption. ``now`` is naive UTC.

    Raises ``AlreadyRequested``, ``ConfigurationError`` and ``StoreUnavailable``.
    """
    exemption = propose_exemption(
        config=config,
        catalogue=catalogue,
        check=check,
        subject=subject,
        plan=plan,
        owner=owner,
        reason=reason,
        expires_at=expires_at,
        now=now,
    )
    approval = _approval(
        ApprovalKind.EXEMPTION,
        target=exemption_target(exemption),
        plan_hash=exemption_hash(exemption, config.environment),
        summary=f"{exemption.owner} answers for {exemption.scope_text} until {exemption.expires_at}",
        asked={
            "check": check,
            "subject": exemption.subject,
            "plan": exemption.plan,
            "owner": exemption.owner,
            "reason": exemption.reason,
            "expires": str(exemption.expires_at),
        },
        reason=exemption.reason,
        actor=actor,
        config=config,
        now=now,
    )
    store.approvals.request(approval, environment=config.environment)
    return approval


def _approval(
    kind: ApprovalKind,
    *,
    target: str,
    plan_hash: str,
    summary: str,
    asked: dict[str, object],
    reason: str,
    actor: str,
    config: Config,
    now: datetime,
) -> Approval:
    return Approval(
        approval_id=str(uuid.uuid4()),
        kind=kind,
        target=target,
        plan_hash=plan_hash,
        summary=exact(summary),
        asked=asked,
        reason=exact(reason),
        requested_by=clean_name(actor, what="actor"),
        requested_at=now,
        expires_at=now + timedelta(minutes=config.approvals.expire_minutes),
    )


def _repair_document(plan: PlannedRepair) -> dict[str, object]:
    """Return what the second person must see of a plan."""
    cell = plan.change.replace
    return {
        "issueId": exact(plan.issue_id),
        "check": plan.check,
        "message": exact(plan.message),
        "kind": plan.change.kind,
        "replace": None
        if cell is None
        else {
            "relation": cell.relation,
            "row": cell.row_key,
            "column": cell.column,
            "old": value_text(cell.old),
            "new": value_text(cell.new),
        },
        "impact": impact(plan.impact),
    }
