"""Watch an audit from another thread, and end it: its query at once, the audit at its next step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from trueup.model.errors import TrueupError


class AuditStopped(TrueupError):
    """The audit was stopped before it was complete. Nothing was recorded, and its books are deleted."""

    def __init__(self) -> None:
        super().__init__("The audit was stopped before it was complete, because the server is stopping.")


class Stoppable:
    """Progress that another thread can look at, and that can end an action.

    Whatever ends the action then is raised as ``AuditStopped``:

    >>> stoppable = Stoppable()
    >>> with stoppable:
    ...     stoppable.begin("Copying", None)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._interrupt: Callable[[], None] | None = None
        self._step: tuple[str, int, int | None] = ("Beginning", 0, None)

    @property
    def step(self) -> tuple[str, int, int | None]:
        """The step that runs: its name, how many units are done, and of how many, where that is known."""
        with self._lock:
            return self._step

    def stop(self) -> None:
        """End what runs. May be called again until it has ended: between two queries there is nothing to interrupt."""
        self._stopped.set()
        with self._lock:
            if self._interrupt is not None:
                self._interrupt()

    def begin(self, label: str, total: int | None) -> None:
        """Raises ``AuditStopped``."""
        with self._lock:
            self._step = (label, 0, total)
        self._raise_when_stopped()

    def advance(self, units: int) -> None:
        """Raises ``AuditStopped``."""
        with self._lock:
            label, done, total = self._step
            self._step = (label, done + units, total)
        self._raise_when_stopped()

    def end(self) -> None:
        """Raises ``AuditStopped``."""
        self._raise_when_stopped()

    def interruptible(self, interrupt: Callable[[], None] | None) -> None:
        """Remember how to end a query."""
        with self._lock:
            self._interrupt = interrupt

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Libraries wrap the error in errors of their own; what counts is that the action should end.
        if error is not None and self._stopped.is_set():
            raise AuditStopped from error

    def _raise_when_stopped(self) -> None:
        if self._stopped.is_set():
            raise AuditStopped
