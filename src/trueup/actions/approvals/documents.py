"""List approvals, and return them as JSON: what the command prints and the API answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.actions.approvals.decisions import UnknownApproval
from trueup.formats.wording import exact, instant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from trueup.config import Config
    from trueup.model.approval import Approval, ApprovalState
    from trueup.store import ApprovalEvent, Store


def list_approvals(
    store: Store, config: Config, *, now: datetime, state: ApprovalState | None = None, limit: int = 200
) -> tuple[Approval, ...]:
    """Return the newest ``limit`` approvals of this environment, newest first. Raises ``StoreUnavailable``."""
    return store.approvals.list(config.environment, state=state, now=now, limit=limit)


def find_approval(approval_id: str, *, store: Store, config: Config) -> Approval:
    """Return the approval of this id. Raises ``UnknownApproval`` and ``StoreUnavailable``."""
    approval = store.approvals.get(config.environment, approval_id)
    if approval is None:
        raise UnknownApproval("There is no such approval; `trueup approvals list` shows them.")
    return approval


def list_events(approval_id: str, *, store: Store) -> tuple[ApprovalEvent, ...]:
    """Return what was tried with an approval, oldest first. Raises ``StoreUnavailable``."""
    return store.approvals.events(approval_id)


def approvals_document(approvals: Iterable[Approval], *, now: datetime) -> dict[str, object]:
    """Return the list as JSON."""
    return {"schemaVersion": 1, "approvals": [approval_document(approval, now=now) for approval in approvals]}


def approval_document(
    approval: Approval, *, now: datetime, events: Iterable[ApprovalEvent] | None = None
) -> dict[str, object]:
    """Return one approval as JSON, with what was tried with it where ``events`` are given."""
    document: dict[str, object] = {
        "id": approval.approval_id,
        "kind": approval.kind.value,
        "state": approval.state_at(now).value,
        "target": exact(approval.target),
        "planHash": approval.plan_hash,
        "summary": exact(approval.summary),
        "asked": dict(approval.asked),
        "reason": exact(approval.reason),
        "requestedBy": approval.requested_by,
        "requestedAt": instant(approval.requested_at),
        "expiresAt": instant(approval.expires_at),
        "decidedBy": approval.decided_by,
        "decidedAt": instant(approval.decided_at) if approval.decided_at else None,
        "decisionReason": approval.decision_reason,
        "usedBy": approval.used_by,
        "usedAt": instant(approval.used_at) if approval.used_at else None,
    }
    if events is not None:
        document["events"] = [
            {"event": each.event, "actor": each.actor, "at": instant(each.at), "reason": exact(each.reason)}
            for each in events
        ]
    return document
