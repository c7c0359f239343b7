"""A route's first dependency: it says who may come in, and by which of three ways."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from fastapi import Depends
from starlette.requests import Request

from trueup.web.access.doorkeeper import Doorkeeper
from trueup.web.access.own_address import own_path, refuse_foreign_page
from trueup.web.access.permissions import ANYONE, Permission
from trueup.web.access.principal import Principal
from trueup.web.notes import notes
from trueup.web.problems import Problem, SeeOther
from trueup.web.strict import refuse_other_forms, refuse_other_media

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
UNAUTHENTICATED = 401


class Door(StrEnum):
    """The ways in."""

    API = "api"
    """A program: JSON, and problems as JSON."""
    PAGE = "page"
    """A person who reads a page; without a session the answer leads to the sign-in page."""
    FORM = "form"
    """A person who sends a form of such a page."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A route's first dependency: it checks the caller's permission before anything else of the request is read."""

    permission: Permission
    door: Door = Door.API

    async def __call__(self, request: Request) -> Principal | None:
        """The caller; None where the route needs no identity. Raises ``Problem``."""
        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        notes(request).is_page = self.door is not Door.API
        doorkeeper.check_form(request)
        if self.door is Door.FORM:
            refuse_foreign_page(request, doorkeeper.server)
            refuse_other_forms(request)
        elif request.method in WITH_BODY:
            refuse_other_media(request)
        if self.permission in ANYONE:
            return None
        return await self._admit(doorkeeper, request)

    async def _admit(self, doorkeeper: Doorkeeper, request: Request) -> Principal:
        try:
            principal = await doorkeeper.admit(request, self.permission)
        except Problem as problem:
            if self.door is not Door.API and problem.status == UNAUTHENTICATED:
                raise SeeOther(_sign_in_address(request)) from None
            raise
        notes(request).form_binding = principal.form_binding
        return principal


def requires(permission: Permission) -> Any:
    """The dependency that every route has first: ``who: Annotated[Principal, requires(Permission.RUN_READ)]``."""
    return Depends(Requirement(permission))


def page_requires(permission: Permission) -> Any:
    """The first dependency of a page: it yields the person, or leads to ``/sign-in?next=…`` and back."""
    return Depends(Requirement(permission, Door.PAGE))


def form_requires(permission: Permission) -> Any:
    """The first dependency of a route that takes a form; the form itself is read by ``strict_form(Model)``."""
    return Depends(Requirement(permission, Door.FORM))


def _sign_in_address(request: Request) -> str:
    """The sign-in page, which leads back to the page that was asked for; after a form it leads to the first page."""
    if request.method != "GET":
        return own_path(request, "/sign-in")
    query = request.url.query
    return f"{own_path(request, '/sign-in')}?next={quote(request.url.path + (f'?{query}' if query else ''), safe='/')}"
