"""Accept connections: as many as there is room for, and none while the system has no free descriptors.

The event loop's own way, when descriptors are gone, is to try again thousands of times in a row and to write a
traceback each time (https://github.com/python/cpython/issues/151615).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import resource
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from trueup.web.connections import ClientConnection, least_loss, network_of, refusal_of_another

if TYPE_CHECKING:
    from trueup.model.settings import ServerSettings

RESERVED_DESCRIPTORS = 96
"""Descriptors kept for everything but clients: the store, the app's database, an audit's files, the log."""

FEWEST_CONNECTIONS = 16
REST_SECONDS = 1.0
AT_ONCE = 8
"""Connections accepted in one go: until they are set up, none of them can give its place to another."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_TRANSIENT = frozenset({errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.EHOSTUNREACH})


def room(wanted: int) -> int:
    """How many connections there may be: as many as the config allows, if this process may have so many descriptors."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(FEWEST_CONNECTIONS, min(wanted, soft - RESERVED_DESCRIPTORS))


class Acceptor:
    """Accepts connections of one listening socket, within the limits.

    A new connection for which there is no room takes the place of the one that has waited longest for its request. It
    is refused only where all are being answered. ``say`` logs an event.
    """

    def __init__(
        self,
        listening: socket.socket,
        *,
        make: Callable[[], ClientConnection],
        connections: Iterable[ClientConnection],
        settings: ServerSettings,
        say: Callable[..., None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._make = make
        self._connections = connections
        self._limit = room(settings.max_connections)
        self._limit_per_address = settings.max_connections_per_address
        self._proxies = [ipaddress.ip_network(proxy) for proxy in settings.trusted_proxies]
        self._say = say
        self._pending: dict[asyncio.Task[object], str] = {}
        self._resting: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin or continue to accept."""
        self._resting = None
        self._listening.settimeout(0)
        self._loop.add_reader(self._listening, self._accept)

    def close(self) -> None:
        """Accept no more."""
        if self._resting is not None:
            self._resting.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        for _ in range(AT_ONCE - len(self._pending)):
            try:
                accepted, address = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _TRANSIENT:
                    continue
                if error.errno not in _EXHAUSTED:
                    raise
                self._rest(error)
                return
            self._admit(accepted, str(address[0]))

    def _rest(self, error: OSError) -> None:
        """Leave clients in the system's queue for a while, and make room by closing connections that wait longest."""
        self._say("cannot accept connections", reason=error.strerror)
        self._loop.remove_reader(self._listening)
        longest = least_loss(self._connections)
        if longest is not None:
            longest.transport.abort()
        self._resting = self._loop.call_later(REST_SECONDS, self.start)

    def _admit(self, accepted: socket.socket, address: str) -> None:
        accepted.settimeout(0)
        if not self._has_room(address):
            self._say("refused connections", reason="all open connections are being answered")
            # A new socket accepts this much at once; a client that went away already needs no answer.
            with accepted, contextlib.suppress(OSError):
                accepted.send(refusal_of_another())
            return
        task: asyncio.Task[object] = self._loop.create_task(self._connect(accepted))
        self._pending[task] = network_of(address)
        task.add_done_callback(self._pending.pop)

    async def _connect(self, accepted: socket.socket) -> None:
        await self._loop.connect_accepted_socket(self._make, accepted)

    def _has_room(self, address: str) -> bool:
        """Whether one more connection may be accepted, after one was closed for it where that was needed."""
        here = [each for each in self._connections if not each.transport.is_closing()]
        network = network_of(address)
        if not self._is_proxy(network):
            beside = [each for each in here if each.network == network]
            coming = sum(each == network for each in self._pending.values())
            if len(beside) + coming >= self._limit_per_address:
                return self._ended_one(beside)
        return len(here) + len(self._pending) < self._limit or self._ended_one(here)

    def _ended_one(self, connections: Iterable[ClientConnection]) -> bool:
        longest = least_loss(connections)
        if longest is None:
            return False
        self._say("closed waiting connections", reason="there were too many")
        longest.transport.abort()
        return True

    def _is_proxy(self, address: str) -> bool:
        try:
            read = ipaddress.ip_address(address.partition("/")[0])
        except ValueError:
            return False
        return any(read in network for network in self._proxies)
