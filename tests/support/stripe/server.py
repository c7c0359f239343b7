"""The server: real HTTP/1.1 over loopback, one event loop in a thread, connections kept alive."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

from tests.support.stripe.answers import Answer, Request, answer
from tests.support.stripe.connections import bound, serve
from tests.support.stripe.errors import Refused, masked, rate_limited
from tests.support.stripe.faults import Delivery, Fault, Injected
from tests.support.stripe.world import FULL_KEY, KEY, TEST_KEY, StripeWorld


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that came. Keys are masked."""

    method: str
    path: str
    route: str
    query: str
    version: str | None
    idempotency_key: str | None
    key: str
    status: int
    at: float


@dataclass(slots=True, kw_only=True)
class Budget:
    """Requests a second, as a bucket that holds one second's worth."""

    requests_per_second: float
    retry_after: int | None = None
    reason: str = "global-rate"
    _left: float = 0
    _at: float | None = None

    def spend(self, now: float) -> None:
        """Take one request. Raises ``Refused`` with 429 when there is none left."""
        if self._at is None:
            self._left, self._at = self.requests_per_second, now
        self._left = min(self.requests_per_second, self._left + (now - self._at) * self.requests_per_second)
        self._at = now
        if self._left < 1:
            raise rate_limited(reason=self.reason, retry_after=self.retry_after)
        self._left -= 1


@dataclass(slots=True, kw_only=True)
class StripeServer:
    """A running server. ``requests`` holds all that came, in order."""

    world: StripeWorld
    url: str = ""
    budget: Budget | None = None
    key: str = KEY
    full_key: str = FULL_KEY
    test_key: str = TEST_KEY
    control: Callable[[StripeServer, Request], Answer] | None = None
    """Answers what is asked below ``/test/``, which is no part of Stripe and is not counted."""
    requests: list[Asked] = field(default_factory=list)
    _faults: list[Injected] = field(default_factory=list)
    _number: int = 0

    @property
    def counts(self) -> Counter[str]:
        """How often each route was asked: ``/v1/customers``, ``/v1/customers/{id}``."""
        return Counter(asked.route for asked in self.requests)

    def inject(self, path: str, fault: Fault, *, first: int = 1, count: int | None = 1) -> Injected:
        """Strike ``count`` requests (all where None) of a route from the ``first`` on.

        Several faults of one request add up; of several answers and of several deliveries, the first injected is used.
        """
        injected = Injected(fault=fault, path=path, first=first, count=count)
        with self.world.lock:
            self._faults.append(injected)
        return injected

    def heal(self) -> None:
        """Drop all faults."""
        with self.world.lock:
            self._faults.clear()

    def forget(self) -> None:
        """Count from nothing again."""
        with self.world.lock:
            self.requests.clear()

    def limit(self, requests_per_second: float, *, retry_after: int | None = None, reason: str = "global-rate") -> None:
        """Answer 429 beyond this rate."""
        self.budget = Budget(requests_per_second=requests_per_second, retry_after=retry_after, reason=reason)

    def handle(self, request: Request) -> tuple[bytes, bytes, Delivery]:
        """The head and the body of the answer, and how they are to be sent."""
        if self.control is not None and request.path.startswith("/test/"):
            own = self.control(self, request)
            return _head(own, {}), own.body, Delivery()
        with self.world.lock:
            struck = [one.fault for one in self._faults if one.strikes(request)]
            self._number += 1
            request_id = f"req_{self._number:014d}"
            given = self._answer(request, struck, request_id)
            self._record(request, given.status)
        head = _head(given, self._headers(request, request_id))
        return head, given.body, next((one.delivery for one in struck if one.delivery), Delivery())

    def _answer(self, request: Request, struck: list[Fault], request_id: str) -> Answer:
        try:
            for fault in struck:
                if fault.first is not None:
                    fault.first(self.world, request)
            for fault in struck:
                given = fault.instead(request) if fault.instead is not None else None
                if given is not None:
                    return given
            if self.budget is not None:
                self.budget.spend(time.monotonic())
            return _changed(answer(self.world, request), request, struck)
        except Refused as refused:
            return Answer(status=refused.status, body=refused.body(request_id), headers=refused.headers)

    def _headers(self, request: Request, request_id: str) -> dict[str, str]:
        version = request.headers.get("stripe-version", self.world.default_version)
        date = formatdate(self.world.time(), usegmt=True)
        headers = {"Server": "nginx", "Date": date, "Request-Id": request_id, "Stripe-Version": version}
        for name, shown in (("stripe-account", "Stripe-Account"), ("idempotency-key", "Idempotency-Key")):
            if name in request.headers:
                headers[shown] = request.headers[name]
        return headers

    def _record(self, request: Request, status: int) -> None:
        asked = Asked(
            method=request.method,
            path=request.path,
            route=request.route,
            query=request.query,
            version=request.headers.get("stripe-version"),
            idempotency_key=request.headers.get("idempotency-key"),
            key=masked(request.headers.get("authorization", "").partition(" ")[2]),
            status=status,
            at=time.monotonic(),
        )
        self.requests.append(asked)


def _changed(given: Answer, request: Request, struck: list[Fault]) -> Answer:
    changes = [fault.change for fault in struck if fault.change is not None]
    if not changes:
        return given
    body = json.loads(given.body)
    for change in changes:
        body = change(request, body)
    return Answer(body=body if isinstance(body, bytes) else json.dumps(body).encode())


def _head(given: Answer, headers: dict[str, str]) -> bytes:
    every = headers | {"Content-Type": given.content_type, "Content-Length": str(len(given.body))} | given.headers
    lines = "".join(f"{name}: {found}\r\n" for name, found in every.items())
    return f"HTTP/1.1 {given.status} {HTTPStatus(given.status).phrase}\r\n{lines}\r\n".encode()


@contextlib.contextmanager
def stripe_server(world: StripeWorld, *, port: int = 0) -> Iterator[StripeServer]:
    """Serve a world from a thread of this process."""
    listener, url = bound(port)
    server = StripeServer(world=world, url=url)
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(serve(server.handle, listener, stop))

    thread = threading.Thread(target=run, name="stripe-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
