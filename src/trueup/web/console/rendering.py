"""Render a page: one template, the frame around it, and the headers that a page has."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from trueup import __version__
from trueup.model.severity import Severity
from trueup.web.access import Permission, Principal, form_token
from trueup.web.console.assets import assets
from trueup.web.console.wording import FILTERS
from trueup.web.headers import PAGE
from trueup.web.services import Services

HEADERS: Mapping[str, str] = MappingProxyType({**PAGE, "Vary": "Accept, Authorization, Cookie"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationLink:
    """One of the console's pages: its address, its name, its icon, and what a reader must be allowed for it."""

    path: str
    name: str
    icon: str
    permission: Permission


NAVIGATION = (
    NavigationLink(path="/", name="Overview", icon="home", permission=Permission.RUN_READ),
    NavigationLink(path="/findings", name="Findings", icon="list", permission=Permission.FINDING_READ),
    NavigationLink(path="/accounts", name="Accounts", icon="person", permission=Permission.EVIDENCE_READ),
    NavigationLink(path="/runs", name="Runs", icon="runs", permission=Permission.RUN_READ),
    NavigationLink(path="/checks", name="Checks", icon="check", permission=Permission.CHECK_READ),
    NavigationLink(path="/gates", name="Gates", icon="gate", permission=Permission.RUN_READ),
    NavigationLink(path="/exemptions", name="Exemptions", icon="pause", permission=Permission.EXEMPTION_READ),
    NavigationLink(path="/journal", name="Journal", icon="book", permission=Permission.JOURNAL_READ),
    NavigationLink(path="/approvals", name="Approvals", icon="two", permission=Permission.APPROVAL_READ),
    NavigationLink(path="/replays", name="Replay", icon="replay", permission=Permission.RUN_READ),
)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("trueup.web.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(
        assets=assets(), navigation=NAVIGATION, permissions=Permission, severities=tuple(reversed(Severity))
    )
    return environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Writes addresses of this app, below the prefix at which it is mounted."""

    prefix: str

    def __call__(self, path: str, **query: object) -> str:
        """The address of a path. A parameter that is None or empty is left out."""
        pairs = {name: _text(value) for name, value in query.items() if value not in {None, ""}}
        return f"{self.prefix}{path}{'?' if pairs else ''}{urlencode(pairs, safe='/')}"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def render(
    request: Request,
    template: str,
    *,
    title: str,
    at_hand: Services,
    who: Principal,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """The page of this template for this caller. ``title`` is also its heading."""
    frame = {"who": who, "environment": at_hand.config.environment, "now": at_hand.clock()}
    return _page(request, template, status=status, title=title, **frame, **values)


def render_plain(request: Request, template: str, *, title: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page of this template for a reader who is not known: it leads nowhere and has no script."""
    return _page(request, template, status=status, title=title, who=None, environment=None, **values)


def _page(request: Request, template: str, *, status: int, **values: Any) -> HTMLResponse:
    address = addresses(request)
    path = request.scope["path"].removeprefix(address.prefix)
    text = (
        _environment()
        .get_template(template)
        .render(address=address, path=path, version=__version__, token=form_token(request), **values)
    )
    return HTMLResponse(text, status_code=status, headers=dict(HEADERS))


def addresses(request: Request) -> Addresses:
    """The addresses of the app that answers this request."""
    return Addresses(prefix=request.scope.get("root_path", "").rstrip("/"))


def lead_to(request: Request, path: str, **query: object) -> RedirectResponse:
    """Lead the browser to another page with GET."""
    return RedirectResponse(addresses(request)(path, **query), 303)


def wants_page(request: Request) -> bool:
    """Whether the caller is a browser that shows a page, and not a client of the API."""
    is_of_api = request.scope["path"].removeprefix(request.scope.get("root_path", "")).startswith("/api/")
    return not is_of_api and "text/html" in request.headers.get("accept", "")
