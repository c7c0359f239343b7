"""Exemptions: list, add, remove."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from trueup.actions import exemptions
from trueup.actions.audit import takes_plan
from trueup.model.relations import Exemption as Exempted
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
IN_THE_CONFIG = "It is in the config; remove it there."


@router.get("")
def list_exemptions(
    who: Annotated[Principal, requires(Permission.EXEMPTION_READ)],
    at_hand: Annotated[Services, Depends(services)],
) -> Exemptions:
    """Every exemption that holds or has expired: the store's, and the config's where the store has none for it."""
    listed = exemptions.list_exemptions(at_hand.config, at_hand.store, today=at_hand.clock().date())
    document = exemptions.exemptions_document(listed)
    return Exemptions.model_validate(document if who.may(Permission.EVIDENCE_READ) else without_addresses(document))


@router.post(
    "",
    status_code=201,
    responses=problems(
        {404: NO_SUCH_CHECK_OR_PLAN, 409: "It is already exempted, or the exemption would exempt nothing."}
    ),
)
def add_exemption(
    who: Annotated[Principal, requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[ExemptionBody, strict_json(ExemptionBody)],
) -> Exemption:
    """Accept a finding, or a check's findings about one plan: they stay in reports, do not alert, are not repaired.

    It holds from the next audit on.
    """
    now = at_hand.clock()
    refuse_unknown(at_hand, order)
    try:
        stored = exemptions.exempt(
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
    except exemptions.AlreadyExempted:
        raise Problem(
            409, "There already is an exemption of this subject or plan from this check; remove that one first."
        ) from None
    except (exemptions.NeedsApproval, exemptions.ApprovalGone) as error:
        raise Problem(422, f"{error} Ask for it with POST /api/v1/approval-requests/exemptions.") from None
    listed = exemptions.listed_exemption(stored.exemption, stored, today=now.date())
    return Exemption.model_validate(exemptions.exemption_document(listed))


def refuse_unknown(at_hand: Services, order: ExemptionBody) -> None:
    """Raises ``Problem`` for a check or a plan that does not exist, and for an end that has passed."""
    check = find_check(at_hand.catalogue, order.check)
    if check is None:
        raise Problem(404, NO_SUCH_CHECK)
    if order.plan and order.plan not in {plan.plan for plan in at_hand.config.plans}:
        raise Problem(404, NO_SUCH_PLAN)
    if order.plan and not takes_plan(check):
        raise Problem(409, "This check has findings that are about no account; name a subject.")
    if order.expires < at_hand.clock().date():
        raise Problem(409, "An exemption that has already ended exempts nothing; give a day in the future.")


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
    """Remove the exemption of a plan from a check. A record of it stays."""
    take_back(at_hand, Exempted(check_id=check_id, plan=plan), who)


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
    """Remove the exemption of a subject, named like its issue. A record of it stays."""
    check, _, subject = issue_id.partition(":")
    take_back(at_hand, Exempted(check_id=check, subject=subject), who)


def take_back(at_hand: Services, scope: Exempted, who: Principal) -> None:
    """End the exemption of this scope. Raises ``Problem`` where the store holds no such exemption."""
    try:
        exemptions.end_exemption(
            store=at_hand.store,
            environment=at_hand.config.environment,
            check=scope.check_id,
            subject=scope.subject,
            plan=scope.plan,
            actor=who.actor,
            now=at_hand.clock(),
        )
    except exemptions.UnknownExemption:
        if any(exemption.scope == scope.scope for exemption in at_hand.config.exemptions):
            raise Problem(409, "This exemption is in the config; remove it there.") from None
        raise Problem(404, NO_SUCH_EXEMPTION) from None
