"""The caller of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request

from trueup.model.access import Role
from trueup.web.access.permissions import ROLES, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller whose identity was proven.

    ``actor`` is the caller's name in the journal: ``token:<id>``, ``jwt:<sub>``, or the name that an embedding app
    gives, ``embedded:<name>``. ``proven_at`` is when the identity was last proven, naive UTC: the moment of the
    sign-in, or when the token was made. ``session_id`` names the browser's session; None for every other credential.
    """

    actor: str
    role: Role
    proven_at: datetime | None = None
    session_id: str | None = field(default=None, repr=False)

    @property
    def form_binding(self) -> str:
        """The name that the hidden tokens of this caller's forms are bound to."""
        return f"session:{self.session_id}" if self.session_id else f"actor:{self.actor}"

    def may(self, permission: Permission) -> bool:
        """Whether the caller's role grants this permission."""
        return permission in ROLES[self.role]


Authenticate = Callable[[Request], Principal | Awaitable[Principal | None] | None]
"""The caller of this request; None when it names none, or one that cannot be proven.

A plain function runs in a thread, so it may block; a coroutine function runs in the event loop.
"""
