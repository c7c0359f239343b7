"""The two calls of the contract: the report, and one repair."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from trueup.actions.serve import MAX_AGE_SECONDS
from trueup.formats.report_document import ReportDocument
from trueup.web.access import Permission, Principal, requires
from trueup.web.routes.answers.problems import NOT_REPAIRED
from trueup.web.routes.answers.repairs import RepairDone
from trueup.web.routes.parameters import (
    DEFAULT_LIMIT,
    Cursor,
    IdempotencyKey,
    IfNoneMatch,
    Limit,
    MaxAgeSeconds,
    PeriodDays,
)
from trueup.web.routes.repairing import applied
from trueup.web.routes.report_pages import PageRequest, find_stored_page, render_page
from trueup.web.routes.request_bodies import RepairBody
from trueup.web.routes.waiting import started_run
from trueup.web.services import Services, services
from trueup.web.strict import strict_json

router = APIRouter(tags=["contract"])

PATH = "/api/admin/billing-assurance"

_HEADERS: dict[str, Any] = {
    "ETag": {"description": "Identifies exactly these bytes.", "schema": {"type": "string"}},
    "Age": {"description": "The report's age in seconds.", "schema": {"type": "integer", "minimum": 0}},
    "Trueup-Report": {
        "description": "Whether a stored report is returned, or an audit was started for it.",
        "schema": {"type": "string", "enum": ["stored", "started"]},
    },
}


@router.get(
    PATH,
    dependencies=[requires(Permission.REPORT_READ)],
    response_model=ReportDocument,
    responses={
        200: {"headers": _HEADERS},
        304: {"description": "The caller already has these bytes.", "headers": _HEADERS},
    },
)
async def read_report(
    at_hand: Annotated[Services, Depends(services)],
    period_days: PeriodDays = None,
    max_age_seconds: MaxAgeSeconds = MAX_AGE_SECONDS,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The report of the newest audit that is young enough, or else of a new one.

    Issues are paged where there are many: `nextCursor` continues through the same run, even if another audit runs
    meanwhile, and `summary` always counts all issues.
    """
    wanted = PageRequest(
        period_days=period_days or at_hand.config.policy.period_days,
        period_is_given=period_days is not None,
        max_age_seconds=max_age_seconds,
        limit=limit,
        cursor=cursor,
        asked_at=at_hand.clock(),
    )
    page = await run_in_threadpool(find_stored_page, at_hand, wanted)
    if page is None:
        run = await started_run(at_hand, wanted.period_days, max_age_seconds, asked_at=wanted.asked_at)
        page = await run_in_threadpool(render_page, at_hand, run, limit, origin="started")
    return page.answer(if_none_match=if_none_match, now=at_hand.clock())


@router.post(PATH, responses=NOT_REPAIRED)
def repair_issue(
    who: Annotated[Principal, requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[RepairBody, strict_json(RepairBody)],
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> RepairDone:
    """Apply the repair of one issue, with its audit row and its journal row, in one transaction."""
    return applied(at_hand, order, who=who, request=request, idempotency_key=idempotency_key)
