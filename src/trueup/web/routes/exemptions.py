"""Exemptions: listed, added, taken back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from starlette.responses import Response

from trueup.actions.audit import takes_plan
from trueup.actions.exemptions import exempt
from trueup.formats.wording import exact, instant
from trueup.model.relations import Exemption as Exempted
from trueup.store import AlreadyExempted, StoredExemption
from trueup.web.access import Permission, Principal, requires
from trueup.web.problems import Problem
from trueup.web.routes.answers.administration import Exemption, Exemptions
from trueup.web.routes.answers.problems import problems
from trueup.web.routes.lookups import find_check
from trueup.web.routes.parameters import CheckIdPath, IssueIdPath, PlanPath
from trueup.web.routes.redaction import without_addresses
from trueup.web.routes.request_bodies import ExemptionBody
from trueup.web.services import Services, services
from trueup.web.strict import strict_json

router = APIRouter(prefix="/api/v1/exemptions", tags=["exemptions"])

NO_SUCH_CHECK = "There is no such check."
NO_SUCH_PLAN = "There is no such plan."
NO_SUCH_CHECK_OR_PLAN = "There is no such check, or no such plan."
NO_SUCH_EXEMPTION = "There is no such exemption."
IN_THE_CONFIG = "It stands in the config, and is taken out there."


@router.get("")
def list_exemptions(
    who: Annotated[Principal, requires(Permission.EXEMPTION_READ)],
    at_hand: Annotated[Services, Depends(services)],
) -> Exemptions:
    """Every exemption that holds or has expired: the store's, and the config's where the store has no other."""
    today = at_hand.clock().date()
    stored = at_hand.store.exemptions.list(at_hand.config.environment)
    taken = {made.exemption.scope for made in stored}
    configured = [made for made in at_hand.config.exemptions if made.scope not in taken]
    found = [_stored(made, today) for made in stored] + [_configured(made, today) for made in configured]
    found.sort(key=lambda made: (made.check, made.plan or "", made.subject or ""))
    if not who.may(Permission.EVIDENCE_READ):
        found = [Exemption.model_validate(without_addresses(made.model_dump())) for made in found]
    return Exemptions(exemptions=found)


@router.post(
    "",
    status_code=201,
    responses=problems({404: NO_SUCH_CHECK_OR_PLAN, 409: "It is exempted already, or it could exempt nothing."}),
)
def add_exemption(
    who: Annotated[Principal, requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[ExemptionBody, strict_json(ExemptionBody)],
) -> Exemption:
    """Accept a finding, or a check's findings about one plan: they stay in reports, alert nobody, are not repaired.

    From the next audit on.
    """
    now = at_hand.clock()
    _refuse_unknown(at_hand, order)
    if order.expires < now.date():
        raise Problem(409, "An exemption that has ended already exempts nothing; give a day to come.")
    try:
        made = exempt(
            store=at_hand.store,
            config=at_hand.config,
            catalogue=at_hand.catalogue,
            check=order.check,
            subject=order.subject or None,
            plan=order.plan or None,
            owner=order.owner,
            reason=order.reason,
            expires_at=order.expires,
            actor=who.actor,
            now=now,
        )
    except AlreadyExempted:
        raise Problem(
            409, "An exemption stands for this check and this subject or plan; take that one back first."
        ) from None
    return _stored(made, now.date())


def _refuse_unknown(at_hand: Services, order: ExemptionBody) -> None:
    check = find_check(at_hand.catalogue, order.check)
    if check is None:
        raise Problem(404, NO_SUCH_CHECK)
    if order.plan and order.plan not in {one.plan for one in at_hand.config.plans}:
        raise Problem(404, NO_SUCH_PLAN)
    if order.plan and not takes_plan(check):
        raise Problem(409, "This check finds things that are about no account; name a subject.")


@router.delete(
    "/plans/{plan}/{check_id}",
    status_code=204,
    response_class=Response,
    responses=problems({404: NO_SUCH_EXEMPTION, 409: IN_THE_CONFIG}),
)
def remove_plan_exemption(
    who: Annotated[Principal, requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    plan: PlanPath,
    check_id: CheckIdPath,
) -> None:
    """Take back the exemption of a plan from a check. A record of it stays."""
    _taken_back(at_hand, Exempted(check_id=check_id, plan=plan), who)


@router.delete(
    "/{issue_id:path}",
    status_code=204,
    response_class=Response,
    responses=problems({404: NO_SUCH_EXEMPTION, 409: IN_THE_CONFIG}),
)
def remove_exemption(
    who: Annotated[Principal, requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    issue_id: IssueIdPath,
) -> None:
    """Take back the exemption of a subject, named like its issue. A record of it stays."""
    check, _, subject = issue_id.partition(":")
    _taken_back(at_hand, Exempted(check_id=check, subject=subject), who)


def _taken_back(at_hand: Services, exempted: Exempted, who: Principal) -> None:
    """Raises ``Problem`` where the store holds no such exemption."""
    environment = at_hand.config.environment
    if at_hand.store.exemptions.remove(exempted, environment=environment, removed_by=who.actor, now=at_hand.clock()):
        return
    if any(made.scope == exempted.scope for made in at_hand.config.exemptions):
        raise Problem(409, "This exemption stands in the config; take it out there.")
    raise Problem(404, NO_SUCH_EXEMPTION)


def _stored(made: StoredExemption, today: date) -> Exemption:
    return _shown(
        made.exemption, today, source="store", created_by=exact(made.created_by), created_at=instant(made.created_at)
    )


def _configured(made: Exempted, today: date) -> Exemption:
    return _shown(made, today, source="config", created_by=None, created_at=None)


def _shown(
    made: Exempted,
    today: date,
    *,
    source: Literal["config", "store"],
    created_by: str | None,
    created_at: str | None,
) -> Exemption:
    return Exemption(
        check=made.check_id,
        subject=None if made.subject is None else exact(made.subject),
        plan=None if made.plan is None else exact(made.plan),
        owner=exact(made.owner),
        reason=exact(made.reason),
        expires=made.expires_at.isoformat() if made.expires_at else None,
        expired=made.expires_at is not None and made.expires_at < today,
        source=source,
        created_by=created_by,
        created_at=created_at,
    )
