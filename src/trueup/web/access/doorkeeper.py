"""The only way in: check the request's form, then the caller's identity, then the permission."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from trueup.web.access.attempts import Attempts
from trueup.web.access.permissions import Permission
from trueup.web.access.principal import Authenticate, Principal
from trueup.web.access.verifying import Rejected, Verifier
from trueup.web.logs import logger
from trueup.web.notes import notes
from trueup.web.parameters import refuse_loose_query
from trueup.web.problems import Problem
from trueup.web.strict import refuse_other_media

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_LONGEST_CREDENTIAL = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorkeeper:
    """Checks requests. ``query_names`` are the query parameters that each endpoint knows.

    A credential that one of ``verifiers`` recognizes is judged by it alone; every other request goes to
    ``authenticate``, where an embedding app gave one.
    """

    verifiers: Sequence[Verifier]
    authenticate: Authenticate | None
    origins: Collection[str]
    query_names: Mapping[Callable[..., Any], frozenset[str]]
    attempts: Attempts = field(default_factory=Attempts)

    def check_form(self, request: Request) -> None:
        """Raises ``Problem`` for a request that no route may receive, from any caller."""
        self._check_origin(request)
        if request.method in _WITH_BODY:
            refuse_other_media(request)
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
            principal = await self._embedded(request)
        if principal is None:
            raise Problem(401, "This needs authentication.", headers={"WWW-Authenticate": "Bearer"})
        notes(request).actor = principal.actor
        if not principal.may(permission):
            raise Problem(
                403, f"This needs the permission {permission}, which the role {principal.role} does not have."
            )
        return principal

    def _verified(self, request: Request, verifier: Verifier, credential: str) -> Principal | None:
        writing = request.method not in _READING
        address = request.client.host if request.client else "unknown"
        name = verifier.claimed_name(credential)
        self.attempts.refuse_after_many(address=address, name=name, writing=writing)
        verdict = verifier.verify(credential)
        if isinstance(verdict, Rejected):
            self.attempts.note_failure(address=address, name=name, writing=writing)
            logger().warning("refused", requestId=notes(request).request_id, address=address, reason=verdict.reason)
            return None
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
        own = f"{request.url.scheme}://{request.url.netloc}"
        if len(given) > 1 or given[0] not in {own, *self.origins}:
            raise Problem(403, "Changes are not accepted from pages of this origin.")


def _credential(request: Request) -> str | None:
    """The credential after ``Authorization: Bearer``, if there is exactly one and it has a plausible length."""
    given = request.headers.getlist("authorization")
    match = _BEARER.fullmatch(given[0]) if len(given) == 1 and len(given[0]) <= _LONGEST_CREDENTIAL else None
    return match.group(1) if match else None
