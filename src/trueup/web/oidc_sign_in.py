"""Sign-in at the identity provider: lead the person there, and take them back with a code."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trueup.actions import sign_in
from trueup.model.access import SignIn
from trueup.model.errors import OutgoingFailed
from trueup.web.access import Permission, page_requires
from trueup.web.access.attempts import log_refusal
from trueup.web.access.doorkeeper import Doorkeeper
from trueup.web.access.issuer_keys import KeysUnavailable
from trueup.web.access.oidc import ATTEMPT_SECONDS, OidcProvider, SignInAttempt, read_signed, sign
from trueup.web.access.own_address import safe_path
from trueup.web.access.principal import Principal
from trueup.web.access.session_cookies import ENCRYPTED_NAME, cookie_name, read_cookie
from trueup.web.access.verifying import Rejected
from trueup.web.logs import logger
from trueup.web.problems import Problem
from trueup.web.routes.query_types import TrueOrFalse
from trueup.web.services import Services, services
from trueup.web.sign_in import SEE_OTHER, NextQuery, begin_session, refuse_unsafe_address

router = APIRouter(include_in_schema=False)

CALLBACK = "/sign-in/oidc/callback"
_PURPOSE = "oidc"
_SUFFIX = "-oidc"
_AGAIN = "Start at the sign-in page again."

FreshQuery = Annotated[bool | None, TrueOrFalse(), Query(alias="fresh")]
Given = Annotated[str | None, Query(max_length=2048)]


@router.get("/sign-in/oidc", dependencies=[page_requires(Permission.SIGN_IN)])
def lead_to_provider(
    request: Request,
    at_hand: Annotated[Services, Depends(services)],
    next_path: NextQuery = "/",
    fresh: FreshQuery = None,
) -> Response:
    """Lead the person to the identity provider. A link and not a form: ``form-action`` would stop the way there."""
    provider = _provider(request)
    refuse_unsafe_address(request)
    try:
        address, attempt = provider.begin(safe_path(next_path), fresh=bool(fresh))
    except OutgoingFailed as error:
        raise _down(error) from None
    response = RedirectResponse(address, SEE_OTHER)
    _keep(response, request, at_hand, sign(attempt, at_hand.store.secrets.key(_PURPOSE)), seconds=ATTEMPT_SECONDS)
    return response


@router.get(CALLBACK, dependencies=[page_requires(Permission.SIGN_IN)])
def come_back(
    request: Request,
    at_hand: Annotated[Services, Depends(services)],
    code: Given = None,
    state: Given = None,
    iss: Given = None,
    error: Given = None,
    _description: Annotated[str | None, Query(alias="error_description", max_length=2048)] = None,
    _uri: Annotated[str | None, Query(alias="error_uri", max_length=2048)] = None,
    _session: Annotated[str | None, Query(alias="session_state", max_length=2048)] = None,
    _scope: Annotated[str | None, Query(alias="scope", max_length=2048)] = None,
    _user: Annotated[str | None, Query(alias="authuser", max_length=2048)] = None,
    _domain: Annotated[str | None, Query(alias="hd", max_length=2048)] = None,
    _prompt: Annotated[str | None, Query(alias="prompt", max_length=2048)] = None,
) -> Response:
    """Take a person back from the provider, and begin the session."""
    provider = _provider(request)
    refuse_unsafe_address(request)
    attempt = _attempt(request, at_hand, state)
    if error is not None or code is None or iss not in (None, provider.settings.issuer):
        log_refusal(request, "the identity provider did not let the person in, or another provider answered")
        raise Problem(403, f"The identity provider did not let you in. {_AGAIN}")
    doorkeeper: Doorkeeper = request.app.state.doorkeeper

    def verify() -> Principal | Rejected:
        return provider.finish(code, attempt)

    try:
        person = doorkeeper.try_credential(request, name=None, verify=verify)
    except (OutgoingFailed, KeysUnavailable) as failure:
        raise _down(failure) from None
    if person is None and attempt.fresh:
        raise Problem(
            403, f"The identity provider did not let you in, or does not say that it asked you anew. {_AGAIN}"
        )
    if person is None:
        raise Problem(403, f"The identity provider does not vouch for you here, or you have no role here. {_AGAIN}")
    session = sign_in.begin_person_session(
        person.actor,
        person.role,
        method=SignIn.OIDC,
        store=at_hand.store,
        now=at_hand.clock(),
        proven_at=person.proven_at,
    )
    response = begin_session(request, at_hand, session, method="oidc", next_path=attempt.next_path)
    _keep(response, request, at_hand, "", seconds=0)
    return response


def _provider(request: Request) -> OidcProvider:
    provider: OidcProvider | None = request.app.state.oidc
    if provider is None:
        raise Problem(404, "There is no identity provider here; the sign-in page shows the other ways.")
    return provider


def _attempt(request: Request, at_hand: Services, state: str | None) -> SignInAttempt:
    """The attempt that this browser began, used up. Raises ``Problem`` where it began none, or another."""
    store = at_hand.store
    text = read_cookie(request, f"{cookie_name(request, at_hand)}{_SUFFIX}")
    attempt = read_signed(text or "", store.secrets.key(_PURPOSE), now=at_hand.clock())
    if attempt is None or state is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
        log_refusal(request, "the person comes back from a sign-in that this browser did not begin")
        raise Problem(403, f"This sign-in was not begun in this browser, or too long ago. {_AGAIN}")
    if not sign_in.use_state(attempt.state, store=store, now=at_hand.clock()):
        log_refusal(request, "the answer of the identity provider was used before")
        raise Problem(409, f"This sign-in was used before. {_AGAIN}")
    return attempt


def _keep(response: Response, request: Request, at_hand: Services, value: str, *, seconds: int) -> None:
    name = cookie_name(request, at_hand)
    response.set_cookie(
        f"{name}{_SUFFIX}",
        value,
        max_age=seconds,
        path="/",
        secure=name == ENCRYPTED_NAME,
        httponly=True,
        samesite="lax",
    )


def _down(error: Exception) -> Problem:
    logger().warning("the identity provider cannot be asked", reason=str(error))
    return Problem(
        503,
        "The identity provider cannot be asked now. Try again, or have a sign-in link made on the server's machine.",
    )
