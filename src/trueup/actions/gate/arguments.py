"""Read the gate's arguments: since when findings count."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from trueup.model.errors import ConfigurationError

_DATED = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?")


def parse_since(text: str, *, now: datetime) -> datetime | None:
    """The last moment (naive UTC) whose findings ``--since`` lets pass; None when it names a run.

    A day means its beginning: what was first seen on it counts. Raises ``ConfigurationError`` for a moment that is
    none, or that lies ahead.
    """
    if not _DATED.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f'--since "{text}" is not a day; write it like 2026-03-01.') from None
    moment = found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    if moment > now:
        raise ConfigurationError(f'--since "{text}" lies ahead, so that nothing would be new; give a day that was.')
    return moment - timedelta(microseconds=1)
