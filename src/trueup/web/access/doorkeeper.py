"""The only way in: check the request's form, then the caller's identity, then the permission."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from trueup.model.settings import ServerSettings
from trueup.web.access.attempts import Attempts, log_refusal
from trueup.web.access.own_address import own_origins, refuse_foreign_page
from trueup.web.access.permissions import Permission
from trueup.web.access.principal import Authenticate, Principal
from trueup.web.access.session_cookies import SessionCookies
from trueup.web.access.verifying import Rejected, Verifier
from trueup.web.notes import notes
from trueup.web.parameters import refuse_loose_query
from trueup.web.problems import Problem

T = TypeVar("T")

_READING = frozenset({"GET", "HEAD", "OPTIONS"})

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_LONGEST_CREDENTIAL = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorkeeper:
    """Checks requests. ``query_names`` are the query parameters that each endpoint knows.

    A credential that one of ``verifiers`` recognizes is judged by it alone. A request without ``Authorization`` is
    judged by the session that its cookie names; every other one goes to ``authenticate``, where an embedding app has
    one.
    """

    verifiers: Sequence[Verifier]
    authenticate: Authenticate | None
    sessions: SessionCookies | None
    server: ServerSettings
    query_names: Mapping[Callable[..., Any], frozenset[str]]
    attempts: Attempts = field(default_factory=Attempts)

    def check_form(self, request: Request) -> None:
        """Raises ``Problem`` for a request that no route may receive, from any caller."""
        self._check_origin(request)
        refuse_loose_query(request, self.query_names[request.scope["endpoint"]])

    async def admit(self, request: Request, permission: Permission) -> Principal:
        """The caller.

        Raises ``Problem``: 401 without a valid identity, 403 without the permission, 429 after many tries.
        """
        credential = _credential(request)
        verifier = next((v for v in self.verifiers if credential is not None and v.accepts(credential)), None)
        if credential is not None and verifier is not None:
            principal = await run_in_threadpool(self._verified, request, verifier, credential)
        else:
            principal = await self._signed_in(request) or await self._embedded(request)
        if principal is None:
            raise Problem(401, "This needs authentication.", headers={"WWW-Authenticate": "Bearer"})
        notes(request).actor = principal.actor
        if not principal.may(permission):
            raise Problem(
                403, f"This needs the permission {permission}, which the role {principal.role} does not have."
            )
        return principal

    def _verified(self, request: Request, verifier: Verifier, credential: str) -> Principal | None:
        name = verifier.claimed_name(credential)
        return self.try_credential(request, name=name, verify=lambda: verifier.verify(credential))

    def try_credential(self, request: Request, *, name: str | None, verify: Callable[[], T | Rejected]) -> T | None:
        """What ``verify`` proves; None where it proves nothing, which is counted and logged.

        Raises ``Problem`` 429 after many tries from this address or for this name.
        """
        writing = request.method not in _READING
        address = request.client.host if request.client else "unknown"
        self.attempts.refuse_after_many(address=address, name=name, writing=writing)
        verdict = verify()
        if isinstance(verdict, Rejected):
            self.attempts.note_failure(address=address, name=name, writing=writing)
            log_refusal(request, verdict.reason)
            return None
        return verdict

    async def _signed_in(self, request: Request) -> Principal | None:
        """The person whose session the cookie names. A cookie that is too old is common, so it is not counted."""
        secret = None
        if self.sessions is not None and "authorization" not in request.headers:
            secret = self.sessions.read(request)
        if self.sessions is None or secret is None:
            return None
        verdict = await run_in_threadpool(self.sessions.verify, secret)
        if isinstance(verdict, Rejected):
            log_refusal(request, verdict.reason)
            return None
        if request.method not in _READING:
            notes(request).actor = verdict.actor
            refuse_foreign_page(request, self.server)
        return verdict

    async def _embedded(self, request: Request) -> Principal | None:
        if self.authenticate is None:
            return None
        if inspect.iscoroutinefunction(self.authenticate):
            return cast("Principal | None", await self.authenticate(request))
        return cast("Principal | None", await run_in_threadpool(self.authenticate, request))

    def _check_origin(self, request: Request) -> None:
        """Refuse changes that a browser sends from a page of another origin, unless the config allows that origin."""
        given = request.headers.getlist("origin")
        if request.method in _READING or not given:
            return
        if len(given) > 1 or given[0] not in {*own_origins(request, self.server), *self.server.origins}:
            log_refusal(request, "a change from a page of another origin")
            raise Problem(403, "Changes are not accepted from pages of this origin.")


def _credential(request: Request) -> str | None:
    """The credential after ``Authorization: Bearer``, if there is exactly one and it has a plausible length."""
    given = request.headers.getlist("authorization")
    match = _BEARER.fullmatch(given[0]) if len(given) == 1 and len(given[0]) <= _LONGEST_CREDENTIAL else None
    return match.group(1) if match else None
