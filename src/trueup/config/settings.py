"""Turn ``[repairs]``, ``[audits]``, ``[server]``, ``[alerts]`` and ``[stripe]`` into settings, secrets resolved."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trueup.config.config_errors import complaint, suggestion
from trueup.config.declared_keys import settings_from
from trueup.config.references import resolved
from trueup.config.token_trust import ALGORITHMS
from trueup.model.kept_books import BooksSettings
from trueup.model.row_counts import RowCounts
from trueup.model.settings import (
    AlertSettings,
    ChannelSettings,
    JwtSettings,
    OidcSettings,
    RepairSettings,
    ScheduleSettings,
    ServerSettings,
)
from trueup.model.stripe_settings import StripeSettings, StripeTables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from trueup.config.document import (
        AlertsSection,
        AuditsSection,
        BooksSection,
        JwtSection,
        OidcSection,
        RepairsSection,
        ServerSection,
    )
    from trueup.config.stripe_sections import StripeSection

_PORT_LIMIT = 65_535
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?|https?://\[[0-9a-f:]+\](?::[0-9]+)?")
_SQLITE = "sqlite:///"
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]+")
_OFF = "off"
_KEPT = "kept-books"
_ROLES = ("viewer", "admin", "super_admin")


def repair_settings(section: RepairsSection, *, tables: Collection[str], path: Path) -> RepairSettings:
    """The caps of repairs without a person, what is allowed without Stripe, and what the application's triggers write.

    ``tables`` are those that the mapping names. Raises ``ConfigurationError`` for a table that no repair writes.
    """
    for written in section.expected_writes:
        if written not in tables and written.rpartition(".")[0] not in tables:
            raise complaint(
                path,
                ("repairs", "expected_writes", written),
                f"is not a mapped table, nor a column of one{suggestion(written, tables)}",
            )
    expected = {
        written: {table: settings_from(RowCounts, rows) for table, rows in tables_written.items()}
        for written, tables_written in section.expected_writes.items()
    }
    return settings_from(RepairSettings, section, expected_writes=expected)


def schedule_settings(section: AuditsSection, *, path: Path) -> ScheduleSettings:
    """The schedule of audits. Raises ``ConfigurationError`` when cron and minutes are both given."""
    schedule = settings_from(ScheduleSettings, section)
    if schedule.cron is not None and schedule.every_minutes is not None:
        raise complaint(path, ("audits",), "holds both cron and every_minutes: keep one of them")
    return schedule


def server_settings(section: ServerSection, *, path: Path, environ: Mapping[str, str]) -> ServerSettings:
    """Where to listen and what to trust. Raises ``ConfigurationError``."""
    host, _, port = section.bind.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or not 0 <= int(port) <= _PORT_LIMIT:
        raise complaint(path, ("server", "bind"), 'must be an address and a port, such as "127.0.0.1:8321"')
    settings = settings_from(
        ServerSettings,
        section,
        host=host.strip("[]"),
        port=int(port),
        jwt=_jwt(section.jwt, path=path, environ=environ) if section.jwt else None,
        oidc=_oidc(section.oidc, path=path, environ=environ) if section.oidc else None,
    )
    if settings.oidc is not None and settings.public_url is None and not is_loopback(settings.host):
        raise complaint(path, ("server", "public_url"), "is missing: the identity provider leads people back to it")
    _refuse_wrong_origins(settings.origins, path)
    _refuse_wrong_public_url(settings.public_url, path)
    _refuse_wrong_networks(settings.trusted_proxies, path)
    return settings


def _refuse_wrong_origins(origins: Sequence[str], path: Path) -> None:
    for position, origin in enumerate(origins):
        if not _ORIGIN.fullmatch(origin):
            key = ("server", "origins", position)
            raise complaint(path, key, 'must be an origin as browsers write it, such as "https://admin.example.com"')


def _refuse_wrong_public_url(url: str | None, path: Path) -> None:
    """Check that browsers reach it encrypted, or on this machine: sign-in sets a cookie there."""
    if url is None:
        return
    host = urlsplit(url).hostname or ""
    if not _ORIGIN.fullmatch(url) or not (url.startswith("https://") or is_loopback(host)):
        says = 'must be an https:// address without a path, such as "https://trueup.example.com"'
        raise complaint(path, ("server", "public_url"), says)


def _refuse_wrong_networks(networks: Sequence[str], path: Path) -> None:
    for position, network in enumerate(networks):
        try:
            ipaddress.ip_network(network)
        except ValueError:
            key = ("server", "trusted_proxies", position)
            raise complaint(path, key, 'must be an address or a network, such as "10.0.0.0/8"') from None


def _oidc(section: OidcSection, *, path: Path, environ: Mapping[str, str]) -> OidcSettings:
    key = ("server", "oidc")
    secret = section.client_secret
    if secret is not None:
        secret = resolved(secret, key=(*key, "client_secret"), path=path, environ=environ)
    settings = settings_from(OidcSettings, section, client_secret=secret)
    _refuse_unknown_roles(settings.roles, key, path)
    for position, name in enumerate(settings.algorithms):
        if name not in ALGORITHMS:
            raise complaint(path, (*key, "algorithms", position), f"is not accepted{suggestion(name, ALGORITHMS)}")
    if not settings.issuer.startswith("https://") or "?" in settings.issuer or "#" in settings.issuer:
        raise complaint(path, (*key, "issuer"), "must begin with https://, because its word is trusted")
    if "openid" not in settings.scopes:
        raise complaint(path, (*key, "scopes"), 'must hold "openid"')
    if not settings.algorithms or not any(settings.roles.values()):
        raise complaint(path, (*key, "roles"), "would let no person in: name the claim's words for a role")
    return settings


def _refuse_unknown_roles(roles: Mapping[str, object], key: Sequence[str], path: Path) -> None:
    for role in roles:
        if role not in _ROLES:
            raise complaint(path, (*key, "roles", role), f"is not a role{suggestion(role, _ROLES)}")


def _jwt(section: JwtSection, *, path: Path, environ: Mapping[str, str]) -> JwtSettings:
    settings = settings_from(JwtSettings, section)
    _refuse_unknown_roles(settings.roles, ("server", "jwt"), path)
    url = resolved(settings.jwks_url, key=("server", "jwt", "jwks_url"), path=path, environ=environ)
    return dataclasses.replace(settings, jwks_url=url)


def alert_settings(
    section: AlertsSection, *, public_url: str | None, path: Path, environ: Mapping[str, str]
) -> AlertSettings:
    """The channels, their secrets resolved. Raises ``ConfigurationError`` for one without a kind.

    ``trueup.channels`` checks the options of a channel when it opens it, because they depend on the kind.
    """
    channels = []
    for name, given in section.channels.items():
        key = ("alerts", "channels", name)
        options = {word: value for word, value in given.items() if word != "kind"}
        kind = given.get("kind")
        if not isinstance(kind, str):
            raise complaint(path, (*key, "kind"), "is missing: say which kind of channel it is")
        known = {
            option: _option(value, key=(*key, option), path=path, environ=environ) for option, value in options.items()
        }
        literal = frozenset(option for option, value in options.items() if known[option] == value)
        channels.append(ChannelSettings(name=name, kind=kind, options=known, literal=literal))
    return AlertSettings(channels=tuple(channels), private_hosts=tuple(section.private_hosts), public_url=public_url)


def _option(
    value: str | int | bool | list[str],  # noqa: FBT001 - the value itself
    *,
    key: tuple[str, ...],
    path: Path,
    environ: Mapping[str, str],
) -> str | int | bool | tuple[str, ...]:
    if isinstance(value, list):
        return tuple(resolved(item, key=key, path=path, environ=environ) for item in value)
    return resolved(value, key=key, path=path, environ=environ) if isinstance(value, str) else value


def stripe_settings(
    section: StripeSection, *, key: str | None, tables: StripeTables | None, store_url: str, path: Path
) -> StripeSettings:
    """How Stripe is read, with its key resolved. Raises ``ConfigurationError``."""
    settings = settings_from(
        StripeSettings,
        section,
        api_key=key if section.enabled else None,
        cache_folder=_cache_folder(section, store_url, path),
        tables=tables,
    )
    if settings.account is not None and not _ACCOUNT.fullmatch(settings.account):
        raise complaint(path, ("stripe", "account"), 'must be the id of an account, such as "acct_1AbC"')
    _refuse_open_address(settings.api_base, path)
    return dataclasses.replace(settings, api_base=settings.api_base.rstrip("/"))


def _refuse_open_address(api_base: str, path: Path) -> None:
    """Check the address, because the key is sent to it: by HTTPS, or without leaving this machine."""
    address = urlsplit(api_base)
    is_secure = address.scheme == "https" and address.hostname
    if not is_secure and not (address.scheme == "http" and is_loopback(address.hostname or "")):
        says = "must begin with https://: the key is sent to it; http:// is only for 127.0.0.1"
        raise complaint(path, ("stripe", "api_base"), says)
    if "@" in address.netloc or address.query or address.fragment:
        raise complaint(path, ("stripe", "api_base"), 'must be only an address, such as "https://api.stripe.com"')


def is_loopback(host: str) -> bool:
    """Whether this host is this machine; any other name could lead elsewhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _cache_folder(section: StripeSection, store_url: str, path: Path) -> str | None:
    if section.cache is not None:
        return None if section.cache == _OFF else section.cache
    return _store_folder(store_url, path).as_posix()


def books_settings(section: BooksSection, *, store_url: str, path: Path) -> BooksSettings:
    """Whether books are kept, and where."""
    folder = section.folder or (_store_folder(store_url, path) / _KEPT).as_posix()
    return settings_from(BooksSettings, section, folder=folder)


def _store_folder(store_url: str, path: Path) -> PurePath:
    """The folder of the store's file; the config's where the store is a server's."""
    if store_url.startswith(_SQLITE):
        return PurePath(store_url.removeprefix(_SQLITE)).parent
    return path.parent
