"""The catalogue of checks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from trueup.model.check import Check
from trueup.model.policy import Policy
from trueup.web.access import Permission, Principal, requires
from trueup.web.problems import Problem
from trueup.web.routes.answers.administration import CheckExample, CheckInFull, CheckLine, Checks
from trueup.web.routes.answers.problems import problems
from trueup.web.routes.lookups import find_check
from trueup.web.routes.parameters import CheckIdPath
from trueup.web.services import Services, services

router = APIRouter(prefix="/api/v1/checks", tags=["checks"])

NO_SUCH_CHECK = "There is no such check."


@router.get("")
def list_checks(
    _who: Annotated[Principal, requires(Permission.CHECK_READ)],
    at_hand: Annotated[Services, Depends(services)],
) -> Checks:
    """Every check of this installation, your own included."""
    policy = at_hand.config.policy
    return Checks(checks=[CheckLine(**_line(check, policy)) for check in at_hand.catalogue])


@router.get("/{check_id}", responses=problems({404: NO_SUCH_CHECK}))
def read_check(
    _who: Annotated[Principal, requires(Permission.CHECK_READ)],
    at_hand: Annotated[Services, Depends(services)],
    check_id: CheckIdPath,
) -> CheckInFull:
    """One check with its SQL and its examples."""
    check = find_check(at_hand.catalogue, check_id)
    if check is None:
        raise Problem(404, NO_SUCH_CHECK)
    return CheckInFull(
        **_line(check, at_hand.config.policy),
        invariant=check.invariant,
        why=check.why,
        message=check.message,
        population=check.population.strip(),
        violations=check.violations.strip(),
        examples=[CheckExample(name=case.name, fires=list(case.fires)) for case in check.cases],
    )


def _line(check: Check, policy: Policy) -> dict[str, Any]:
    return {
        "id": check.id,
        "category": check.area,
        "severity": check.severity,
        "effective_severity": policy.severity.get(check.id, check.severity),
        "title": check.title,
        "revenue_impacting": check.revenue_impacting,
        "repairable": check.repair is not None,
    }
