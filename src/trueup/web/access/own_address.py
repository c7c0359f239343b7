"""At which address a request arrived, and whether the page that sent it is ours."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import Request

from trueup.model.settings import ServerSettings
from trueup.web.access.attempts import log_refusal
from trueup.web.problems import Problem

_FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers that a proxy adds: a request with one of them did not begin on this machine, whatever its address says."""


def is_encrypted(request: Request, settings: ServerSettings) -> bool:
    """Whether the browser's own connection is encrypted: ours, or that of the proxy in front of ``public_url``."""
    if request.url.scheme == "https":
        return True
    public = urlsplit(settings.public_url or "")
    return public.scheme == "https" and request.url.netloc.lower() == public.netloc.lower()


def is_own_machine(request: Request) -> bool:
    """Whether the request came from this machine, to a name that only this machine answers to."""
    if request.client is None or any(name in request.headers for name in _FORWARDING):
        return False
    return _is_loopback(request.client.host) and _is_loopback(request.url.hostname or "")


def own_origins(request: Request, settings: ServerSettings) -> Collection[str]:
    """The origins of our own pages: the address that was asked, and the public one."""
    public = urlsplit(settings.public_url or "")
    asked = f"{request.url.scheme}://{request.url.netloc}"
    return {asked, f"{public.scheme}://{public.netloc}"} if public.netloc else {asked}


def refuse_foreign_page(request: Request, settings: ServerSettings) -> None:
    """Raises ``Problem`` 403 unless the browser says that a page of ours sent the request.

    A cookie goes along with a request of any page, so a change that rests on a cookie needs this. Browsers send
    ``Origin`` with every change and ``Sec-Fetch-Site`` since 2023; a request with neither is not from a browser.
    """
    origins, sites = request.headers.getlist("origin"), request.headers.getlist("sec-fetch-site")
    is_foreign = len(origins) > 1 or len(sites) > 1 or not (origins or sites)
    is_foreign = is_foreign or any(origin not in own_origins(request, settings) for origin in origins)
    if is_foreign or any(site != "same-origin" for site in sites):
        log_refusal(request, "a change from a page of another origin")
        raise Problem(403, "Changes are accepted only from trueup's own pages.")


def safe_path(path: str) -> str:
    """The path, if a browser that is sent there stays on this server; otherwise the first page."""
    is_local = path.startswith("/") and not path.startswith("//") and "\\" not in path
    if not is_local or not path.isascii() or not path.isprintable() or len(path) > _LONGEST_PATH:
        return "/"
    return "/" if path.startswith(("/sign-in", "/sign-out")) else path


def own_path(request: Request, path: str) -> str:
    """The path of one of our pages, below the path at which the app is mounted in another."""
    prefix: str = request.scope.get("root_path", "")
    return f"{prefix.rstrip('/')}{path}"


_LONGEST_PATH = 2000


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
