"""Turn a request into a repair, and its result into an answer."""

from __future__ import annotations

import re
from typing import Never

from starlette.requests import Request

from trueup.actions.approvals import repair_as_approved, undo_as_approved
from trueup.actions.exemptions import with_stored_exemptions
from trueup.actions.repair import UnknownRepair, counts_text, preview, preview_undo, value_text, values_text
from trueup.config import Config
from trueup.formats.wording import exact, instant
from trueup.model.repair import Applied, ChangedSince, Failed, PlannedRepair, Previewed, Refused, RepairResult, Stale
from trueup.web.access import Principal
from trueup.web.notes import request_id
from trueup.web.problems import FieldProblem, Problem
from trueup.web.routes.answers.problems import NO_SUCH_ISSUE
from trueup.web.routes.answers.repairs import Appended, RepairDone, RepairPlan, Replaced
from trueup.web.routes.lookups import find_check_of_issue, find_finding
from trueup.web.routes.request_bodies import RepairBody, UndoBody
from trueup.web.services import Services

RETRY_SECONDS = 2
NO_SUCH_REPAIR = "There is no such repair."

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+]*://\S*[^\s.,;:]")


def applied(
    at_hand: Services, order: RepairBody, *, who: Principal, request: Request, idempotency_key: str | None
) -> RepairDone:
    """Apply it. Raises ``Problem``: 404 unknown, 409 stale, 422 refused, 503 not now."""
    if len(request.headers.getlist("idempotency-key")) > 1:
        problem = FieldProblem(field="header.Idempotency-Key", problem="may be given once")
        raise Problem(422, "A header is not valid.", fields=[problem])
    config, is_known = place_for(at_hand, order.issue_id)
    # An issue that no run reported is looked for before it is tried: an attempt goes on record, and a key finds its
    # result.
    if not is_known and idempotency_key is None and isinstance(_looked_at(at_hand, config, order.issue_id), Stale):
        raise Problem(404, NO_SUCH_ISSUE)
    result = repair_as_approved(
        order.issue_id,
        reason=order.reason,
        actor=who.actor,
        config=config,
        catalogue=at_hand.catalogue,
        store=at_hand.store,
        now=at_hand.clock(),
        idempotency_key=idempotency_key,
        request_id=request_id(request),
        plan_hash=order.plan_hash,
        session=at_hand.repair_sessions.writing(config),
    )
    at_hand.meters.repair(result)
    return _done(result, is_known=is_known)


def undone(at_hand: Services, order: UndoBody, *, who: Principal, request: Request) -> RepairDone:
    """Undo a repair. Raises ``Problem`` as ``applied`` does."""
    config = repairing_config(at_hand)
    try:
        result = undo_as_approved(
            order.repair_id,
            reason=order.reason,
            actor=who.actor,
            config=config,
            catalogue=at_hand.catalogue,
            store=at_hand.store,
            now=at_hand.clock(),
            request_id=request_id(request),
            session=at_hand.repair_sessions.writing(config),
        )
    except UnknownRepair:
        raise Problem(404, NO_SUCH_REPAIR) from None
    at_hand.meters.repair(result)
    return _done(result, is_known=True)


def previewed(at_hand: Services, issue_id: str) -> RepairPlan:
    """Plan the repair. Raises ``Problem`` as ``applied`` does."""
    config, is_known = place_for(at_hand, issue_id)
    result = _looked_at(at_hand, config, issue_id)
    if not isinstance(result, PlannedRepair):
        refuse(result, is_known=is_known)
    return _plan(result)


def previewed_undo(at_hand: Services, repair_id: str) -> RepairPlan:
    """Plan the undo of a repair. Raises ``Problem`` as ``applied`` does."""
    config = repairing_config(at_hand)
    try:
        result = preview_undo(
            repair_id,
            config=config,
            catalogue=at_hand.catalogue,
            now=at_hand.clock(),
            session=at_hand.repair_sessions.writing(config),
        )
    except UnknownRepair:
        raise Problem(404, NO_SUCH_REPAIR) from None
    if not isinstance(result, PlannedRepair):
        refuse(result, is_known=True)
    return _plan(result)


def _plan(result: PlannedRepair) -> RepairPlan:
    change, cell = result.change, result.change.replace
    return RepairPlan(
        issue_id=exact(result.issue_id),
        check=exact(result.check),
        fingerprint=result.fingerprint,
        message=exact(result.message),
        kind=change.kind,
        summary=exact(change.summary),
        safe=change.safe,
        replace=Replaced(
            relation=cell.relation,
            row=cell.row_key,
            column=cell.column,
            old=value_text(cell.old),
            new=value_text(cell.new),
        )
        if cell
        else None,
        append=Appended(relation=change.append.relation, values=values_text(change.append.values)),
        proven=exact(result.proof.text) if result.proof else None,
        expected_writes={exact(table): counts for table, counts in counts_text(result.expected_writes).items()},
        plan_hash=result.plan_hash,
    )


def place_for(at_hand: Services, issue_id: str) -> tuple[Config, bool]:
    """The config with the exemptions that hold now, and whether the store knows the issue. Raises ``Problem``."""
    find_check_of_issue(at_hand, issue_id)
    is_known = find_finding(at_hand, issue_id) is not None
    if at_hand.config.repair_url is None and not is_known:
        raise Problem(404, NO_SUCH_ISSUE)
    return repairing_config(at_hand), is_known


def repairing_config(at_hand: Services) -> Config:
    """The config with the exemptions that hold now. Raises ``Problem`` where repairs are off."""
    if at_hand.config.repair_url is None:
        raise Problem(422, "Repairs are off: the config names no role that may repair (database.repair_url).")
    return with_stored_exemptions(at_hand.config, at_hand.store)


def _looked_at(at_hand: Services, config: Config, issue_id: str) -> PlannedRepair | Stale | Refused | Failed:
    return preview(
        issue_id,
        config=config,
        catalogue=at_hand.catalogue,
        now=at_hand.clock(),
        session=at_hand.repair_sessions.writing(config),
    )


def _done(result: RepairResult, *, is_known: bool) -> RepairDone:
    if not isinstance(result, (Applied, ChangedSince)):
        refuse(result, is_known=is_known)
    applied, differences = (result.applied, result.differences) if isinstance(result, ChangedSince) else (result, ())
    return RepairDone(
        result="changed_since" if differences else "applied",
        issue_id=exact(applied.issue_id),
        kind=applied.kind,
        summary=exact(applied.summary),
        repair_id=applied.repair_id,
        journal_seq=applied.journal_seq,
        plan_hash=applied.plan_hash,
        applied_at=instant(applied.applied_at),
        replayed=applied.replayed,
        changed_since=[reason_for_caller(difference) for difference in differences],
    )


def refuse(result: Stale | Refused | Failed | Previewed, *, is_known: bool) -> Never:
    """Raises the ``Problem`` of a repair that was not made."""
    match result:
        case Stale() if not is_known:
            raise Problem(404, NO_SUCH_ISSUE)
        case Stale(reason=reason):
            raise Problem(409, reason_for_caller(reason))
        case Refused(reason=reason, needs_approval=True):
            raise Problem(422, f"{reason_for_caller(reason)} Ask for it with POST /api/v1/approval-requests.")
        case Refused(reason=reason):
            raise Problem(422, reason_for_caller(reason))
        case Failed(reason=reason):
            raise Problem(503, reason_for_caller(reason), headers={"Retry-After": str(RETRY_SECONDS)})
        case Previewed():
            raise Problem(422, "It was tried and rolled back.")


def reason_for_caller(reason: str) -> str:
    """A reason for a caller: without secrets, and without the address of the database."""
    return _ADDRESS.sub("the database", exact(reason))
