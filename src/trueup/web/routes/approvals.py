"""Two-person approvals: request, list, approve, reject. What was approved is then applied by its own route."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request

from trueup.actions import approvals
from trueup.actions.exemptions import with_stored_exemptions
from trueup.actions.repair import UnknownRepair
from trueup.model.approval import Approval, ApprovalState
from trueup.web.access import Permission, Principal, requires
from trueup.web.access.attempts import log_refusal
from trueup.web.problems import Problem
from trueup.web.routes.answers.approvals import ApprovalLine, ApprovalRecord, Approvals
from trueup.web.routes.answers.problems import NOT_REPAIRED, problems
from trueup.web.routes.exemptions import refuse_unknown
from trueup.web.routes.parameters import ApprovalIdPath, ApprovalStateFilter
from trueup.web.routes.repairing import NO_SUCH_REPAIR, place_for, refuse, repairing_config
from trueup.web.routes.request_bodies import DecisionBody, ExemptionBody, RepairRequestBody, UndoBody
from trueup.web.services import Services, services
from trueup.web.strict import strict_json

router = APIRouter(prefix="/api/v1", tags=["approvals"])

NO_SUCH_APPROVAL = "There is no such approval."
ALREADY = "Exactly this waits for a second person already, or was approved."
NOT_DECIDED = problems(
    {
        403: "It is the caller's own request, the caller is not known as a person, or the sign-in is too old; "
        "`detail` says which.",
        404: NO_SUCH_APPROVAL,
        409: "It was decided by another person first, or has expired.",
    }
)


@router.get("/approvals")
def list_approvals(
    _who: Annotated[Principal, requires(Permission.APPROVAL_READ)],
    at_hand: Annotated[Services, Depends(services)],
    state: ApprovalStateFilter = None,
) -> Approvals:
    """The requests of this environment, newest first."""
    now = at_hand.clock()
    wanted = ApprovalState(state) if state is not None else None
    listed = approvals.list_approvals(at_hand.store, at_hand.config, now=now, state=wanted)
    return Approvals.model_validate(approvals.approvals_document(listed, now=now))


@router.get("/approvals/{approval_id}", responses=problems({404: NO_SUCH_APPROVAL}))
def show_approval(
    _who: Annotated[Principal, requires(Permission.APPROVAL_READ)],
    at_hand: Annotated[Services, Depends(services)],
    approval_id: ApprovalIdPath,
) -> ApprovalRecord:
    """One request, with everything that was tried with it."""
    try:
        approval = approvals.find_approval(approval_id, store=at_hand.store, config=at_hand.config)
    except approvals.UnknownApproval:
        raise Problem(404, NO_SUCH_APPROVAL) from None
    events = approvals.list_events(approval_id, store=at_hand.store)
    return ApprovalRecord.model_validate(approvals.approval_document(approval, now=at_hand.clock(), events=events))


@router.post("/approval-requests/repairs", status_code=201, responses=NOT_REPAIRED)
def request_repair(
    who: Annotated[Principal, requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[RepairRequestBody, strict_json(RepairRequestBody)],
) -> ApprovalLine:
    """Ask for a second person for the repair of an issue, exactly as it is planned now."""
    config, is_known = place_for(at_hand, order.issue_id)
    with _refusing():
        result = approvals.request_repair(
            order.issue_id,
            reason=order.reason,
            actor=who.actor,
            config=config,
            catalogue=at_hand.catalogue,
            store=at_hand.store,
            now=at_hand.clock(),
            session=at_hand.repair_sessions.writing(config),
        )
    if not isinstance(result, Approval):
        refuse(result, is_known=is_known)
    return _line(at_hand, result)


@router.post("/approval-requests/undos", status_code=201, responses=NOT_REPAIRED)
def request_undo(
    who: Annotated[Principal, requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[UndoBody, strict_json(UndoBody)],
) -> ApprovalLine:
    """Ask for a second person for the undo of a repair, exactly as it is planned now."""
    config = repairing_config(at_hand)
    with _refusing():
        result = approvals.request_undo(
            order.repair_id,
            reason=order.reason,
            actor=who.actor,
            config=config,
            catalogue=at_hand.catalogue,
            store=at_hand.store,
            now=at_hand.clock(),
            session=at_hand.repair_sessions.writing(config),
        )
    if not isinstance(result, Approval):
        refuse(result, is_known=True)
    return _line(at_hand, result)


@router.post(
    "/approval-requests/exemptions",
    status_code=201,
    responses=problems({404: "There is no such check, or no such plan.", 409: ALREADY}),
)
def request_exemption(
    who: Annotated[Principal, requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[ExemptionBody, strict_json(ExemptionBody)],
) -> ApprovalLine:
    """Ask for a second person for exactly this exemption."""
    refuse_unknown(at_hand, order)
    with _refusing():
        approval = approvals.request_exemption(
            check=order.check,
            subject=order.subject or None,
            plan=order.plan or None,
            owner=order.owner,
            reason=order.reason,
            expires_at=order.expires,
            actor=who.actor,
            config=with_stored_exemptions(at_hand.config, at_hand.store),
            catalogue=at_hand.catalogue,
            store=at_hand.store,
            now=at_hand.clock(),
        )
    return _line(at_hand, approval)


@router.post("/approvals/{approval_id}/approve", responses=NOT_DECIDED)
def approve(
    who: Annotated[Principal, requires(Permission.APPROVAL_DECIDE)],
    at_hand: Annotated[Services, Depends(services)],
    approval_id: ApprovalIdPath,
    order: Annotated[DecisionBody, strict_json(DecisionBody)],
    request: Request,
) -> ApprovalLine:
    """Approve what another person asked for. The sign-in, or the token, may be five minutes old at most."""
    return decided(at_hand, approval_id, order.reason, who=who, request=request, approves=True)


@router.post("/approvals/{approval_id}/reject", responses=NOT_DECIDED)
def reject(
    who: Annotated[Principal, requires(Permission.APPROVAL_DECIDE)],
    at_hand: Annotated[Services, Depends(services)],
    approval_id: ApprovalIdPath,
    order: Annotated[DecisionBody, strict_json(DecisionBody)],
    request: Request,
) -> ApprovalLine:
    """Reject a request, or withdraw the own one."""
    return decided(at_hand, approval_id, order.reason, who=who, request=request, approves=False)


def decided(
    at_hand: Services, approval_id: str, reason: str, *, who: Principal, request: Request, approves: bool
) -> ApprovalLine:
    """Decide, or put the refused try on record. Raises ``Problem``: 403, 404 or 409."""
    decide = approvals.approve if approves else approvals.reject
    caller = approvals.ApprovalCaller(actor=who.actor, proven_at=who.proven_at)
    try:
        result = decide(
            approval_id, caller=caller, reason=reason, config=at_hand.config, store=at_hand.store, now=at_hand.clock()
        )
    except approvals.UnknownApproval:
        raise Problem(404, NO_SUCH_APPROVAL) from None
    if isinstance(result, approvals.DecisionRefused):
        log_refusal(request, result.reason)
        raise Problem(409 if result.late else 403, result.reason)
    return _line(at_hand, result)


@contextmanager
def _refusing() -> Iterator[None]:
    """Raises the ``Problem`` of a request that cannot be made."""
    try:
        yield
    except UnknownRepair:
        raise Problem(404, NO_SUCH_REPAIR) from None
    except approvals.AlreadyRequested:
        raise Problem(409, ALREADY) from None


def _line(at_hand: Services, approval: Approval) -> ApprovalLine:
    return ApprovalLine.model_validate(approvals.approval_document(approval, now=at_hand.clock()))
