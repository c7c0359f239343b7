"""The caller of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from trueup.model.access import Role
from trueup.web.access.permissions import ROLES, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller whose identity was proven.

    ``actor`` is the caller's name in the journal: ``token:<id>``, ``jwt:<sub>``, or the name that an embedding app
    gives, ``embedded:<name>``.
    """

    actor: str
    role: Role

    def may(self, permission: Permission) -> bool:
        """Whether the caller's role grants this permission."""
        return permission in ROLES[self.role]


Authenticate = Callable[[Request], Principal | Awaitable[Principal | None] | None]
"""The caller of this request; None when it names none, or one that cannot be proven.

A plain function runs in a thread, so it may block; a coroutine function runs in the event loop.
"""
