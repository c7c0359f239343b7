"""Read the argument of ``--since``: from which moment on findings count."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from trueup.model.errors import ConfigurationError

_DATED = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?")


def parse_since(text: str, *, now: datetime) -> datetime | None:
    """The last moment (naive UTC) whose findings pass under ``--since``; None when it names a run.

    A day means its beginning: findings first seen on that day count. Raises ``ConfigurationError`` for an invalid
    moment or one in the future.
    """
    if not _DATED.fullmatch(text):
        return None
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f'--since "{text}" is not a day; write it like 2026-03-01.') from None
    moment = since.astimezone(UTC).replace(tzinfo=None) if since.tzinfo else since
    if moment > now:
        raise ConfigurationError(f'--since "{text}" is in the future, so nothing could be new; give a day in the past.')
    return moment - timedelta(microseconds=1)
