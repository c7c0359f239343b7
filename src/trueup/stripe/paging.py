"""A list of Stripe's, page by page: to its end, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trueup.stripe.connection import JSON, StripeConnection
from trueup.stripe.failures import CursorDied, NotRead, Passing

PAGE = 100
"""The most that Stripe puts on a page."""

_RESTARTS_WITHOUT_PROGRESS = 3


@dataclass(slots=True, kw_only=True)
class Position:
    """How far down a list, newest first, everything was read: the second down to which all objects are here.

    ``oldest`` is None before the first page, and while the order of the list cannot be relied on.
    """

    oldest: int | None = None
    is_ordered: bool = True

    def pass_over(self, objects: Sequence[JSON]) -> None:
        """These objects were read."""
        for item in objects:
            created: Any = item.get("created")
            is_moment = isinstance(created, int) and not isinstance(created, bool)
            if is_moment and (self.oldest is None or created <= self.oldest):
                self.oldest = created
            else:
                self.is_ordered = False

    @property
    def resume_from(self) -> int | None:
        """The second to begin at again: it may hold more than was read, so it is asked again whole."""
        return self.oldest if self.is_ordered else None


@dataclass(slots=True)
class _Chain:
    """Pages that follow each other by cursor."""

    cursor: str | None = None
    previous: frozenset[str] = frozenset()
    cursors: set[str] = field(default_factory=set)

    def accept(self, answer: JSON) -> None:
        """Raises ``Passing`` for an answer that is no page, or not the next one."""
        data = answer.get("data")
        if not isinstance(data, list) or not isinstance(answer.get("has_more"), bool):
            raise Passing("Stripe answered with something that is no list")
        if not all(isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"] for item in data):
            raise Passing("Stripe listed something without an id")
        if answer["has_more"] and not data:
            raise Passing("Stripe sent an empty page and said that there is more")
        if any(item["id"] in self.previous for item in data) or (data and data[-1]["id"] in self.cursors):
            raise Passing("Stripe sent a page again")

    def follow(self, data: Sequence[JSON]) -> None:
        """Go on after this page."""
        self.cursor = data[-1]["id"]
        self.previous = frozenset(item["id"] for item in data)
        self.cursors.add(data[-1]["id"])


def pages(
    connection: StripeConnection,
    path: str,
    parameters: Mapping[str, Any],
    *,
    position: Position | None = None,
    page_size: int = PAGE,
) -> Iterator[list[JSON]]:
    """The pages of a list, newest objects first. An object may come twice, where a page had to be asked for again.

    With a ``position``, the list can be filtered by ``created``: it begins there, follows what was read, and where a
    cursor dies the list goes on at the last second that was read. Without one it begins again, and what came before
    comes again. Raises ``NotRead``.
    """
    without_progress = 0
    while True:
        start = position.resume_from if position else None
        try:
            yield from _chain(connection, path, _from(parameters, start), position=position, page_size=page_size)
        except CursorDied:
            end = position.resume_from if position else None
            without_progress = 0 if end != start else without_progress + 1
            if without_progress >= _RESTARTS_WITHOUT_PROGRESS:
                raise NotRead("its objects leave the list faster than it can be read") from None
        else:
            return


def _from(parameters: Mapping[str, Any], start: int | None) -> dict[str, Any]:
    if start is None:
        return dict(parameters)
    return {**parameters, "created": {**parameters.get("created", {}), "lte": start}}


def _chain(
    connection: StripeConnection, path: str, parameters: Mapping[str, Any], *, position: Position | None, page_size: int
) -> Iterator[list[JSON]]:
    chain = _Chain()
    while True:
        asked = {**parameters, "limit": page_size, **({"starting_after": chain.cursor} if chain.cursor else {})}
        answer = connection.get(path, asked, accept=chain.accept)
        data: list[JSON] = answer["data"]
        if position is not None:
            position.pass_over(data)
        if data:
            yield data
            chain.follow(data)
        if not answer["has_more"]:
            return


def read_whole_sublist(connection: StripeConnection, path: str, parameters: Mapping[str, Any]) -> list[JSON]:
    """All parts of a list inside an object, each once. Raises ``NotRead``."""
    parts_by_id = {part["id"]: part for page in pages(connection, path, parameters) for part in page}
    return list(parts_by_id.values())
