"""The sessions for repairs and timelines, kept open: looking up a schema costs more than a repair."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trueup.actions.repair import open_reading_session, open_repair_session

if TYPE_CHECKING:
    from trueup.actions.repair import RepairSession
    from trueup.config import Config
    from trueup.model.check import Check

Opening = Callable[["Config", "Sequence[Check]"], "RepairSession"]


class RepairSessions:
    """Two sessions, one that writes and one that only reads, each for the exemptions that hold now."""

    def __init__(self, catalogue: Sequence[Check]) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._open: dict[Opening, RepairSession] = {}

    def writing(self, config: Config) -> RepairSession:
        """Return the session that writes. Raises ``ConfigurationError`` where repairs are off."""
        return self._opened(open_repair_session, config)

    def reading(self, config: Config) -> RepairSession | None:
        """Return the session that only reads; None for a folder of files, which has none."""
        return None if config.is_folder else self._opened(open_reading_session, config)

    def close(self) -> None:
        """Close both sessions."""
        with self._lock:
            for session in self._open.values():
                session.close()
            self._open.clear()

    def _opened(self, opening: Opening, config: Config) -> RepairSession:
        with self._lock:
            session = self._open.get(opening)
            if session is None:
                session = self._open[opening] = opening(config, self._catalogue)
            elif session.config.exemptions != config.exemptions:
                stale, session = session, session.for_config(config)
                self._open[opening] = session
                stale.close()
            return session
