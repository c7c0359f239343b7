"""Findings: list, filter, and show one in full."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from trueup.actions.runs import Sort
from trueup.web.access import Permission, Principal, requires
from trueup.web.problems import Problem
from trueup.web.routes.answers.findings import FindingInFull, FindingPage
from trueup.web.routes.answers.problems import NO_SUCH_ISSUE, NO_SUCH_RUN, problems
from trueup.web.routes.explaining import in_full
from trueup.web.routes.listing import Filters, listed
from trueup.web.routes.lookups import find_check_of_issue, find_finding
from trueup.web.routes.parameters import (
    AlertsFilter,
    CategoryFilter,
    CheckFilter,
    Cursor,
    ExemptedFilter,
    FindingSort,
    IssueIdPath,
    Limit,
    RepairableFilter,
    RevenueFilter,
    RunFilter,
    SeverityFilter,
    StateFilter,
    SubjectFilter,
)
from trueup.web.services import Services, services

router = APIRouter(prefix="/api/v1", tags=["findings"])

FINDINGS_AT_ONCE = 100


def _filters(
    run_id: RunFilter = None,
    severity: SeverityFilter = None,
    category: CategoryFilter = None,
    check: CheckFilter = None,
    subject: SubjectFilter = None,
    state: StateFilter = None,
    repairable: RepairableFilter = None,
    revenue_impacting: RevenueFilter = None,
    alerts: AlertsFilter = None,
    exempted: ExemptedFilter = None,
    sort: FindingSort = Sort.SEVERITY,
) -> Filters:
    return Filters(
        run_id=run_id,
        severity=severity,
        category=category,
        check=check,
        subject=subject,
        state=state,
        repairable=repairable,
        revenue_impacting=revenue_impacting,
        alerts=alerts,
        exempted=exempted,
        sort=sort,
    )


@router.get("/findings", response_model=FindingPage, responses=problems({404: NO_SUCH_RUN}))
def list_findings(
    who: Annotated[Principal, requires(Permission.FINDING_READ)],
    at_hand: Annotated[Services, Depends(services)],
    filters: Annotated[Filters, Depends(_filters)],
    limit: Limit = FINDINGS_AT_ONCE,
    cursor: Cursor = None,
) -> Response:
    """The findings of one run, by default of the newest.

    A cursor continues through the same run, even if another audit runs meanwhile. Without `evidence:read`, e-mail
    addresses and the text of evidence are masked.
    """
    body = listed(at_hand, filters, limit=limit, cursor=cursor, masked=not who.may(Permission.EVIDENCE_READ))
    return Response(body, media_type="application/json")


@router.get("/findings/{issue_id:path}", responses=problems({404: NO_SUCH_ISSUE}))
def read_finding(
    who: Annotated[Principal, requires(Permission.FINDING_READ)],
    at_hand: Annotated[Services, Depends(services)],
    issue_id: IssueIdPath,
) -> FindingInFull:
    """One finding: its evidence, its history, and its account's ledger as the database has it now.

    Without `evidence:read` it is masked as in the list, and the database is not read.
    """
    check = find_check_of_issue(at_hand, issue_id)
    stored = find_finding(at_hand, issue_id)
    if stored is None:
        raise Problem(404, NO_SUCH_ISSUE)
    return in_full(at_hand, check, stored, masked=not who.may(Permission.EVIDENCE_READ))
