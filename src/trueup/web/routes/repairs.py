"""Repairs under ``/api/v1``: preview one, or apply it as the contract's call does."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request

from trueup.web.access import Permission, Principal, requires
from trueup.web.routes.answers.problems import NOT_REPAIRED
from trueup.web.routes.answers.repairs import RepairDone, RepairPlan
from trueup.web.routes.parameters import IdempotencyKey
from trueup.web.routes.repairing import applied, previewed, undone
from trueup.web.routes.request_bodies import PreviewBody, RepairBody, UndoBody
from trueup.web.services import Services, services
from trueup.web.strict import strict_json

router = APIRouter(prefix="/api/v1/repairs", tags=["repairs"])


@router.post("/preview", responses=NOT_REPAIRED)
def preview_repair(
    _who: Annotated[Principal, requires(Permission.REPAIR_PREVIEW)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[PreviewBody, strict_json(PreviewBody)],
) -> RepairPlan:
    """What the repair of an issue would write now. Nothing is written, and no lock is kept."""
    return previewed(at_hand, order.issue_id)


@router.post("", responses=NOT_REPAIRED)
def apply_repair(
    who: Annotated[Principal, requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[RepairBody, strict_json(RepairBody)],
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> RepairDone:
    """Apply the repair of one issue, with its audit row and its journal row, in one transaction."""
    return applied(at_hand, order, who=who, request=request, idempotency_key=idempotency_key)


@router.post("/undo", responses=NOT_REPAIRED)
def undo_repair(
    who: Annotated[Principal, requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[UndoBody, strict_json(UndoBody)],
    request: Request,
) -> RepairDone:
    """Undo a balance sync, or the switching off of unlimited credits, as a second person has approved it."""
    return undone(at_hand, order, who=who, request=request)
