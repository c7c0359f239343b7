"""An answer that is dear to get: asked for once for all who look within a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

SHARED_FOR = timedelta(minutes=1)

AnswerT = TypeVar("AnswerT")


class SharedAnswer(Generic[AnswerT]):
    """The last answer and its moment. Safe to use from any thread: callers who ask meanwhile wait for the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[AnswerT, datetime] | None = None

    def get(self, ask: Callable[[], AnswerT], *, now: datetime) -> tuple[AnswerT, datetime]:
        """Return the answer and when it was asked for, ``SHARED_FOR`` ago at most. Raises as ``ask`` does."""
        with self._lock:
            if self._last is None or not now - SHARED_FOR < self._last[1] <= now:
                self._last = ask(), now
            return self._last

    def forget(self) -> None:
        """Ask anew for the next caller."""
        with self._lock:
            self._last = None
