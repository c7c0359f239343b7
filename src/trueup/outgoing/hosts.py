"""Parse hosts and web addresses strictly, in only one way, so that the checked address is the one that is called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from trueup.model.errors import ConfigurationError

HIGHEST_PORT = 65_535
_HTTPS_PORT = 443
_HTTP_PORT = 80
_NAME_LENGTH = 253

# An underscore is not a DNS letter, but containers have such names.
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
# What some resolvers take for an IPv4 address: 2130706433, 0x7f.1, 0177.0.0.1. Only the plain form is one here.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_WEB_ADDRESS = re.compile(
    rf"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{{1,5}}))?"
    rf"(?P<path>(?:/{_CHARACTER}*)*)(?P<query>\?(?:{_CHARACTER}|[/?])*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One web address, taken apart. ``target`` (path and query) may be a secret and is hidden from ``repr``."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def place(self) -> str:
        """The address without what may be secret in it, for people."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port in the form of the ``Host`` header: without the usual port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = _HTTPS_PORT if self.scheme == "https" else _HTTP_PORT
        return host if self.port == usual else f"{host}:{self.port}"


def canonical_host(text: str) -> str | None:
    """A host name in lower case without its final dot, or an address in its only form; ``None`` for anything else.

    >>> canonical_host("Hooks.Slack.com."), canonical_host("0x7f.1"), canonical_host("::0001")
    ('hooks.slack.com', None, '::1')
    """
    if ":" in text:
        try:
            address = IPv6Address(text)
        except ValueError:
            return None
        return None if address.scope_id else str(address)
    name = text.lower().removesuffix(".") if text.isascii() else ""
    if _NUMBER.fullmatch(name):
        try:
            return str(IPv4Address(name))
        except ValueError:
            return None
    return name if len(name) <= _NAME_LENGTH and _NAME.fullmatch(name) else None


def read_endpoint(url: str, *, named: str) -> Endpoint:
    """The web address in ``url``. ``named`` says in an error whose it is, for the address itself may be a secret.

    Raises ``ConfigurationError`` for anything but a plain ``https://host[:port]/path?query`` (or ``http``): no user or
    password, no fragment, no spaces, a host in ASCII and in its plain form.
    """
    match = _WEB_ADDRESS.fullmatch(url)
    if not match:
        raise ConfigurationError(f"{named} {_complaint_about(url)}.")
    scheme = match["scheme"].lower()
    host = canonical_host(match["host"].strip("[]"))
    port = int(match["port"]) if match["port"] else _HTTPS_PORT if scheme == "https" else _HTTP_PORT
    if host is None or (":" in host) != match["host"].startswith("["):
        raise ConfigurationError(f"{named} names a host that is neither a name nor a plain address.")
    if not 0 < port <= HIGHEST_PORT:
        raise ConfigurationError(f"{named} names a port that does not exist; ports are 1 to {HIGHEST_PORT}.")
    return Endpoint(scheme=scheme, host=host, port=port, target=(match["path"] or "/") + (match["query"] or ""))


def _complaint_about(url: str) -> str:
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    if not url.lower().startswith(("https://", "http://")):
        return "is not a web address; write one that starts with https://"
    if "@" in authority:
        return "holds a user or password before an @, which is not sent; remove it"
    if not authority.isascii():
        return "names a host in letters beyond ASCII; write its xn-- form"
    if "#" in url:
        return "holds a #, which is never sent; remove it or write %23"
    return "holds characters that must be percent-encoded in a web address, such as %20"
