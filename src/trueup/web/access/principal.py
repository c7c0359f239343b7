"""Who is asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from trueup.model.access import Role
from trueup.web.access.permissions import ROLES, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody whose identity was proven. ``actor`` is what the journal says of them: ``token:<id>``, ``jwt:<sub>``,
    or what an embedding app calls them, ``embedded:<name>``.
    """

    actor: str
    role: Role

    def may(self, permission: Permission) -> bool:
        """Whether the role grants it."""
        return permission in ROLES[self.role]


Authenticate = Callable[[Request], Principal | Awaitable[Principal | None] | None]
"""Who sent this request; None when it does not say, or says what cannot be proven.

A plain function runs in a thread, so it may wait; a coroutine function runs in the event loop.
"""
