"""Routes for tests of what surrounds every route: one that reads a body, one that fails in each way."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.web.access import Authenticate, Permission, Principal, Role, requires
from trueup.web.app import assembled
from trueup.web.services import Services
from trueup.web.strict import Body, strict_json

SECRET = "hunter2-in-a-failure"


class Colour(enum.StrEnum):
    """A closed set."""

    RED = "red"


class Order(Body):
    """A body with a field of each kind that a route has."""

    name: str = Field(min_length=1, max_length=20, pattern=r"^[a-z]+$")
    count: int = Field(default=1, ge=1, le=9)
    day: dt.date | None = None
    colour: Colour | None = None
    sure: bool = False
    parts: list[str] = Field(default_factory=list, max_length=2)


router = APIRouter()


@router.post("/orders/{number}")
def order(
    who: Annotated[Principal, requires(Permission.REPAIR_APPLY)],
    number: int,
    body: Annotated[Order, strict_json(Order)],
) -> dict[str, object]:
    """Answer what was understood."""
    return {"number": number, "actor": who.actor, "order": body.model_dump(mode="json")}


@router.get("/orders/{number}", dependencies=[requires(Permission.RUN_READ)])
def look(number: int, limit: Annotated[int, Query(ge=1)] = 10) -> dict[str, int]:
    """A route with a query parameter."""
    return {"number": number, "limit": limit}


@router.get("/fail/{how}", dependencies=[requires(Permission.RUN_READ)])
def fail(how: str) -> StreamingResponse:
    """Fail."""
    match how:
        case "bug":
            raise ZeroDivisionError(f"postgresql://app:{SECRET}@db/app SELECT 1/0")
        case "config":
            raise ConfigurationError(f"database.url holds postgresql://app:{SECRET}@db/app.")
        case "source":
            raise SourceUnavailable(f"postgresql://app:{SECRET}@db/app hung up.")
        case "framework":
            raise HTTPException(418, f"password={SECRET}")
        case "answer":
            return object()  # type: ignore[return-value]  # a bug of the route
        case _:
            return StreamingResponse(_broken())


def _broken() -> Iterator[bytes]:
    yield b"{"
    raise ZeroDivisionError(f"password={SECRET}")


def everybody(role: Role) -> Authenticate:
    """An embedding app's word: whoever asks has this role."""
    return lambda _request: Principal(actor="embedded:somebody", role=role)


def app_of(services: Services, *routers: APIRouter, role: Role | None = Role.SUPER_ADMIN) -> FastAPI:
    """An app of these routes in which everybody has ``role``, or nobody may come in."""
    return assembled(
        services, verifiers=(), authenticate=everybody(role) if role else None, routers=routers or (router,)
    )
