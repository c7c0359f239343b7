"""The process that serves: one socket, one event loop, and a stop that loses no request."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import cast

import uvicorn
from fastapi import FastAPI

from trueup.model.errors import ConfigurationError
from trueup.model.settings import ServerSettings
from trueup.web.accepting import Acceptor
from trueup.web.connections import ClientConnection
from trueup.web.logs import Sparse, logger

DRAIN_SECONDS = 3.0
"""The time between reporting that the process is not ready and accepting no more requests."""

GRACE_SECONDS = 30
"""How long a running request may take after that. One that writes is never cut off: its thread ends by itself."""

LOOK_SECONDS = 1.0
"""The time between two looks for connections that have taken too long."""


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at this address; port 0 means any free one. Raises ``ConfigurationError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        server_socket = socket.create_server((host, port), family=family)
    except OSError as error:
        # The library appends the address to the system's words; a name that is not found has words of its own.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or "no reason given"
        place = address_of(host, port)
        raise ConfigurationError(
            f"The server cannot listen at {place}: {reason}; use another address or port."
        ) from None
    # The event loop does this only for sockets that say they are TCP, which this one's connections do not. Without it
    # an answer's body waits for the client to acknowledge its headers: 40 ms on every connection that is kept.
    server_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server_socket


def address_of(host: str, port: int) -> str:
    """An address as a browser's address line accepts it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: FastAPI, *, listening: socket.socket, settings: ServerSettings, stopping: threading.Event) -> None:
    """Serve until SIGTERM or SIGINT; then set ``stopping``, let running requests end, and return."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        http="h11",
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    _Server(config, listening=listening, settings=settings, stopping=stopping).run()


class _Server(uvicorn.Server):
    """The library's server. After a signal it first reports that it is not ready, and then ends without the signal."""

    def __init__(
        self, config: uvicorn.Config, *, listening: socket.socket, settings: ServerSettings, stopping: threading.Event
    ) -> None:
        super().__init__(config)
        self._listening = listening
        self._settings = settings
        self._stopping = stopping
        self._say = Sparse(logger())
        self._acceptor: Acceptor | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - the library's own
        """Start without the library's own listening, which knows no limits, and listen with limits instead."""
        await super().startup(sockets=[])
        self._acceptor = Acceptor(
            self._listening,
            make=self._connection,
            connections=self._connections,
            settings=self._settings,
            say=self._say,
        )
        self._acceptor.start()
        self._close_late()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - the library's own
        """Accept no more connections, and let those that are being answered end."""
        if self._acceptor is not None:
            self._acceptor.close()
        await super().shutdown(sockets=[])

    @property
    def _connections(self) -> set[ClientConnection]:
        return cast("set[ClientConnection]", self.server_state.connections)

    def _connection(self) -> ClientConnection:
        return ClientConnection(
            self.config,
            self.server_state,
            self.lifespan.state,
            timeout_seconds=self._settings.request_timeout_seconds,
        )

    def _close_late(self) -> None:
        """Close the connections that take too long, again and again; while the server stops, too."""
        now = time.monotonic()
        for connection in list(self._connections):
            if connection.close_if_late(now):
                self._say("closed slow connections")
        asyncio.get_running_loop().call_later(LOOK_SECONDS, self._close_late)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle SIGTERM and SIGINT while the server runs."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop, number)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _told_to_stop(self, number: signal.Signals) -> None:
        """Drain at the first SIGTERM; do not drain at Ctrl-C or a second signal; stop at once at a third."""
        if self.should_exit:
            self.force_exit = True
        elif self._stopping.is_set() or number == signal.SIGINT:
            self._stopping.set()
            self.should_exit = True
        else:
            self._stopping.set()
            asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._exit)

    def _exit(self) -> None:
        self.should_exit = True
