"""What a reader does from the console: audit, preview and repair, exempt, end an exemption. Forms need no scripts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from trueup.actions.approvals import find_undo_approval
from trueup.actions.serve import AuditUnderway
from trueup.model.relations import Exemption
from trueup.web import text
from trueup.web.access import Permission, Principal, form_requires, page_requires, strict_form
from trueup.web.console.rendering import lead_to, render
from trueup.web.console.wording import path_part
from trueup.web.routes.exemptions import add_exemption, take_back
from trueup.web.routes.query_types import Text
from trueup.web.routes.repairing import applied, previewed, previewed_undo, undone
from trueup.web.routes.request_bodies import ExemptionBody, RepairBody, RequestBody, ScopeBody, UndoBody
from trueup.web.routes.waiting import started_run
from trueup.web.services import Services, services

router = APIRouter(include_in_schema=False)

AUDIT_WAIT_SECONDS = 2.0
"""How long a browser waits for its audit before it is led to the list of runs, which follows it."""

IssueQuery = Annotated[str, Text(text.ISSUE_ID), Query(alias="issue")]
CheckQuery = Annotated[str, Text(text.CHECK_ID), Query(alias="check")]
SubjectQuery = Annotated[str, Text(text.SUBJECT), Query(alias="subject")]
PlanQuery = Annotated[str, Text(text.SUBJECT), Query(alias="plan")]

RepairQuery = Annotated[str, Text(text.RUN_ID), Query(alias="repair")]


class AuditForm(RequestBody):
    """A button and nothing to fill in."""


@router.post("/runs")
async def run_audit(
    _who: Annotated[Principal, form_requires(Permission.AUDIT_START)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    _form: Annotated[AuditForm, strict_form(AuditForm)],
) -> Response:
    """Audit now, and lead to the run; to the list of runs where the audit takes longer than a browser waits."""
    await run_in_threadpool(lambda: at_hand.runs)  # the store may have to be opened
    period_days, now = at_hand.config.policy.period_days, at_hand.clock()
    try:
        run = await started_run(at_hand, period_days, 0, asked_at=now, wait_seconds=AUDIT_WAIT_SECONDS)
    except AuditUnderway:
        return lead_to(request, "/runs")
    return lead_to(request, f"/runs/{run.run_id}")


@router.get("/repair")
def preview_repair(
    who: Annotated[Principal, page_requires(Permission.REPAIR_PREVIEW)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    issue: IssueQuery,
) -> HTMLResponse:
    """Render what a repair would write now, with the form that applies exactly this."""
    plan = previewed(at_hand, issue)
    return render(request, "repair.html", title=f"Repair {issue}", at_hand=at_hand, who=who, plan=plan, issue=issue)


@router.post("/repair")
def apply_repair(
    who: Annotated[Principal, form_requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    order: Annotated[RepairBody, strict_form(RepairBody)],
) -> Response:
    """Apply exactly the change that was previewed, and lead to the finding."""
    done = applied(at_hand, order, who=who, request=request, idempotency_key=None)
    return lead_to(request, f"/findings/{path_part(order.issue_id)}", repaired=done.journal_seq)


@router.get("/undo")
def preview_undo(
    who: Annotated[Principal, page_requires(Permission.REPAIR_PREVIEW)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    repair_id: RepairQuery,
) -> HTMLResponse:
    """Render what undoing a repair would write now, with the form that asks for it, or does it once approved."""
    plan = previewed_undo(at_hand, repair_id)
    approval = find_undo_approval(repair_id, store=at_hand.store, config=at_hand.config, now=at_hand.clock())
    return render(
        request,
        "undo.html",
        title=f"Undo the repair of {plan.issue_id}",
        at_hand=at_hand,
        who=who,
        plan=plan,
        repair_id=repair_id,
        is_approved=approval is not None and approval.plan_hash == plan.plan_hash,
    )


@router.post("/undo")
def apply_undo(
    who: Annotated[Principal, form_requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    order: Annotated[UndoBody, strict_form(UndoBody)],
) -> Response:
    """Undo the repair as it was approved, and lead to the finding, which is there again."""
    done = undone(at_hand, order, who=who, request=request)
    return lead_to(request, f"/findings/{path_part(done.issue_id)}")


@router.post("/exemptions")
def exempt_finding(
    who: Annotated[Principal, form_requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    order: Annotated[ExemptionBody, strict_form(ExemptionBody)],
) -> Response:
    """Accept a finding until a day, and lead to the list of exemptions."""
    add_exemption(who, at_hand, order)
    return lead_to(request, "/exemptions", added=f"{order.check}:{order.subject or order.plan}")


@router.get("/exemptions/end")
def confirm_end(
    who: Annotated[Principal, page_requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    check: CheckQuery,
    subject: SubjectQuery = "",
    plan: PlanQuery = "",
) -> HTMLResponse:
    """Render what ending an exemption means, with the form that ends it."""
    scope = {"check": check, "subject": subject, "plan": plan}
    return render(request, "exemption_end.html", title="End an exemption", at_hand=at_hand, who=who, scope=scope)


@router.post("/exemptions/end")
def end_exemption(
    who: Annotated[Principal, form_requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    order: Annotated[ScopeBody, strict_form(ScopeBody)],
) -> Response:
    """End the exemption, and lead to the list of exemptions."""
    take_back(at_hand, Exemption(check_id=order.check, subject=order.subject or None, plan=order.plan or None), who)
    return lead_to(request, "/exemptions")
