"""A client's connection: how long a request may take to arrive, and which input is not a request at all.

The library's own timeout (``timeout_keep_alive``) starts again at every byte, and limits only the pause between two
requests. Here the head of a request has one deadline and its body another, even if bytes keep trickling in.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import Iterable
from enum import IntEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from trueup.web.headers import SECURITY
from trueup.web.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

HEADERS_LIMIT = 100
HEAD_BYTES_LIMIT = 16 * 1024
IPV6_PREFIX = 64
"""A customer of a provider has at least as many addresses as this prefix leaves free."""

_RETRY_SECONDS = "5"


class Stage(IntEnum):
    """How far a connection's request has come. The lower the stage, the less is lost when the connection is closed."""

    IDLE = 0
    """Between two requests, or before the first."""
    HEAD = 1
    BODY = 2
    ANSWERING = 3


class ClientConnection(H11Protocol):
    """The library's protocol with a deadline for each part of a request.

    ``timeout_seconds`` limits a head, a body, and a client that does not read its answer.
    """

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], *, timeout_seconds: float
    ) -> None:
        super().__init__(config, server_state, app_state)
        self.conn = _Requests(self)
        self._timeout_seconds = timeout_seconds
        self.since = time.monotonic()
        """When the present stage began."""
        self.network = ""
        self._reading: Stage | None = None
        self._stuck_since: float | None = None

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self._reading is not None:
            return self._reading
        cycle: RequestResponseCycle | None = self.cycle
        return Stage.IDLE if cycle is None or cycle.response_complete else Stage.ANSWERING

    def reads(self, stage: Stage | None) -> None:
        """Start the deadline of this part of a request; None: no part is expected."""
        self._reading = stage
        self.since = time.monotonic()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The client connected, and its first request is expected."""
        super().connection_made(transport)
        self.network = network_of(self.client[0] if self.client else "")

    def data_received(self, data: bytes) -> None:
        """The first bytes after an answer begin the next head."""
        if self.stage is Stage.IDLE:
            self.reads(Stage.HEAD)
        super().data_received(data)

    def on_response_complete(self) -> None:
        """The rest of the body must arrive within the body's deadline."""
        if self._reading is None:
            self.since = time.monotonic()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read its answer."""
        self._stuck_since = time.monotonic()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It does."""
        self._stuck_since = None
        super().resume_writing()

    def shutdown(self) -> None:
        """The server is stopping: a request that has not arrived completely is refused."""
        if self.stage is Stage.BODY:
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "The server is stopping.")
        else:
            super().shutdown()

    def close_if_late(self, now: float) -> bool:
        """Close the connection if its present part has taken too long; return whether it had."""
        limit = now - self._timeout_seconds
        if self._stuck_since is not None and self._stuck_since < limit:
            self.transport.abort()
            return True
        if self.transport.is_closing():
            # Closing waits for the client to read what was written, which has no limit of ours.
            self._stuck_since = self._stuck_since or now
            return False
        if self.stage is Stage.ANSWERING or self.since >= limit:
            return False
        if self.stage is Stage.IDLE:
            self.transport.close()
            return False
        self.refuse(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.")
        return True

    def refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer this, where nothing was answered yet, and close the connection."""
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        is_answered = cycle is not None and cycle.response_started and not cycle.response_complete
        if not is_answered and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.write(_answer(status, detail))
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Answer a client that asks for another protocol in this one, without a line in the log."""


class _Requests(h11.Connection):
    """The parser: it reports how far a request has come, and refuses what two servers could read differently."""

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__(h11.SERVER, HEAD_BYTES_LIMIT)
        self._connection = connection

    def next_event(self) -> type[h11.NEED_DATA | h11.PAUSED] | h11.Event:
        """The next part of a request; None after a request that was refused."""
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            return self._refused(HTTPStatus(error.error_status_hint), "This is not a valid HTTP request.")
        match event:
            case h11.Request():
                names = [name for name, _ in event.headers]
                size = len(event.target) + sum(len(name) + len(value) for name, value in event.headers)
                if len(names) > HEADERS_LIMIT or size > HEAD_BYTES_LIMIT:
                    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                    limits = f"{HEADERS_LIMIT} headers and {HEAD_BYTES_LIMIT:,} bytes before its body"
                    return self._refused(status, f"A request may have at most {limits}.")
                if b"transfer-encoding" in names and (b"content-length" in names or event.http_version == b"1.0"):
                    return self._refused(HTTPStatus.BAD_REQUEST, "The length of the body is given in two ways.")
                self._connection.reads(Stage.BODY)
            case h11.EndOfMessage():
                self._connection.reads(None)
        return event

    def _refused(self, status: HTTPStatus, detail: str) -> type[h11.NEED_DATA]:
        self._connection.refuse(status, detail)
        return h11.NEED_DATA


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the IPv6 network that one client gets."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv4Address):
        return address
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ipaddress.ip_network(f"{read}/{IPV6_PREFIX}", strict=False))


def least_loss(connections: Iterable[ClientConnection]) -> ClientConnection | None:
    """The connection whose closing loses least: one that is not being answered and has waited longest."""
    waiting = [each for each in connections if each.stage is not Stage.ANSWERING and not each.transport.is_closing()]
    return min(waiting, key=lambda each: (each.stage, each.since), default=None)


def refusal_of_another() -> bytes:
    """The answer to a connection for which there is no room."""
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "There are too many connections; try again later.")


def _answer(status: HTTPStatus, detail: str) -> bytes:
    """A whole answer in the shape of all others, for input that never became a request."""
    body = json.dumps({"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}).encode()
    headers = {
        **SECURITY,
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
        **({"Retry-After": _RETRY_SECONDS} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}),
    }
    lines = [f"HTTP/1.1 {int(status)} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
