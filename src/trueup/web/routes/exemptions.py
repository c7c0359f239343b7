"""Exemptions: listed, added, taken back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from starlette.responses import Response

from trueup.actions.exempt import exempt
from trueup.formats.wording import exact, instant
from trueup.model.relations import Exemption as ConfiguredExemption
from trueup.store import AlreadyExempted, StoredExemption
from trueup.web.access import Permission, Principal, requires
from trueup.web.problems import Problem
from trueup.web.routes.answers.administration import Exemption, Exemptions
from trueup.web.routes.answers.problems import problems
from trueup.web.routes.known import known_check
from trueup.web.routes.orders import ExemptionOrder
from trueup.web.routes.parameters import IssueIdPath
from trueup.web.routes.redaction import without_addresses
from trueup.web.services import Services, services
from trueup.web.strict import strict_json

router = APIRouter(prefix="/api/v1/exemptions", tags=["exemptions"])

NO_SUCH_CHECK = "There is no such check."
NO_SUCH_EXEMPTION = "There is no such exemption."


@router.get("")
def list_exemptions(
    who: Annotated[Principal, requires(Permission.EXEMPTION_READ)],
    at_hand: Annotated[Services, Depends(services)],
) -> Exemptions:
    """Every exemption that holds or has expired: the store's, and the config's where the store has no other."""
    today = at_hand.clock().date()
    stored = at_hand.store.exemptions.list(at_hand.config.environment)
    taken = {(made.check, made.subject) for made in stored}
    configured = [made for made in at_hand.config.exemptions if (made.check_id, made.subject) not in taken]
    found = [_stored(made, today) for made in stored] + [_configured(made, today) for made in configured]
    found.sort(key=lambda made: (made.check, made.subject))
    if not who.may(Permission.EVIDENCE_READ):
        found = [Exemption.model_validate(without_addresses(made.model_dump())) for made in found]
    return Exemptions(exemptions=found)


@router.post(
    "",
    status_code=201,
    responses=problems({404: NO_SUCH_CHECK, 409: "It is exempted already, or the day has passed."}),
)
def add_exemption(
    who: Annotated[Principal, requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[ExemptionOrder, strict_json(ExemptionOrder)],
) -> Exemption:
    """Accept a finding: it stays in reports, alerts nobody, and is not repaired. From the next audit on."""
    now = at_hand.clock()
    if known_check(at_hand.catalogue, order.check) is None:
        raise Problem(404, NO_SUCH_CHECK)
    if order.expires < now.date():
        raise Problem(409, "An exemption that has ended already exempts nothing; give a day to come.")
    try:
        made = exempt(
            store=at_hand.store,
            environment=at_hand.config.environment,
            catalogue=at_hand.catalogue,
            check=order.check,
            subject=order.subject,
            owner=order.owner,
            reason=order.reason,
            expires_at=order.expires,
            actor=who.actor,
            now=now,
        )
    except AlreadyExempted:
        raise Problem(409, "An exemption stands for this check and subject; take that one back first.") from None
    return _stored(made, now.date())


@router.delete(
    "/{issue_id:path}",
    status_code=204,
    response_class=Response,
    responses=problems({404: NO_SUCH_EXEMPTION, 409: "It stands in the config, and is taken out there."}),
)
def remove_exemption(
    who: Annotated[Principal, requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    issue_id: IssueIdPath,
) -> None:
    """Take an exemption back, named like its issue. A record of it stays."""
    check, _, subject = issue_id.partition(":")
    removed = at_hand.store.exemptions.remove(
        environment=at_hand.config.environment,
        check=check,
        subject=subject,
        removed_by=who.actor,
        now=at_hand.clock(),
    )
    if removed:
        return
    if any((made.check_id, made.subject) == (check, subject) for made in at_hand.config.exemptions):
        raise Problem(409, "This exemption stands in the config; take it out there.")
    raise Problem(404, NO_SUCH_EXEMPTION)


def _stored(made: StoredExemption, today: date) -> Exemption:
    return _shown(
        made.exemption, today, source="store", created_by=exact(made.created_by), created_at=instant(made.created_at)
    )


def _configured(made: ConfiguredExemption, today: date) -> Exemption:
    return _shown(made, today, source="config", created_by=None, created_at=None)


def _shown(
    made: ConfiguredExemption,
    today: date,
    *,
    source: Literal["config", "store"],
    created_by: str | None,
    created_at: str | None,
) -> Exemption:
    return Exemption(
        check=made.check_id,
        subject=exact(made.subject),
        owner=exact(made.owner),
        reason=exact(made.reason),
        expires=made.expires_at.isoformat() if made.expires_at else None,
        expired=made.expires_at is not None and made.expires_at < today,
        source=source,
        created_by=created_by,
        created_at=created_at,
    )
