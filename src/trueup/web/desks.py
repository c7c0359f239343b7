"""The desks that repairs and timelines are made at, kept open: looking a schema up costs more than a repair."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trueup.actions.repair import open_desk, open_reading_desk

if TYPE_CHECKING:
    from trueup.actions.repair import Desk
    from trueup.config import Config
    from trueup.model.check import Check

Opening = Callable[["Config", "Sequence[Check]"], "Desk"]


class Desks:
    """Two desks, one that writes and one that only looks, each for the exemptions that hold now."""

    def __init__(self, catalogue: Sequence[Check]) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._open: dict[Opening, Desk] = {}

    def writing(self, config: Config) -> Desk:
        """The desk for repairs. Raises ``ConfigurationError`` where they are off."""
        return self._desk(open_desk, config)

    def reading(self, config: Config) -> Desk | None:
        """The desk that only looks; None for a folder of files, which has none."""
        is_folder = "://" not in config.database_url.replace("file://", "")
        return None if is_folder else self._desk(open_reading_desk, config)

    def close(self) -> None:
        """Let go of both."""
        with self._lock:
            for desk in self._open.values():
                desk.close()
            self._open.clear()

    def _desk(self, opening: Opening, config: Config) -> Desk:
        with self._lock:
            desk = self._open.get(opening)
            if desk is None:
                desk = self._open[opening] = opening(config, self._catalogue)
            elif desk.config.exemptions != config.exemptions:
                stale, desk = desk, desk.for_config(config)
                self._open[opening] = desk
                stale.close()
            return desk
