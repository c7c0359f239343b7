"""Access: every route names the permission that it needs, and what was not granted is denied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Depends
from starlette.requests import Request

from trueup.model.access import Role
from trueup.web.access.doorkeeper import Doorkeeper
from trueup.web.access.permissions import ANYONE, Permission
from trueup.web.access.principal import Authenticate, Principal

__all__ = ["Authenticate", "Permission", "Principal", "Requirement", "Role", "requires"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A route's first dependency: it checks the caller's permission before anything else of the request is read."""

    permission: Permission

    async def __call__(self, request: Request) -> Principal | None:
        """The caller; None where the route needs no identity. Raises ``Problem``."""
        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        doorkeeper.check_form(request)
        if self.permission in ANYONE:
            return None
        return await doorkeeper.admit(request, self.permission)


def requires(permission: Permission) -> Any:
    """The dependency that every route has first: ``who: Annotated[Principal, requires(Permission.RUN_READ)]``."""
    return Depends(Requirement(permission))
