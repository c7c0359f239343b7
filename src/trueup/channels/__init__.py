"""Channels for alerts: one module for each kind, interchangeable, and named for the kind."""

from __future__ import annotations

import importlib
import ssl
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from trueup.channels.kind import Channel, ChannelKind, Opening
from trueup.disk import modules_offering
from trueup.model.alert import Alert
from trueup.model.errors import ConfigurationError, nearest
from trueup.model.finding import printable
from trueup.model.options import Option, options_of, place, read_options
from trueup.model.settings import AlertSettings, ChannelSettings
from trueup.outgoing.dialing import Reach

__all__ = [
    "KINDS",
    "Channel",
    "check_settings",
    "open_channel",
    "options_of_kind",
    "secrets_in_plain_sight",
    "shown_by",
]

KINDS = modules_offering("open_channel", folder=__path__, first="log")


def utc_now() -> datetime:
    """Now, naive UTC. A signature holds the moment of sending, and an alert may have waited for hours."""
    return datetime.now(UTC).replace(tzinfo=None)


def open_channel(
    settings: ChannelSettings,
    *,
    private_hosts: Iterable[str],
    trust: ssl.SSLContext | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Channel:
    """Open the channel of these settings; it connects to nothing before the first ``send``.

    ``private_hosts`` are the host names, addresses and networks that may be called although they are not public;
    ``trust`` replaces the machine's own certificate authorities. Raises ``ConfigurationError`` for an unknown kind, and
    for an option that is unknown, missing or cannot be right.
    """
    kind = _kind(settings)
    options = read_options(kind.Options, settings)
    reach = Reach.beyond(private_hosts, trust=trust)
    return kind.open_channel(options, Opening(settings=settings, reach=reach, clock=clock))


def check_settings(settings: AlertSettings) -> None:
    """Check that every channel can be opened. Raises ``ConfigurationError`` for the first that cannot."""
    Reach.beyond(settings.private_hosts)
    for channel in settings.channels:
        open_channel(channel, private_hosts=settings.private_hosts)


def secrets_in_plain_sight(settings: ChannelSettings) -> Iterator[str]:
    """Return the options, as the config names them, that hold a secret in plain text."""
    for option in options_of_kind(settings.kind) if settings.kind in KINDS else ():
        if option.secret and option.name in settings.literal:
            yield place(settings, option.name)


def options_of_kind(kind: str) -> Iterator[Option]:
    """The options that a kind of channel knows."""
    return options_of(_module(kind).Options)


def shown_by(kind: str, alert: Alert) -> str:
    """Return what a kind of channel sends for the alert."""
    return _module(kind).show(alert)


def _kind(settings: ChannelSettings) -> ChannelKind:
    if settings.kind not in KINDS:
        near = nearest(settings.kind, KINDS) or f"; known are {', '.join(KINDS)}."
        named = f'is "{printable(settings.kind)}", which trueup does not have'
        raise ConfigurationError(f"{place(settings, 'kind')} {named}{near}")
    return _module(settings.kind)


def _module(kind: str) -> ChannelKind:
    module: ChannelKind = importlib.import_module(f"trueup.channels.{kind}")
    return module
