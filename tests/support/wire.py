"""A wire between a client and a database server that does something at a chosen message.

It passes on whole requests and whole answers, one after the other, and counts the client's requests over all
connections.
"""

from __future__ import annotations

import contextlib
import re
import select
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.support.protocols import Gone, MySQLSide, PostgresSide, Request, Side
from trueup.model.address import parse_address

MOST_SECONDS = 60
PORT = 5432


class Moment(StrEnum):
    """When, around one request."""

    BEFORE = "before"
    """The client has sent it; the server has not got it."""
    SENT = "sent"
    """The server has got it; its answer is not awaited."""
    WITHHELD = "withheld"
    """The server has answered; the client has not got the answer."""
    ANSWERED = "answered"
    """The client has got the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One connection through the wire. ``backend`` is the server's own number of it."""

    backend: int
    client: socket.socket
    server: socket.socket


Act = Callable[[Link], bool]
"""What happens at the chosen message; whether the wire goes on afterwards or is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something to do at the ``position``-th request from now on, or at the first that ``pattern`` is found in."""

    moment: Moment
    act: Act
    position: int = 0
    pattern: bytes | None = None


@dataclass(slots=True, kw_only=True)
class Wire:
    """The wire: ``url`` is where a client reaches the database through it."""

    url: str
    side: Side
    listener: socket.socket
    dial: Callable[[], socket.socket]
    requests: list[bytes] = field(default_factory=list)
    """What was asked since the last ``plan``."""
    is_done: bool = False
    """Whether the planned deed was done."""
    is_refusing: bool = False
    """Whether new connections are cut at once."""
    _open: int = 0
    _deed: Deed | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, deed: Deed | None) -> None:
        """Count from one again, and do this when its request comes."""
        with self._lock:
            self._deed, self.is_done, self.requests = deed, False, []

    def wait_until_quiet(self) -> None:
        """Wait until no connection is open any more, and so nothing is being done."""
        deadline = time.monotonic() + MOST_SECONDS
        while self._open:
            assert time.monotonic() < deadline, "a connection is still open"
            time.sleep(0.001)

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self._lock:
                self._open += 1
            threading.Thread(target=self._serve_until_it_ends, args=(client,), daemon=True).start()

    def _serve_until_it_ends(self, client: socket.socket) -> None:
        try:
            self._serve_one(client)
        finally:
            with self._lock:
                self._open -= 1

    def _serve_one(self, client: socket.socket) -> None:
        with client:
            if self.is_refusing:
                return
            with self.dial() as server, contextlib.suppress(OSError):
                for end in (client, server):
                    end.settimeout(MOST_SECONDS)
                    if end.family == socket.AF_INET:
                        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    link = Link(backend=self.side.startup(client, server), client=client, server=server)
                    while self._pass_one(link):
                        pass
                except Gone:
                    return

    def _pass_one(self, link: Link) -> bool:
        """Pass on one request and its answer; whether the connection goes on."""
        ready, _, _ = select.select([link.client, link.server], [], [])
        if link.server in ready:  # a word before it hangs up
            said = link.server.recv(65536)
            link.client.sendall(said)
            return bool(said)
        request = self.side.request(link.client)
        deed = self._noted(request)
        if not _done(deed, Moment.BEFORE, link):
            return False
        with contextlib.suppress(OSError):  # a server that is gone may have left its last word
            link.server.sendall(request.message)
        if not _done(deed, Moment.SENT, link) or request.is_goodbye:
            return False
        try:
            answer, goes_on = self.side.answer(link.server), True
        except Gone as gone:
            answer, goes_on = gone.rest, False
        if not _done(deed, Moment.WITHHELD, link):
            return False
        link.client.sendall(answer)
        return _done(deed, Moment.ANSWERED, link) and goes_on

    def _noted(self, request: Request) -> Deed | None:
        with self._lock:
            self.requests.append(request.message)
            deed = self._deed
            if deed is None or self.is_done:
                return None
            self.is_done = len(self.requests) == deed.position or _is_found(deed.pattern, request)
            return deed if self.is_done else None


def _done(deed: Deed | None, moment: Moment, link: Link) -> bool:
    """Do what is due now; whether the wire goes on."""
    return deed.act(link) if deed is not None and deed.moment is moment else True


def _is_found(pattern: bytes | None, request: Request) -> bool:
    return pattern is not None and re.search(pattern, request.message) is not None


@contextlib.contextmanager
def postgres_wire(url: str) -> Iterator[Wire]:
    """A wire before the Postgres at this address, which names a socket's folder."""
    folder = parse_address(url).options["host"]
    mine = Path(tempfile.mkdtemp(prefix="trueup-wire-"))
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(mine / f".s.PGSQL.{PORT}"))

        def dial() -> socket.socket:
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(Path(folder) / f".s.PGSQL.{PORT}"))
            return server

        with _served(
            Wire(url=url.replace(folder, str(mine)), side=PostgresSide(), listener=listener, dial=dial)
        ) as wire:
            yield wire
    finally:
        listener.close()
        shutil.rmtree(mine)


@contextlib.contextmanager
def mysql_wire(url: str) -> Iterator[Wire]:
    """A wire before the MySQL or MariaDB at this address."""
    hosts = parse_address(url).hosts
    host, _, port = hosts.partition(":")
    listener = socket.create_server(("127.0.0.1", 0))
    mine = f"127.0.0.1:{listener.getsockname()[1]}"

    def dial() -> socket.socket:
        return socket.create_connection((host, int(port)))

    with _served(Wire(url=url.replace(hosts, mine), side=MySQLSide(), listener=listener, dial=dial)) as wire:
        yield wire


@contextlib.contextmanager
def _served(wire: Wire) -> Iterator[Wire]:
    wire.listener.listen()
    server = threading.Thread(target=wire.serve, daemon=True)
    server.start()
    try:
        yield wire
    finally:
        wire.listener.shutdown(socket.SHUT_RDWR)
        wire.listener.close()
        server.join(MOST_SECONDS)
