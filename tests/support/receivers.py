"""Servers on loopback that take what channels send, and answer as a test says.

They speak real HTTP and SMTP over real TLS. They keep nothing but what arrived, in order, and know no connection that
outlives one message.
"""

from __future__ import annotations

import contextlib
import http.server
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.databases import free_port
from tests.support.identity import Authority

Reply = Callable[[], Iterable[bytes]]
"""The raw bytes of an answer, piece by piece; making a piece may take its time."""


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> Reply:
    """A plain answer; a header's name is written with underscores."""
    named = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return lambda: [f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body]


def late(seconds: float, piece: bytes) -> bytes:
    """The piece, after some time."""
    time.sleep(seconds)
    return piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What arrived. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


class HTTPSink:
    """An HTTP server. ``replies`` are used one by one, the last one again and again."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.port = int(server.server_address[1])

    @property
    def url(self) -> str:
        """Its address, with a path that is a secret."""
        return f"{self._server.scheme}://127.0.0.1:{self.port}/services/T0/{SECRET_PATH}"

    @property
    def received(self) -> list[Request]:
        """The requests so far."""
        return self._server.received

    def reply(self, *replies: Reply) -> None:
        """Answer like this from now on."""
        self._server.replies = list(replies)


SECRET_PATH = "B0-s3cr3t-path"


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.scheme = "https" if context else "http"
        self.received: list[Request] = []
        self.replies: list[Reply] = [answer()]
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        with request:
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        self.server.received.append(Request(method=self.command, path=self.path, headers=headers, body=body))
        replies = self.server.replies
        for piece in (replies.pop(0) if len(replies) > 1 else replies[0])():
            self.wfile.write(piece)
            self.wfile.flush()
        self.close_connection = True

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's signature
        """Nothing is printed."""


@contextlib.contextmanager
def http_sink(context: ssl.SSLContext | None) -> Iterator[HTTPSink]:
    """A running sink; encrypted where there is a context."""
    with _Server(context) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield HTTPSink(server)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that this run's sinks have their certificates from."""
    return Authority.founded_in(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def sink(authority: Authority) -> Iterator[HTTPSink]:
    """An HTTPS sink that is 127.0.0.1 and ``sink.example``."""
    with http_sink(authority.server("127.0.0.1", "sink.example")) as running:
        yield running


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """What a mail server took, and whom it refuses: an answer per recipient."""

    mails: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    authenticated: list[bool] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802 - the library finds it by its name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        self.encrypted.append(session.ssl is not None)
        self.authenticated.append(bool(session.authenticated))
        return "250 OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSink:
    """A running mail server."""

    port: int
    mailbox: Mailbox


USER = "trueup"
PASSWORD = "m4il-pass%word"


@contextlib.contextmanager
def mail_sink(context: ssl.SSLContext | None, *, implicit: bool = False, login: bool = False) -> Iterator[MailSink]:
    """A mail server: with STARTTLS where there is a context, encrypted from the first byte where ``implicit``."""
    mailbox = Mailbox()
    tls: dict[str, Any] = {"ssl_context": context} if implicit else {"tls_context": context}
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=_authenticate if login else None,
        auth_required=login and not implicit,
        auth_require_tls=not implicit,  # the library knows no encryption but STARTTLS, and so requires no login then
        **tls,
    )
    controller.start()
    try:
        yield MailSink(port=controller.port, mailbox=mailbox)
    finally:
        controller.stop()


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@contextlib.contextmanager
def tcp_script(*pieces: Callable[[], bytes]) -> Iterator[int]:
    """A server that says these pieces to whoever connects, without listening, then waits. Yields its port."""
    done = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                for piece in pieces:
                    self.request.sendall(piece())
                done.wait(30)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            done.set()
            server.shutdown()
            thread.join()
