"""Plan gates: what each plan should get, what it gets, and what was accepted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from trueup.actions import plan_gates
from trueup.actions.runs import head_now, newest_run
from trueup.config.gate_lock import read_lock
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Area
from trueup.model.guardrail import REPLAY
from trueup.model.source import Silent
from trueup.web import text
from trueup.web.access import Permission, Principal, form_requires, page_requires, strict_form
from trueup.web.console.rendering import lead_to, render
from trueup.web.logs import logger
from trueup.web.problems import Problem
from trueup.web.routes.redaction import without_addresses
from trueup.web.routes.request_bodies import Reason, RequestBody
from trueup.web.services import Services, services

if TYPE_CHECKING:
    from trueup.config.gate_lock import Lock

router = APIRouter(include_in_schema=False)

Gate = Mapping[str, Any]
"""One feature of one plan, as the report's JSON has it."""


@router.get("/gates")
def show_gates(
    who: Annotated[Principal, page_requires(Permission.RUN_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
) -> HTMLResponse:
    """Render the matrix of the newest run, and what was accepted last."""
    run = newest_run(at_hand.store, at_hand.config)
    gates: Sequence[Gate] = json.loads(run.head)["planGates"] if run is not None else ()
    lock, fault = _lock(at_hand)
    return render(
        request,
        "gates.html",
        title="Plan gates",
        at_hand=at_hand,
        who=who,
        run=run,
        features=list(dict.fromkeys(gate["feature"] for gate in gates)),
        plans=list(dict.fromkeys(gate["plan"] for gate in gates)),
        cells={(gate["feature"], gate["plan"]): gate for gate in gates},
        failed=sum(not gate["passed"] for gate in gates),
        lock=lock if who.may(Permission.EVIDENCE_READ) else None,
        fault=fault,
        is_configured=at_hand.config.gates is not None,
        area=Area.GATES.value,
    )


def _lock(at_hand: Services) -> tuple[Lock | None, str | None]:
    """The lock; or why it cannot be read."""
    settings = at_hand.config.gates
    if settings is None:
        return None, None
    try:
        return read_lock(settings.lock_file), None
    except ConfigurationError as error:
        logger().warning("cannot read the lock of the plan gates", reason=str(error))
        return None, "The lock file cannot be read; the server's log says more."


class AcceptanceForm(RequestBody):
    """Accept what was shown. ``digest`` is of exactly those answers."""

    digest: Annotated[str, Field(pattern=text.SHA256)]
    reason: Reason


@router.get("/gates/accept")
def look_at_gates(
    who: Annotated[Principal, page_requires(Permission.GATE_ACCEPT)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
) -> HTMLResponse:
    """Render what would be accepted, with the form that accepts exactly that. The gates are asked once a minute."""
    _refuse_without_gates(at_hand)
    now = at_hand.clock()
    looked, asked_at = at_hand.gate_answers.get(
        lambda: plan_gates.look(at_hand.config, checks=_catalogue(at_hand), now=now, progress=Silent()), now=now
    )
    return render(
        request,
        "gates_accept.html",
        title="Accept the plan gates",
        at_hand=at_hand,
        who=who,
        looked=looked,
        asked_at=asked_at,
    )


@router.post("/gates/accept")
def accept_gates(
    who: Annotated[Principal, form_requires(Permission.GATE_ACCEPT)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    form: Annotated[AcceptanceForm, strict_form(AcceptanceForm)],
) -> Response:
    """Accept what was shown, if every plan gate still answers so, and lead to the matrix."""
    _refuse_without_gates(at_hand)
    try:
        plan_gates.accept(
            at_hand.config,
            checks=_catalogue(at_hand),
            reason=form.reason,
            actor=who.actor,
            now=at_hand.clock(),
            progress=Silent(),
            digest=form.digest,
        )
    except plan_gates.GatesChanged:
        raise Problem(409, "The plan gates answer otherwise than they did when they were shown. Look again.") from None
    except plan_gates.GateUnanswered:
        raise Problem(503, "Not every plan gate could be asked, so nothing was accepted.") from None
    finally:
        at_hand.gate_answers.forget()
    return lead_to(request, "/gates")


def _refuse_without_gates(at_hand: Services) -> None:
    if at_hand.config.gates is None:
        raise Problem(404, "The config has no [gates] section, so there is nothing to accept.")


def _catalogue(at_hand: Services) -> tuple[Check, ...]:
    return tuple(at_hand.catalogue)


@router.get("/replays")
def show_replays(
    who: Annotated[Principal, page_requires(Permission.RUN_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
) -> HTMLResponse:
    """Render whether events may be replayed now, and why not."""
    run = newest_run(at_hand.store, at_hand.config)
    guardrail = None
    if run is not None:
        head = head_now(json.loads(run.head), run, now=at_hand.clock(), config=at_hand.config)
        head = head if who.may(Permission.EVIDENCE_READ) else without_addresses(head)
        guardrail = next((each for each in head["guardrails"] if each["id"] == REPLAY), None)
    return render(request, "replays.html", title="Replay", at_hand=at_hand, who=who, run=run, guardrail=guardrail)
