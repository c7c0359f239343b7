"""Check the settings of the channels: the doctor looks at them, and a test message tries one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from trueup.actions.alerts.compose import example_alert
from trueup.channels import open_channel
from trueup.model.errors import ConfigurationError, nearest
from trueup.model.settings import AlertSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """The settings of one channel, looked at without calling it. ``problem`` is None when they are right."""

    name: str
    kind: str
    problem: str | None = None


def examine_channels(settings: AlertSettings) -> Iterator[ChannelHealth]:
    """Look at the settings of each channel. Nothing is sent and nothing is connected to."""
    for channel in settings.channels:
        try:
            open_channel(channel, private_hosts=settings.private_hosts)
        except ConfigurationError as error:
            yield ChannelHealth(name=channel.name, kind=channel.kind, problem=str(error))
        else:
            yield ChannelHealth(name=channel.name, kind=channel.kind)


def send_test(name: str, settings: AlertSettings, *, environment: str, now: datetime) -> None:
    """Send one test message to this channel, at once and without the outbox.

    Raises ``ConfigurationError`` for a channel that does not exist or is not set up, and ``DeliveryFailed``.
    """
    channels = {channel.name: channel for channel in settings.channels}
    if name not in channels:
        known = f"; known: {', '.join(sorted(channels))}" if channels else "; the config names none"
        hint = nearest(name, channels) or known
        raise ConfigurationError(f'There is no [alerts.channels."{name}"]{hint}')
    channel = open_channel(channels[name], private_hosts=settings.private_hosts)
    channel.send(example_alert(environment, now=now))
