"""Deny by default: a route that does not declare its permission first keeps the whole app from being made."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from tests.support.routes import app_of
from trueup.model.errors import ConfigurationError
from trueup.web.access import Permission, Principal, requires
from trueup.web.services import Services


class Loose(BaseModel):
    """A body that the framework would read."""

    name: str


def looked(request: Request) -> str:
    """What looks at a request."""
    return request.method


def refused(services: Services, router: APIRouter, match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        app_of(services, router)


def test_a_route_without_a_permission_is_refused(services: Services) -> None:
    router = APIRouter()

    @router.get("/open")
    def opened() -> str:
        return "to everybody"

    refused(services, router, r"/open does not declare its permission first")


def test_a_route_of_a_router_s_router_is_seen_too(services: Services) -> None:
    inner, outer = APIRouter(), APIRouter(prefix="/outer")

    @inner.get("/open")
    def opened() -> str:
        return "to everybody"

    outer.include_router(inner, prefix="/inner")
    refused(services, outer, r"/outer/inner/open")


def test_a_plain_route_and_a_mount_are_refused(services: Services) -> None:
    def page(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("to everybody")

    plain, mounted = APIRouter(), APIRouter()
    plain.add_route("/plain", page)
    refused(services, plain, r"/plain")
    mounted.mount("/files", PlainTextResponse("to everybody"))
    refused(services, mounted, r"/files")


def test_what_comes_before_the_permission_is_refused(services: Services) -> None:
    """Nothing of a request is looked at before it is known who sends it."""
    router = APIRouter()

    @router.get("/late")
    def late(seen: Annotated[str, Depends(looked)], who: Annotated[Principal, requires(Permission.RUN_READ)]) -> str:
        return f"{who.actor} {seen}"

    refused(services, router, r"/late does not declare its permission first")


def test_two_permissions_are_refused(services: Services) -> None:
    router = APIRouter(dependencies=[requires(Permission.HEALTH_READ)])

    @router.get("/two", dependencies=[requires(Permission.TOKEN_MANAGE)])
    def two() -> str:
        return "which?"

    refused(services, router, r"/two declares several permissions")


def test_a_body_that_the_framework_reads_is_refused(services: Services) -> None:
    router = APIRouter()

    @router.post("/loose", dependencies=[requires(Permission.REPAIR_APPLY)])
    def loose(body: Annotated[Loose, Body()]) -> str:
        return body.name

    refused(services, router, r"/loose reads its body without strict checks")


def test_a_permission_of_the_whole_router_is_enough(services: Services) -> None:
    router = APIRouter(dependencies=[requires(Permission.RUN_READ)])

    @router.get("/fine")
    def fine() -> str:
        return "fine"

    assert [r.permission for r in app_of(services, router).state.routes if r.path == "/fine"] == [Permission.RUN_READ]
