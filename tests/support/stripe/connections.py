"""HTTP/1.1 over loopback, as well or as badly as an answer is to be delivered."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from tests.support.stripe.answers import Request
from tests.support.stripe.faults import Delivery, Ending

END = b"\r\n\r\n"

Handle = Callable[[Request], tuple[bytes, bytes, Delivery]]
"""From a request to the head and the body of its answer, and how they are sent."""


class _Connection(asyncio.Protocol):
    """One client. It answers one request after the other."""

    def __init__(self, handle: Handle, open_ones: set[_Connection]) -> None:
        self._handle, self._open = handle, open_ones
        self._read = b""
        self._is_sending = False
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the library's signature
        self._open.discard(self)
        if self._waiting is not None:
            self._waiting.cancel()

    def data_received(self, data: bytes) -> None:
        self._read += data
        self._next()

    def close(self) -> None:
        """Hang up, whatever is under way."""
        self._transport.abort()

    def _next(self) -> None:
        if self._is_sending or END not in self._read:
            return
        head, _, rest = self._read.partition(END)
        request, length = _parsed(head)
        if len(rest) < length:
            return
        self._read = rest[length:]
        self._is_sending = True
        head, body, delivery = self._handle(request)
        if delivery == Delivery():
            self._transport.write(head + body)
            self._sent(delivery)
        else:
            self._later(delivery.wait_seconds, self._pieces(head, body, delivery), delivery)

    @staticmethod
    def _pieces(head: bytes, body: bytes, delivery: Delivery) -> list[bytes]:
        if delivery.share < 0:
            return []
        body = body[: int(len(body) * delivery.share)]
        size = max(1, -(-len(body) // delivery.pieces))
        return [head, *(body[start : start + size] for start in range(0, len(body), size))]

    def _later(self, seconds: float, pieces: list[bytes], delivery: Delivery) -> None:
        self._waiting = asyncio.get_running_loop().call_later(seconds, self._send, pieces, delivery)

    def _send(self, pieces: list[bytes], delivery: Delivery) -> None:
        if self._transport.is_closing():
            return
        if pieces:
            self._transport.write(pieces[0])
            self._later(delivery.pause_seconds, pieces[1:], delivery)
        else:
            self._sent(delivery)

    def _sent(self, delivery: Delivery) -> None:
        self._is_sending = False
        match delivery.ending:
            case Ending.RESET:
                self._reset()
            case Ending.CLOSED:
                self._transport.close()
            case Ending.KEPT:
                self._next()

    def _reset(self) -> None:
        """Close with nothing lingering, which the other side sees as a reset."""
        connected = self._transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


def _parsed(head: bytes) -> tuple[Request, int]:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    path, _, query = target.partition("?")
    headers = {}
    for line in lines:
        name, _, found = line.partition(":")
        headers[name.lower()] = found.strip()
    return Request(method=method, path=path, query=query, headers=headers), int(headers.get("content-length", 0))


async def serve(handle: Handle, listener: socket.socket, stop: asyncio.Event) -> None:
    """Take connections until ``stop``; then none is left open."""
    open_ones: set[_Connection] = set()
    loop = asyncio.get_running_loop()
    running = await loop.create_server(lambda: _Connection(handle, open_ones), sock=listener)
    await stop.wait()
    running.close()
    for one in list(open_ones):
        one.close()
    while open_ones:
        await asyncio.sleep(0)
    await running.wait_closed()


def bound(port: int = 0) -> tuple[socket.socket, str]:
    """A listener on loopback, and its address."""
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"
