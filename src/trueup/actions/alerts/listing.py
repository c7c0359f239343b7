"""List the alerts: what is open, and what became of the messages about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.store import Store
    from trueup.store.alerts import OpenEpisode
    from trueup.store.outbox import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertList:
    """The open episodes, most severe first, and the messages, newest first.

    ``open_count`` counts every open episode, listed or not.
    """

    open_count: int
    episodes: tuple[OpenEpisode, ...]
    messages: tuple[Message, ...]


def list_alerts(store: Store, environment: str, *, limit: int) -> AlertList:
    """Return at most ``limit`` episodes and as many messages. Raises ``StoreUnavailable``."""
    return AlertList(
        open_count=store.alerts.count_open(environment),
        episodes=store.alerts.open_episodes(environment, limit=limit),
        messages=store.outbox.messages(environment, limit=limit),
    )
