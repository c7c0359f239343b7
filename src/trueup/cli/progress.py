"""Progress for a person who waits at a terminal. Other streams get none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from trueup.model import source

PATIENCE_SECONDS = 0.5
"""An action that ends sooner than this shows nothing."""


@contextmanager
def terminal_progress(stream: TextIO | None = None) -> Iterator[source.Progress]:
    """Show progress on ``stream`` (stderr) if it is a terminal; the bars disappear when the block ends."""
    out = stream or sys.stderr
    if not out.isatty():
        yield source.Silent()
        return
    with _PatientProgress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(file=out),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bars:
        yield _Steps(bars)


class _PatientProgress(Progress):
    """Shows nothing at first, because a bar that only flashes is disturbing."""

    _started: float | None = None

    def start(self) -> None:
        self._started = time.monotonic()
        super().start()

    def get_renderables(self) -> Iterable[RenderableType]:
        if self._started is not None and time.monotonic() - self._started >= PATIENCE_SECONDS:
            yield from super().get_renderables()


class _Steps:
    """One bar per step; a step that is over makes room for the next."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._step: TaskID | None = None

    def begin(self, label: str, total: int | None) -> None:
        """Show a bar for the step, or a moving one where the total is not known."""
        self.end()
        self._step = self._bars.add_task(label, total=total)

    def advance(self, units: int) -> None:
        """Move the bar."""
        if self._step is not None:
            self._bars.advance(self._step, units)

    def end(self) -> None:
        """Remove the bar."""
        if self._step is not None:
            self._bars.remove_task(self._step)
            self._step = None

    def interruptible(self, interrupt: Callable[[], None] | None) -> None:
        """Ctrl-C already interrupts a query at a terminal, so nothing is kept here."""
