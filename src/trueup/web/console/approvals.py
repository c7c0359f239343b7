"""Approvals: what waits for a second person, and what became of earlier requests."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from trueup.actions import approvals
from trueup.model.approval import Approval, ApprovalState
from trueup.web import text
from trueup.web.access import Permission, Principal, form_requires, page_requires, strict_form
from trueup.web.console.rendering import lead_to, render
from trueup.web.routes.approvals import decided, request_exemption, request_repair, request_undo
from trueup.web.routes.request_bodies import DecisionBody, ExemptionBody, RepairRequestBody, UndoBody
from trueup.web.services import Services, services

router = APIRouter(include_in_schema=False)

MOST_OPEN = 1_000
"""Requests of one state on the page: a frozen list alone may ask for five hundred."""


class DecisionForm(DecisionBody):
    """The decision about one request."""

    approval_id: Annotated[str, Field(pattern=text.APPROVAL_ID)]
    verdict: Literal["approve", "reject"]


@router.get("/approvals")
def show_approvals(
    who: Annotated[Principal, page_requires(Permission.APPROVAL_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
) -> HTMLResponse:
    """Render what waits, with the form that decides it for those who may, and what was decided."""
    now = at_hand.clock()
    waiting, usable = (
        approvals.list_approvals(at_hand.store, at_hand.config, now=now, state=state, limit=MOST_OPEN)
        for state in (ApprovalState.REQUESTED, ApprovalState.APPROVED)
    )
    newest = approvals.list_approvals(at_hand.store, at_hand.config, now=now)
    ended = [each for each in newest if each not in waiting and each not in usable]
    return render(
        request,
        "approvals.html",
        title="Approvals",
        at_hand=at_hand,
        who=who,
        waiting=[(_document(at_hand, each), _obstacle(at_hand, each, who)) for each in waiting],
        has_provider=request.app.state.oidc is not None,
        others=[_document(at_hand, each) for each in (*usable, *ended)],
    )


@router.post("/approvals")
def decide(
    who: Annotated[Principal, form_requires(Permission.APPROVAL_DECIDE)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    form: Annotated[DecisionForm, strict_form(DecisionForm)],
) -> Response:
    """Approve or reject, or put the refused try on record; then lead to the list."""
    approves = form.verdict == "approve"
    decided(at_hand, form.approval_id, form.reason, who=who, request=request, approves=approves)
    return lead_to(request, "/approvals")


@router.post("/approvals/repairs")
def ask_for_repair(
    who: Annotated[Principal, form_requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    order: Annotated[RepairRequestBody, strict_form(RepairRequestBody)],
) -> Response:
    """Ask for a second person for a repair, and lead to the list."""
    request_repair(who, at_hand, order)
    return lead_to(request, "/approvals")


@router.post("/approvals/undos")
def ask_for_undo(
    who: Annotated[Principal, form_requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    order: Annotated[UndoBody, strict_form(UndoBody)],
) -> Response:
    """Ask for a second person for an undo, and lead to the list."""
    request_undo(who, at_hand, order)
    return lead_to(request, "/approvals")


@router.post("/approvals/exemptions")
def ask_for_exemption(
    who: Annotated[Principal, form_requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    order: Annotated[ExemptionBody, strict_form(ExemptionBody)],
) -> Response:
    """Ask for a second person for an exemption, and lead to the list."""
    request_exemption(who, at_hand, order)
    return lead_to(request, "/approvals")


def _document(at_hand: Services, approval: Approval) -> dict[str, object]:
    return approvals.approval_document(approval, now=at_hand.clock())


def _obstacle(at_hand: Services, approval: Approval, who: Principal) -> approvals.DecisionRefused | None:
    """Why this person cannot approve it now; None where they can."""
    caller = approvals.ApprovalCaller(actor=who.actor, proven_at=who.proven_at)
    return approvals.find_obstacle(approval, caller, config=at_hand.config, store=at_hand.store, now=at_hand.clock())
