"""The sign-in page, one-time links, and sign-out. What is pasted or opened here becomes a session's cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from trueup.actions import sign_in
from trueup.actions.tokens import claimed_token_id
from trueup.web.access import Permission, Principal, StrictForm, form_requires, page_requires, strict_form
from trueup.web.access.attempts import log_refusal
from trueup.web.access.doorkeeper import Doorkeeper
from trueup.web.access.own_address import is_own_machine, own_path, safe_path
from trueup.web.access.session_cookies import cookie_name, remove_cookie, set_cookie
from trueup.web.access.verifying import Rejected
from trueup.web.console.rendering import render_plain
from trueup.web.logs import logger
from trueup.web.notes import notes
from trueup.web.problems import Problem
from trueup.web.services import Services, services
from trueup.web.strict import Body

if TYPE_CHECKING:
    from collections.abc import Callable

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
_NOT_SAFE = "A sign-in needs HTTPS here: give [server] public_url, and name your proxy in server.trusted_proxies."

NextQuery = Annotated[str, Query(alias="next", max_length=2000)]
LinkPath = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{43}$")]


class TokenForm(Body):
    """The form of the sign-in page."""

    token: str
    next: str = "/"


class EmptyForm(Body):
    """A form with a button and nothing to fill in."""


@router.get("/sign-in", dependencies=[page_requires(Permission.SIGN_IN)])
def show_sign_in(request: Request, next_path: NextQuery = "/") -> HTMLResponse:
    """Show the ways to sign in that are open at this address."""
    return _sign_in_page(request, next_path, takes_token=is_own_machine(request))


@router.post("/sign-in", dependencies=[form_requires(Permission.SIGN_IN)])
def sign_in_with_token(
    request: Request,
    at_hand: Annotated[Services, Depends(services)],
    form: Annotated[TokenForm, Depends(StrictForm(TokenForm, is_bound=False))],
) -> Response:
    """Begin a session for the holder of the pasted token. Only on the server's own machine."""
    if not is_own_machine(request) or not at_hand.config.server.tokens:
        log_refusal(request, "a token was pasted at an address where that is not allowed")
        raise Problem(403, "A token can be pasted only on the server's own machine; elsewhere use a sign-in link.")
    text = form.token.strip()
    session = _try(
        request,
        name=f"token:{claimed_token_id(text)}",
        verify=lambda: sign_in.sign_in_with_token(text, store=at_hand.store, now=at_hand.clock()),
    )
    if session is None:
        notes(request).failed = True
        return _sign_in_page(request, form.next, takes_token=True, is_refused=True)
    return begin_session(request, at_hand, session, method="token", next_path=form.next)


@router.get("/sign-in/{secret}", dependencies=[page_requires(Permission.SIGN_IN)])
def show_link(request: Request, secret: LinkPath) -> HTMLResponse:
    """Show the button that uses the link up. Opening the address alone does not: previews and scanners open it too."""
    return render_plain(request, "sign_in_link.html", title="Sign in", link=f"/sign-in/{secret}")


@router.post("/sign-in/{secret}", dependencies=[form_requires(Permission.SIGN_IN)])
def sign_in_with_link(
    request: Request,
    at_hand: Annotated[Services, Depends(services)],
    secret: LinkPath,
    _form: Annotated[EmptyForm, Depends(StrictForm(EmptyForm, is_bound=False))],
) -> Response:
    """Use the link up, and begin a session for the holder of the token that it was made for."""
    session = _try(
        request,
        name=None,
        verify=lambda: sign_in.sign_in_with_link(secret, store=at_hand.store, now=at_hand.clock()),
    )
    if session is None:
        raise Problem(403, "This link was used, or is too old. Make another one on the server's machine.")
    return begin_session(request, at_hand, session, method="link", next_path="/")


@router.post("/sign-out")
def sign_out(
    who: Annotated[Principal, form_requires(Permission.SIGN_OUT)],
    request: Request,
    at_hand: Annotated[Services, Depends(services)],
    _form: Annotated[EmptyForm, strict_form(EmptyForm)],
) -> Response:
    """End this browser's session."""
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    secret = doorkeeper.sessions.read(request) if doorkeeper.sessions else None
    if secret is not None:
        sign_in.end_session(secret, store=at_hand.store)
    return _leave(request, at_hand, who, sessions=1)


@router.post("/sign-out/everywhere")
def sign_out_everywhere(
    who: Annotated[Principal, form_requires(Permission.SIGN_OUT)],
    request: Request,
    at_hand: Annotated[Services, Depends(services)],
    _form: Annotated[EmptyForm, strict_form(EmptyForm)],
) -> Response:
    """End every session of this person, in every browser."""
    count = sign_in.end_every_session(who.actor, store=at_hand.store)
    return _leave(request, at_hand, who, sessions=count)


def _try(
    request: Request, *, name: str | None, verify: Callable[[], sign_in.NewSession | sign_in.SignInRefused]
) -> sign_in.NewSession | None:
    """Begin a session, if the browser can keep its cookie and the credential holds; a refusal is counted and logged."""
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    refuse_unsafe_address(request)

    def verdict() -> sign_in.NewSession | Rejected:
        session = verify()
        return Rejected(reason=session.reason) if isinstance(session, sign_in.SignInRefused) else session

    return doorkeeper.try_credential(request, name=name, verify=verdict)


def refuse_unsafe_address(request: Request) -> None:
    """Raises ``Problem`` where no session can be kept: at an address that is neither encrypted nor on this machine."""
    if cookie_name(request, request.app.state.services) is None:
        log_refusal(request, "a sign-in at an address that is neither encrypted nor on the server's machine")
        raise Problem(403, _NOT_SAFE)


def begin_session(
    request: Request, at_hand: Services, session: sign_in.NewSession, *, method: str, next_path: str
) -> Response:
    """Answer with the session's cookie. A session that this browser had before is ended."""
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    earlier = doorkeeper.sessions.read(request) if doorkeeper.sessions else None
    if earlier is not None:
        sign_in.end_session(earlier, store=at_hand.store)
    noted = notes(request)
    noted.actor = session.actor
    logger().info("signed in", requestId=noted.request_id, actor=session.actor, method=method)
    target = safe_path(next_path)
    response = RedirectResponse(own_path(request, "/") if target == "/" else target, SEE_OTHER)
    set_cookie(response, session, request=request, services=at_hand)
    return response


def _leave(request: Request, at_hand: Services, who: Principal, *, sessions: int) -> Response:
    logger().info("signed out", requestId=notes(request).request_id, actor=who.actor, sessions=sessions)
    response = RedirectResponse(own_path(request, "/sign-in"), SEE_OTHER)
    remove_cookie(response, request=request, services=at_hand)
    return response


def _sign_in_page(request: Request, next_path: str, *, takes_token: bool, is_refused: bool = False) -> HTMLResponse:
    return render_plain(
        request,
        "sign_in.html",
        title="Sign in",
        status=403 if is_refused else 200,
        has_provider=request.app.state.oidc is not None,
        takes_token=takes_token,
        is_refused=is_refused,
        next_path=safe_path(next_path),
    )
