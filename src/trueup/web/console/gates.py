"""Plan gates: what each plan should get, what it gets, and what was accepted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse

from trueup.actions.runs import head_now, newest_run
from trueup.config.gate_lock import read_lock
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Area
from trueup.model.guardrail import REPLAY
from trueup.web.access import Permission, Principal, page_requires
from trueup.web.console.rendering import render
from trueup.web.logs import logger
from trueup.web.routes.redaction import without_addresses
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
