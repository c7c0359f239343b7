"""The interface of every kind of channel, and the input for opening one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from trueup.model.alert import Alert
from trueup.model.errors import ConfigurationError
from trueup.model.options import place
from trueup.model.settings import ChannelSettings
from trueup.outgoing.dialing import Reach
from trueup.outgoing.hosts import Endpoint


class Channel(Protocol):
    """A channel that is ready to send. ``name`` is the config's: ``[alerts.channels.NAME]``."""

    @property
    def name(self) -> str:
        """The name that the config gives it."""

    def send(self, alert: Alert) -> None:
        """Send ``alert`` once, within seconds. Raises ``DeliveryFailed``, which says whether to try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The settings of the channel to open, the hosts it may reach, and the clock of sending (naive UTC)."""

    settings: ChannelSettings
    reach: Reach
    clock: Callable[[], datetime]

    @property
    def name(self) -> str:
        """The channel's name."""
        return self.settings.name

    def endpoint(self, option: str, url: str) -> Endpoint:
        """The web address that this option holds. Raises ``ConfigurationError``."""
        return self.reach.endpoint(url, named=place(self.settings, option))

    def complaint(self, option: str, problem: str) -> ConfigurationError:
        """The error whose sentence is "<option of this channel> <problem>."."""
        return ConfigurationError(f"{place(self.settings, option)} {problem}.")


class ChannelKind(Protocol):
    """The interface of the modules of this folder that are kinds. ``Options`` is a dataclass of ``option``s."""

    Options: type[Any]

    def open_channel(self, options: Any, opening: Opening) -> Channel:
        """Open the channel, without connecting. Raises ``ConfigurationError`` for an option that cannot be right."""

    def show(self, alert: Alert) -> str:
        """Return what is sent for the alert, as the manual shows it."""
