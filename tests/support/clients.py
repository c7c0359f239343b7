"""Clients of a server that do not behave: they send half a request, or a byte at a time, or never read."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: here\r\nX-Half: "


def connected(address: str, *, seconds: float = 30) -> socket.socket:
    """A connection to the server."""
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=seconds)


@contextlib.contextmanager
def crowd(address: str, count: int, *, sending: bytes = HALF_A_HEAD) -> Iterator[list[socket.socket]]:
    """So many connections at once, each of which has sent this much and no more."""
    with contextlib.ExitStack() as held:
        clients = []
        for _ in range(count):
            client = held.enter_context(connected(address))
            with contextlib.suppress(ConnectionError):
                client.sendall(sending)
            clients.append(client)
        yield clients


def answer(client: socket.socket) -> tuple[int | None, bytes]:
    """The status and all that the server sends until it closes; None where it sends nothing."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := client.recv(65536):
            received += part
    status = re.match(rb"HTTP/1\.1 ([0-9]{3}) ", received)
    return int(status[1]) if status else None, received


def exchanged(address: str, request: bytes, *, seconds: float = 30) -> tuple[int | None, bytes]:
    """What is answered to these bytes until the server closes."""
    with connected(address, seconds=seconds) as client:
        client.sendall(request)
        return answer(client)


def trickled(address: str, head: bytes, *, every_seconds: float, limit_seconds: float) -> tuple[float, int | None]:
    """Send a byte now and then after ``head``, until the server closes: after how long it does, and its status."""
    started = time.monotonic()
    with connected(address) as client:
        client.sendall(head)
        client.settimeout(every_seconds)
        received = b""
        while time.monotonic() - started < limit_seconds:
            try:
                part = client.recv(65536)
            except TimeoutError:
                with contextlib.suppress(ConnectionError):
                    client.sendall(b"x")
                continue
            except ConnectionError:
                break
            if not part:
                break
            received += part
        status = re.match(rb"HTTP/1\.1 ([0-9]{3}) ", received)
        return time.monotonic() - started, int(status[1]) if status else None


def limited_to(descriptors: int, command: Sequence[str]) -> tuple[str, ...]:
    """The command in a process that may have no more descriptors than this."""
    return ("sh", "-c", f'ulimit -n {descriptors} && exec "$@"', "sh", *command)
