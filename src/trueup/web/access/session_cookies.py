"""The cookie of a browser's session: which name it has at this address, what it proves, how it is set and removed.

Over HTTPS it is ``__Host-trueup``: no other host and no unencrypted page can set it. Without encryption there is a
cookie only on the server's own machine, under a plain name, because browsers refuse ``__Host-`` there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from trueup.actions.sign_in import SignInRefused, authenticate_session
from trueup.web.access.own_address import is_encrypted, is_own_machine
from trueup.web.access.principal import Principal
from trueup.web.access.verifying import Rejected
from trueup.web.services import Services

if TYPE_CHECKING:
    from trueup.actions.sign_in import NewSession

ENCRYPTED_NAME = "__Host-trueup"
PLAIN_NAME = "trueup-session"

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class SessionCookies:
    """Reads the session that a request's cookie names."""

    services: Services

    def read(self, request: Request) -> str | None:
        """The secret in the cookie; None without one, and with several that differ: one of them is not ours."""
        name = cookie_name(request, self.services)
        secret = read_cookie(request, name) if name is not None else None
        return secret if secret is not None and _SECRET.fullmatch(secret) else None

    def verify(self, secret: str) -> Principal | Rejected:
        """The person who signed in. Raises ``StoreUnavailable``."""
        session = authenticate_session(secret, store=self.services.store, now=self.services.clock())
        if isinstance(session, SignInRefused):
            return Rejected(reason=session.reason)
        return Principal(
            actor=session.actor, role=session.role, proven_at=session.proven_at, session_id=session.session_id
        )


def cookie_name(request: Request, services: Services) -> str | None:
    """The cookie's name at this address; None where no cookie is safe: neither encrypted nor on this machine."""
    if is_encrypted(request, services.config.server):
        return ENCRYPTED_NAME
    return PLAIN_NAME if is_own_machine(request) else None


def read_cookie(request: Request, name: str) -> str | None:
    """The value of a cookie; None without one, and with several that differ."""
    values = {value for key, value in _cookies(request) if key == name}
    return values.pop() if len(values) == 1 else None


def set_cookie(response: Response, session: NewSession, *, request: Request, services: Services) -> None:
    """Give the browser the session's cookie, which ends when the session does."""
    name = cookie_name(request, services)
    if name is not None:
        seconds = int((session.expires_at - services.clock()).total_seconds())
        _set(response, name, session.secret, seconds)


def remove_cookie(response: Response, *, request: Request, services: Services) -> None:
    """Have the browser forget the session's cookie."""
    name = cookie_name(request, services)
    if name is not None:
        _set(response, name, "", 0)


def _set(response: Response, name: str, value: str, seconds: int) -> None:
    is_secure = name == ENCRYPTED_NAME
    response.set_cookie(name, value, max_age=seconds, path="/", secure=is_secure, httponly=True, samesite="lax")


def _cookies(request: Request) -> list[tuple[str, str]]:
    """Every cookie of the request. The framework's own reader hides all but the last of one name."""
    pairs = []
    for header in request.headers.getlist("cookie"):
        for part in header.split(";"):
            name, separator, value = part.strip().partition("=")
            if separator:
                pairs.append((name, value))
    return pairs
