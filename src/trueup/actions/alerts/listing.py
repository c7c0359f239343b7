"""List the alerts: the open episodes, and the messages about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.formats.wording import exact, instant

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


def alerts_document(alerts: AlertList) -> dict[str, object]:
    """Return the list of alerts as JSON: what the command prints and the API answers."""
    return {
        "schemaVersion": 1,
        "openCount": alerts.open_count,
        "episodes": [_episode_document(episode) for episode in alerts.episodes],
        "messages": [_message_document(message) for message in alerts.messages],
    }


def _episode_document(open_episode: OpenEpisode) -> dict[str, object]:
    episode, words = open_episode.episode, open_episode.words
    return {
        "id": exact(words.issue_id),
        "check": exact(episode.check),
        "fingerprint": episode.fingerprint,
        "severity": episode.severity.value,
        "title": exact(words.title),
        "message": exact(words.message),
        "openedAt": instant(episode.opened_at),
    }


def _message_document(message: Message) -> dict[str, object]:
    """Return one message as JSON. ``dueAt`` is null once the message is settled: it is not tried again."""
    return {
        "channel": exact(message.channel),
        "state": message.state.value,
        "title": exact(str(message.document.get("title", ""))),
        "madeAt": instant(message.made_at),
        "attempts": message.attempts,
        "dueAt": instant(message.due_at) if message.settled_at is None else None,
        "settledAt": instant(message.settled_at) if message.settled_at else None,
        "reason": exact(message.reason) if message.reason else None,
    }
