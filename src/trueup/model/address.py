"""The address of a database server: its parts, how it is shown, and how its password is kept out of every message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from trueup.model.errors import ConfigurationError

_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^@/?:,\[\]#\s]*)(?::[0-9]*)?"
_ADDRESS = re.compile(
    r"(?P<scheme>[A-Za-z]+)://"
    r"(?:(?P<user>[^:@/?\s]*)(?::(?P<password>[^@/?\s]*))?@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)"
    r"(?:/(?P<database>[^/?@#]*))?"
    r"(?:\?(?P<options>[a-z_A-Z]+=[^?#\s]*))?"
)
_LOGIN = re.compile(r"[^/]*:[^/]*@")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SECRET_OPTIONS = frozenset({"password", "sslpassword", "passwd"})
HIDDEN = "***"
MYSQL_PORT = 3306
TLS_OPTIONS = frozenset({"ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server's address, decoded. ``repr`` shows no password."""

    scheme: str
    user: str | None
    hosts: str
    database: str | None
    options: dict[str, str]
    password: str | None = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """Every spelling of every secret in the address, longest first."""

    @property
    def place(self) -> str:
        """The address for messages, without its password and options."""
        user = f"{self.user}@" if self.user else ""
        host = self.hosts or self.options.get("host") or self.options.get("unix_socket") or ""
        return self.scrub(f"{self.scheme}://{user}{host}/{self.database or ''}")

    def for_mysql(self) -> dict[str, Any]:
        """The address as arguments of a MySQL driver's ``connect``, its password among them."""
        match = re.fullmatch(r"\[?([^\]]*?)\]?(?::([0-9]+))?", self.hosts)
        host, port = (match[1], match[2]) if match else (self.hosts, None)
        return {
            "host": host or "localhost",
            "port": int(port or MYSQL_PORT),
            "unix_socket": self.options.get("unix_socket"),
            "user": self.user,
            "password": self.password or "",
            "database": self.database,
            "charset": "utf8mb4",
            **{name: self.options[name] for name in sorted(TLS_OPTIONS & set(self.options))},
        }

    def scrub(self, text: str) -> str:
        """The text without any spelling of a secret."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


def parse_address(url: str) -> Address:
    """The parts of a server's address.

    Stricter than the drivers on purpose: a password with an unencoded ``@``, ``/`` or ``?`` would be cut in the
    middle, and one half would show up in a driver's message as the host. Raises ``ConfigurationError``, which shows
    none of it.
    """
    match = _ADDRESS.fullmatch(url)
    if match is None or _BROKEN_ESCAPE.search(url):
        raise ConfigurationError(
            f"The {url.partition('://')[0]}:// address cannot be read; write scheme://user:password@host:port/database "
            "and percent-encode special characters of the password (@ as %40, / as %2F, ? as %3F, % as %25)."
        )
    options = dict(parse_qsl(match["options"] or "", keep_blank_values=True))
    password = unquote(match["password"]) if match["password"] is not None else None
    given = [match["password"], *(value for name, value in options.items() if name.lower() in _SECRET_OPTIONS)]
    return Address(
        scheme=match["scheme"].lower(),
        user=unquote(match["user"]) if match["user"] else options.get("user"),
        hosts=match["hosts"],
        database=unquote(match["database"]) if match["database"] else options.get("dbname"),
        options=options,
        password=password,
        secrets=_spellings(secret for secret in given if secret),
    )


def sqlite_file(url: str, *, key: str) -> str:
    """The path in ``sqlite:///app.db`` (relative) or ``sqlite:////data/app.db``, as it is written.

    Raises ``ConfigurationError`` for an address with a user, a password, a host or a key that SQLite does not take,
    and shows none of it: it may have been a server's address before its first word was changed.
    """
    rest = url.partition("://")[2].partition("?")[0]
    if not rest.startswith("/") or _LOGIN.match(rest[1:]):
        raise ConfigurationError(
            f"The sqlite:// address in {key} names no file; write sqlite:///app.db for a relative path or "
            "sqlite:////data/app.db for an absolute one, without user, password and host."
        )
    return rest[1:]


def _spellings(given: Iterable[str]) -> tuple[str, ...]:
    spellings: set[str] = set()
    for secret in given:
        plain = unquote(secret)
        spellings |= {secret, plain, quote(plain), quote(plain, safe=""), quote_plus(plain), repr(plain)[1:-1]}
    return tuple(sorted(spellings, key=len, reverse=True))
