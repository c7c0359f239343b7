"""Tell operations at once about something that no audit finds, such as a sign-in past the identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.actions.alerts.compose import notice_alert
from trueup.store.outbox import put

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trueup.model.settings import AlertSettings
    from trueup.store import Store


def put_notice(
    store: Store, settings: AlertSettings, *, environment: str, title: str, lines: Sequence[str], now: datetime
) -> int:
    """Queue a critical message for every channel; return their number. Raises ``StoreUnavailable``."""
    alert = notice_alert(environment, title=title, lines=lines, now=now)
    channels = [channel.name for channel in settings.channels]
    with store.database.writing() as connection:
        return put(connection, alert, channels=channels, hour=now, now=now)
