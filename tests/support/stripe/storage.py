"""Objects as they are kept: serialised, in the order of a list, with the values that lists are filtered by."""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.stripe.objects import JSON, listing
from tests.support.stripe.resources import SUBLIST_LENGTH, SUBLISTS_OF, Resource

Place = tuple[int, str]
"""Where an object stands in its list: created, then id."""

Value = str | frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Form:
    """A body that is made when it is asked for, so that 100,000 alike take little room."""

    template: bytes
    values: tuple[Any, ...]

    def __bytes__(self) -> bytes:
        return self.template % self.values


@dataclass(slots=True, kw_only=True)
class Record:
    """One object. ``values`` are those of its resource's filters, in their order."""

    id: str
    created: int
    livemode: bool
    body: bytes | Form
    values: tuple[Value, ...] = ()
    is_deleted: bool = False
    parts: dict[str, list[JSON]] | None = None
    """Lists of which the body shows nothing, or only the beginning."""

    def serialised(self) -> bytes:
        """The object as it is shown."""
        return self.body if isinstance(self.body, bytes) else bytes(self.body)

    def shown(self) -> JSON:
        """The object as it is shown, to be changed at will."""
        return dict(json.loads(self.serialised()))

    def whole(self) -> JSON:
        """The object with its lists to the end, and with those that it does not show: as it was added."""
        parts = self.parts or {}
        return self.shown() | {name: listing(every, "") for name, every in parts.items()} | self.ended()

    def ended(self) -> JSON:
        """The lists that the body shows the beginning of, to their end."""
        shown = self.shown()
        parts = self.parts or {}
        return {name: listing(every, shown[name]["url"]) for name, every in parts.items() if name in shown}


def record(resource: Resource, added: JSON, *, livemode: bool, created: int) -> Record:
    """The record of an object; its lists are cut as they are shown."""
    shown, parts = dict(added), {}
    for name, sublist in SUBLISTS_OF.get(resource.object, {}).items():
        if name not in added:
            continue
        every = list(added[name]["data"])
        if sublist.is_shown:
            shown[name] = listing(every[:SUBLIST_LENGTH], sublist.url.format(id=added["id"]))
            shown[name]["has_more"] = len(every) > SUBLIST_LENGTH
        else:
            del shown[name]
        if not sublist.is_shown or len(every) > SUBLIST_LENGTH:
            parts[name] = every
    return Record(
        id=added["id"],
        created=added.get("created", created),
        livemode=livemode,
        body=json.dumps(shown, separators=(",", ":")).encode(),
        values=tuple(value(added, one) for one in resource.filters),
        parts=parts or None,
    )


def value(of: JSON, name: str) -> Value:
    """What a filter compares with."""
    if name == "price" and of["object"] == "subscription":
        return frozenset(item["price"]["id"] for item in of["items"]["data"])
    if name == "subscription" and of["object"] == "invoice":
        details = (of.get("parent") or {}).get("subscription_details") or {}
        found = details.get("subscription")
    else:
        outer, _, inner = name.removesuffix("]").partition("[")
        found = of.get(outer)
        found = found.get(inner) if inner and isinstance(found, dict) else found
    return str(found).lower() if isinstance(found, bool) else found


@dataclass(slots=True, kw_only=True)
class Collection:
    """All objects of a resource."""

    resource: Resource
    records: dict[str, Record] = field(default_factory=dict)
    _order: list[Place] = field(default_factory=list)
    _is_sorted: bool = True
    _indexes: dict[str, dict[Value, list[Place]]] = field(default_factory=dict)

    def put(self, one: Record) -> None:
        """Add it, or put it in the place of the one with its id."""
        old = self.records.get(one.id)
        self.records[one.id] = one
        if old is None:
            self._is_sorted = self._is_sorted and (not self._order or self._order[-1] < (one.created, one.id))
            self._order.append((one.created, one.id))
        elif old.created != one.created:
            self._order = [(each.created, each.id) for each in self.records.values()]
            self._is_sorted = False
        self._indexes.clear()

    def put_many(self, many: Iterable[Record]) -> None:
        """Add objects whose ids are new."""
        for one in many:
            self.records[one.id] = one
            self._order.append((one.created, one.id))
        self._is_sorted = False
        self._indexes.clear()

    def drop(self, named: str) -> None:
        """Forget it."""
        one = self.records.pop(named)
        del self.order()[bisect.bisect_left(self.order(), (one.created, named))]
        self._indexes.clear()

    def order(self) -> list[Place]:
        """The places, oldest first."""
        if not self._is_sorted:
            self._order.sort()
            self._is_sorted = True
        return self._order

    def places(self, equals: dict[str, str]) -> list[Place]:
        """The places among which the objects with these values are, oldest first: the shortest list that is at hand."""
        lists = [self._index(name).get(wanted, []) for name, wanted in equals.items() if name != "price"]
        return min(lists, key=len, default=self.order())

    def _index(self, name: str) -> dict[Value, list[Place]]:
        if name not in self._indexes:
            position = self.resource.filters.index(name)
            index: dict[Value, list[Place]] = {}
            for place in self.order():
                index.setdefault(self.records[place[1]].values[position], []).append(place)
            self._indexes[name] = index
        return self._indexes[name]

    def walk(self, places: list[Place], *, low: Place, high: Place, is_upward: bool) -> Iterator[Record]:
        """The records strictly between two places: newest first, or upward from the oldest."""
        start, end = bisect.bisect_right(places, low), bisect.bisect_left(places, high)
        steps = range(start, end) if is_upward else range(end - 1, start - 1, -1)
        for step in steps:
            yield self.records[places[step][1]]
