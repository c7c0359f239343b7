"""Stripe's side of all accounts, for pages about one of them: read in the background, once after each audit."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.actions.audit import copied_books
from trueup.actions.explain import TIMELINE_OF_STRIPE, index_for_timelines
from trueup.actions.serve.stopping import AuditStopped, Stoppable
from trueup.model.errors import TrueupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trueup.books.file import Books
    from trueup.config import Config

_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSideState:
    """What is known of Stripe's side: as of when it was read, and whether it is being read or could not be."""

    read_at: datetime | None = None
    is_being_read: bool = False
    is_unreadable: bool = False


@dataclass(slots=True, kw_only=True)
class _Reading:
    """Books with Stripe's side, how many callers read them now, and what is deleted behind the last of them."""

    books: Books
    held: contextlib.ExitStack
    readers: int = 0
    is_over: bool = False

    @property
    def is_to_be_deleted(self) -> bool:
        return self.is_over and self.readers == 0


class StripeSide:
    """Stripe's side in books of this process, deleted when it ends. Safe to use from any thread.

    Nothing is read before the first caller asks. After that it is read anew for the first caller after each audit, so
    pages ask Stripe, or its tables, no more often than audits do. While it is read, callers get what was read before.
    """

    def __init__(self, *, config: Config, clock: Callable[[], datetime], note: Callable[[str], None]) -> None:
        """``note`` is called with the reason when it cannot be read."""
        self._config, self._clock, self._note = config, clock, note
        self._lock = threading.Lock()
        self._reading: _Reading | None = None
        self._state = StripeSideState()
        self._run_id: str | None = None
        self._stoppable = Stoppable()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def is_supplied(self) -> bool:
        """Whether the config says where Stripe's side comes from, and it can be read beside an audit."""
        stripe = self._config.stripe
        return self._config.engine_url is None and (stripe.api_key is not None or stripe.tables is not None)

    @property
    def state(self) -> StripeSideState:
        """What is known of it now."""
        with self._lock:
            return self._state

    @contextlib.contextmanager
    def books(self, run_id: str | None) -> Iterator[Books | None]:
        """Yield the books, None before they are read, and begin to read what is older than this run.

        They are on a connection of the caller's own, so callers do not wait for each other.
        """
        self._begin(run_id)
        with self._lock:
            reading = self._reading
            if reading is not None:
                reading.readers += 1
        if reading is None:
            yield None
            return
        try:
            with contextlib.closing(reading.books.connection.cursor()) as connection:
                yield dataclasses.replace(reading.books, connection=connection)
        finally:
            with self._lock:
                reading.readers -= 1
                is_to_be_deleted = reading.is_to_be_deleted
            if is_to_be_deleted:
                reading.held.close()

    def wait(self, seconds: float) -> None:
        """Wait for a reading that is under way."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def close(self) -> None:
        """End a reading, and delete what was read."""
        with self._lock:
            self._is_closed = True
            self._stoppable.stop()
        self.wait(_STOP_SECONDS)
        self._replace(None)

    def _begin(self, run_id: str | None) -> None:
        with self._lock:
            if self._is_closed or self._state.is_being_read or run_id in {None, self._run_id} or not self.is_supplied:
                return
            self._run_id = run_id
            self._state = StripeSideState(read_at=self._state.read_at, is_being_read=True)
            self._thread = threading.Thread(target=self._read, name="stripe-side", daemon=True)
            self._thread.start()

    def _read(self) -> None:
        read_at: datetime | None = None
        try:
            with contextlib.ExitStack() as held:
                with self._stoppable:
                    books = held.enter_context(self._copied())
                    index_for_timelines(books)
                read_at = books.stripe_as_of
                self._replace(_Reading(books=books, held=held.pop_all()))
        except AuditStopped:
            return
        except TrueupError as error:
            self._note(str(error))
        finally:
            with self._lock:
                self._state = StripeSideState(read_at=read_at or self._state.read_at, is_unreadable=read_at is None)

    def _copied(self) -> contextlib.AbstractContextManager[Books]:
        return copied_books(
            self._config,
            checks=(),
            now=self._clock(),
            progress=self._stoppable,
            also_of_stripe=TIMELINE_OF_STRIPE,
        )

    def _replace(self, reading: _Reading | None) -> None:
        with self._lock:
            before, self._reading = self._reading, reading
            if before is not None:
                before.is_over = True
            is_to_be_deleted = before is not None and before.is_to_be_deleted
        if before is not None and is_to_be_deleted:
            before.held.close()
