"""What can go wrong between a reader and Stripe, one function each, for ``StripeServer.inject``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.support.stripe.answers import Answer, Request
from tests.support.stripe.errors import Refused, missing, rate_limited
from tests.support.stripe.objects import JSON
from tests.support.stripe.world import StripeWorld

HTML = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>Something went wrong</h1></body></html>"


class Ending(StrEnum):
    """How a connection ends."""

    KEPT = "kept"
    RESET = "reset"
    """By a reset, as when a machine dies."""
    CLOSED = "closed"
    """In good order, but early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How an answer's bytes are sent. ``share`` is how much of the body, ``pieces`` how many writes it takes."""

    wait_seconds: float = 0
    share: float = 1
    pieces: int = 1
    pause_seconds: float = 0
    ending: Ending = Ending.KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that happens first, an answer in place of the right one, a change to the right one, or bad delivery."""

    first: Callable[[StripeWorld, Request], None] | None = None
    instead: Callable[[Request], Answer | None] | None = None
    change: Callable[[Request, JSON], Any] | None = None
    """From a body's JSON to what is sent for it: JSON, or bytes as they are."""
    delivery: Delivery | None = None


@dataclass(slots=True, kw_only=True)
class Injected:
    """A fault for some requests of an address: from the ``first`` on, ``count`` times, counted from the injection."""

    fault: Fault
    path: str
    first: int
    count: int | None
    seen: int = 0

    def strikes(self, request: Request) -> bool:
        """Count the request, and say whether it is struck. ``path`` is a route, a path, or ``*`` for all."""
        if self.path not in {"*", request.route, request.path}:
            return False
        self.seen += 1
        return self.first <= self.seen and (self.count is None or self.seen < self.first + self.count)


def too_many_requests(
    *, reason: str = "global-rate", retry_after: int | None = None, should_retry: bool | None = None
) -> Fault:
    """429."""
    return _refusing(rate_limited(reason=reason, retry_after=retry_after, should_retry=should_retry))


def server_error(status: int = 500, *, should_retry: bool | None = None) -> Fault:
    """A 5xx in Stripe's shape."""
    headers = {} if should_retry is None else {"Stripe-Should-Retry": str(should_retry).lower()}
    message = "An unexpected error occurred while processing the request."
    return _refusing(Refused(status=status, message=message, type="api_error", headers=headers))


def html_page(status: int = 200) -> Fault:
    """A page for people, from something between."""
    return Fault(instead=lambda _: Answer(status=status, body=HTML, content_type="text/html"))


def reset_in_body(share: float = 0.5) -> Fault:
    """A reset in the middle of the body."""
    return Fault(delivery=Delivery(share=share, ending=Ending.RESET))


def closed_in_body(share: float = 0.5) -> Fault:
    """The connection closed before the body's announced length."""
    return Fault(delivery=Delivery(share=share, ending=Ending.CLOSED))


def reset_at_once() -> Fault:
    """A reset in place of an answer."""
    return Fault(delivery=Delivery(share=-1, ending=Ending.RESET))


def truncated(share: float = 0.5) -> Fault:
    """A whole answer by its length, whose JSON breaks off."""

    def cut(_: Request, body: JSON) -> bytes:
        whole = json.dumps(body).encode()
        return whole[: int(len(whole) * share)]

    return Fault(change=cut)


def slow(seconds: float) -> Fault:
    """An answer that begins late."""
    return Fault(delivery=Delivery(wait_seconds=seconds))


def dribbling(*, pieces: int = 10, pause_seconds: float = 0.05) -> Fault:
    """An answer in small pieces."""
    return Fault(delivery=Delivery(pieces=pieces, pause_seconds=pause_seconds))


def dying_cursor(noun: str = "object") -> Fault:
    """The cursor's object has left the list. A request without a cursor is answered rightly."""

    def refuse(request: Request) -> Answer | None:
        for name in ("starting_after", "ending_before"):
            for pair in request.query.split("&"):
                if pair.startswith(f"{name}="):
                    raise missing(noun, pair.partition("=")[2], param=name)
        return None

    return Fault(instead=refuse)


def empty_page() -> Fault:
    """A page with nothing on it that says there is more."""
    return Fault(change=lambda _, body: body | {"data": [], "has_more": True})


@dataclass(slots=True)
class _Repeating:
    page: JSON | None = field(default=None)

    def __call__(self, _: Request, body: JSON) -> JSON:
        self.page = self.page or body | {"has_more": True}
        return self.page


def same_page_again() -> Fault:
    """The first page that is struck, for ever, always with more to come."""
    return Fault(change=_Repeating())


def meanwhile(happening: Callable[[StripeWorld], object]) -> Fault:
    """Something that happens in the world before the request is answered."""
    return Fault(first=lambda world, _: _ignore(happening(world)))


def revoked(permission: str) -> Fault:
    """A permission that is taken away from then on."""
    return meanwhile(lambda world: world.revoke(permission))


def expired(key: str) -> Fault:
    """A key that is taken away from then on."""
    return meanwhile(lambda world: world.expire(key))


def slipped_in(intruder: JSON) -> Fault:
    """An object at the head of the page that does not belong there: of the other mode, of another kind, a copy."""
    return Fault(change=lambda _, body: body | {"data": [intruder, *body["data"]]})


def without_fields(*names: str) -> Fault:
    """The page's objects (or the one object) without these fields."""
    return _each(lambda one: {name: found for name, found in one.items() if name not in names})


def with_fields(**odd: object) -> Fault:
    """The page's objects (or the one object) with odd values: another type, an unknown word of a newer version."""
    return _each(lambda one: one | odd)


def _each(changed: Callable[[JSON], JSON]) -> Fault:
    def change(_: Request, body: JSON) -> JSON:
        if body.get("object") == "list":
            return body | {"data": [changed(one) for one in body["data"]]}
        return changed(body)

    return Fault(change=change)


def _refusing(refused: Refused) -> Fault:
    def refuse(_: Request) -> Answer | None:
        raise dataclasses.replace(refused)

    return Fault(instead=refuse)


def _ignore(_: object) -> None:
    return None
