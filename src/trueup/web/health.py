"""``/`` for a person, ``/healthz`` for the supervisor that restarts the process, ``/readyz`` for the balancer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from trueup import __version__
from trueup.actions.runs import newest_complete_run
from trueup.web.access import Door, Permission, Requirement, requires
from trueup.web.console.overview import show_overview
from trueup.web.console.rendering import wants_page
from trueup.web.problems import Problem
from trueup.web.services import Services, services

router = APIRouter(tags=["health"])

RETRY_SECONDS = 5


class Entrance(BaseModel):
    """What answers here, and where to go on. The paths are relative to this one."""

    name: str = "trueup"
    version: str = __version__
    links: dict[str, str] = {
        "health": "healthz",
        "ready": "readyz",
        "openapi": "openapi.json",
        "report": "api/admin/billing-assurance",
    }
    documentation: str = "docs/operate.md of the repository; a call needs a token: `trueup token create`"


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Ready(BaseModel):
    """Requests may be sent. ``lastAuditAgeSeconds`` is of the newest complete audit; null when there is none."""

    status: str = "ready"
    lastAuditAgeSeconds: int | None  # noqa: N815 - JSON's name


@router.get("/", dependencies=[requires(Permission.HEALTH_READ)], response_model=Entrance)
async def entrance(request: Request, at_hand: Annotated[Services, Depends(services)]) -> Response:
    """Name what answers here, and the paths to go on with. A browser gets the console's overview instead."""
    if not wants_page(request):
        return JSONResponse(Entrance().model_dump(), headers={"Vary": "Accept"})
    who = await Requirement(Permission.RUN_READ, Door.PAGE)(request)
    assert who is not None  # noqa: S101 - only a route that anyone may ask for has no caller
    return await run_in_threadpool(show_overview, request, at_hand, who)


@router.get("/healthz", dependencies=[requires(Permission.HEALTH_READ)])
async def healthz() -> Health:
    """Whether the process answers at all. It asks no other system."""
    return Health()


@router.get("/readyz", dependencies=[requires(Permission.HEALTH_READ)])
def readyz(at_hand: Annotated[Services, Depends(services)]) -> Ready:
    """Whether requests should be sent here: 503 while the server stops, or while the store cannot be used.

    A store that is reached has been migrated: opening it migrates it, or fails.
    """
    if at_hand.stopping.is_set():
        headers = {"Retry-After": str(RETRY_SECONDS)}
        raise Problem(503, "The server is stopping.", headers=headers)
    newest = newest_complete_run(at_hand.store, at_hand.config)
    age = (at_hand.clock() - newest.generated_at).total_seconds() if newest else None
    return Ready(lastAuditAgeSeconds=max(0, round(age)) if age is not None else None)
