"""Connections for reading that are kept between uses: connecting takes longer than reading one account's rows."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

KEPT_SECONDS = 30
"""How old a kept connection may be. After a failover it may lead to a server that lags behind without knowing."""


class KeptConnections:
    """A few connections of one engine, each lent to one reader at a time; none of them is in a transaction meanwhile.

    A connection on which anything failed is closed and never lent again.
    """

    def __init__(self, engine: Engine) -> None:
        """``engine`` opens a connection whenever it is asked for one. Until ``keep`` is called, none is kept."""
        self._engine = engine
        self._lock = threading.Lock()
        self._spare: list[tuple[Connection, float]] = []
        self._most = 0
        self._closings = 0

    def keep(self, most: int) -> None:
        """Keep so many at most from now on."""
        self._most = most

    def close(self) -> None:
        """Close those that are kept now, and those that are lent now as soon as they come back."""
        with self._lock:
            spare, self._spare = self._spare, []
            self._closings += 1
        for connection, _ in spare:
            _discard(connection)

    @contextlib.contextmanager
    def lent(self, begin: Callable[[Connection], None]) -> Iterator[Connection]:
        """A connection on which ``begin`` has opened a transaction, which ends with this.

        Where a kept one turns out to be closed, the next is tried, and then a new one. Raises what ``begin`` raises on
        a new one.
        """
        closings = self._closings
        with contextlib.ExitStack() as unless_kept:
            connection, opened_at = self._begin(begin)
            unless_kept.callback(_discard, connection)
            yield connection
            connection.rollback()
            with self._lock:
                if closings == self._closings and len(self._spare) < self._most:
                    self._spare.append((connection, opened_at))
                    unless_kept.pop_all()

    def _begin(self, begin: Callable[[Connection], None]) -> tuple[Connection, float]:
        while (taken := self._take()) is not None:
            connection, opened_at = taken
            if _begins_again(connection, opened_at, begin):
                return connection, opened_at
        with contextlib.ExitStack() as unless_begun:
            connection, opened_at = self._engine.connect(), time.monotonic()
            unless_begun.callback(_discard, connection)
            begin(connection)
            unless_begun.pop_all()
        return connection, opened_at

    def _take(self) -> tuple[Connection, float] | None:
        with self._lock:
            return self._spare.pop() if self._spare else None


def _begins_again(connection: Connection, opened_at: float, begin: Callable[[Connection], None]) -> bool:
    """Begin on a kept connection, or discard it: one that was ended while it was idle, or that is too old."""
    with contextlib.ExitStack() as unless_begun:
        unless_begun.callback(_discard, connection)
        if time.monotonic() - opened_at < KEPT_SECONDS:
            with contextlib.suppress(DBAPIError):  # a new one shows whether the database is there
                begin(connection)
                unless_begun.pop_all()
                return True
    return False


def _discard(connection: Connection) -> None:
    """Close it without a message to the server that might wait for an answer."""
    with contextlib.suppress(DBAPIError):
        connection.invalidate()
        connection.close()
