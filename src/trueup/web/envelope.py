"""What surrounds every request: its id, its line in the log, the headers of its answer, and HEAD."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trueup.web.headers import REQUEST_ID, SECURITY
from trueup.web.logs import logger
from trueup.web.meters import Meters
from trueup.web.notes import Notes, begin

FAILED = 500


@dataclass(frozen=True, slots=True)
class Envelope:
    """ASGI middleware. ``templates`` are the routes' paths by their endpoints: log and meters show those and not the
    path, which may name a person.
    """

    app: ASGIApp
    templates: Mapping[Callable[..., Any] | None, str]
    meters: Meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        noted = begin(scope)
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        answer = _Answer(send=send, noted=noted, empty=inner is not scope)
        started = time.perf_counter()
        try:
            await self.app(inner, receive, answer)
        finally:
            # Without a status the failure passes through here on its way to the handler that answers 500.
            seconds = time.perf_counter() - started
            method, status = scope["method"], answer.status or FAILED
            route = self.templates.get(inner.get("endpoint"))
            self.meters.request(method=method, route=route, status=status, seconds=seconds)
            logger().info(
                "request",
                requestId=noted.request_id,
                method=method,
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                actor=noted.actor,
                errorId=noted.error_id if noted.failed or answer.status is None else None,
            )


@dataclass(slots=True, kw_only=True)
class _Answer:
    """Sends the answer on with trueup's headers, and without its body for a HEAD request."""

    send: Send
    noted: Notes
    empty: bool
    status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
            headers[REQUEST_ID] = self.noted.request_id
        elif message["type"] == "http.response.body" and self.empty:
            message = {**message, "body": b""}
        await self.send(message)
