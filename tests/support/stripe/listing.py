"""Which objects are on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from tests.support.stripe.errors import missing, other_mode
from tests.support.stripe.objects import DAY, JSON
from tests.support.stripe.query import FAR, Query
from tests.support.stripe.resources import Resource
from tests.support.stripe.storage import Collection, Place, Record
from tests.support.stripe.world import ENDED, StripeWorld

HORIZON_SECONDS = 30 * DAY
"""How long an event can be asked for."""

Belongs = Callable[[Record], bool]


def page(world: StripeWorld, resource: Resource, query: Query, *, livemode: bool) -> tuple[list[Record], bool]:
    """The page, newest first, and whether there are more in the direction of travel."""
    held = world.collections[resource.object]
    belongs = _filter(resource, query, livemode=livemode, horizon=horizon(world, resource))
    low, high = (query.since, ""), (query.until + 1, "")
    if query.starting_after is not None:
        high = min(high, _cursor(held, query.starting_after, "starting_after", belongs=belongs, livemode=livemode))
    if query.ending_before is not None:
        low = max(low, _cursor(held, query.ending_before, "ending_before", belongs=belongs, livemode=livemode))
    is_upward = query.ending_before is not None
    places = held.places(_indexable(resource, query))
    walked = held.walk(places, low=low, high=high, is_upward=is_upward)
    found = list(islice(filter(belongs, walked), query.limit + 1))
    has_more = len(found) > query.limit
    found = found[: query.limit]
    return (found[::-1] if is_upward else found), has_more


def horizon(world: StripeWorld, resource: Resource) -> int:
    """Before when nothing is listed."""
    return world.time() - HORIZON_SECONDS if resource.object == "event" else -FAR


def _indexable(resource: Resource, query: Query) -> dict[str, str]:
    several = {"all", "ended"} if resource.object == "subscription" else set()
    return {name: wanted for name, wanted in query.equals.items() if wanted not in several and "*" not in wanted}


def _filter(resource: Resource, query: Query, *, livemode: bool, horizon: int) -> Belongs:
    tests = list(_tests(resource, query))

    def belongs(one: Record) -> bool:
        if one.livemode != livemode or one.is_deleted or one.created < horizon:
            return False
        return all(test(one) for test in tests)

    return belongs


def _tests(resource: Resource, query: Query) -> Iterator[Belongs]:
    position = {name: number for number, name in enumerate(resource.filters)}
    equals = dict(query.equals)
    if resource.object == "subscription":
        match equals.pop("status", None):
            case None:
                yield lambda one: one.values[position["status"]] != "canceled"
            case "all":
                pass
            case "ended":
                yield lambda one: one.values[position["status"]] in ENDED
            case status:
                yield lambda one: one.values[position["status"]] == status
    if query.types:
        yield lambda one: one.values[position["type"]] in query.types
    for name, wanted in equals.items():
        yield _equal(position[name], wanted)


def _equal(position: int, wanted: str) -> Belongs:
    if wanted.endswith(".*"):
        return lambda one: str(one.values[position]).startswith(wanted[:-1])

    def equal(one: Record) -> bool:
        found = one.values[position]
        return wanted in found if isinstance(found, frozenset) else found == wanted

    return equal


def _cursor(held: Collection, named: str, param: str, *, belongs: Belongs, livemode: bool) -> Place:
    """Where a cursor stands. One whose object has left the list names nothing any more."""
    one = held.records.get(named)
    if one is not None and one.livemode != livemode:
        raise other_mode(held.resource.name, named, param=param, status=400, is_live_key=livemode)
    if one is None or not belongs(one):
        raise missing(held.resource.name, named, param=param)
    return (one.created, named)


def parts_page(parts: list[JSON], query: Query, *, noun: str) -> tuple[list[JSON], bool]:
    """The page of a list that is part of an object, which keeps the object's order."""
    ids = [part["id"] for part in parts]
    for param, named in (("starting_after", query.starting_after), ("ending_before", query.ending_before)):
        if named is not None and named not in ids:
            raise missing(noun, named, param=param)
    if query.ending_before is not None:
        end = ids.index(query.ending_before)
        start = max(0, end - query.limit)
        return parts[start:end], start > 0
    start = ids.index(query.starting_after) + 1 if query.starting_after is not None else 0
    return parts[start : start + query.limit], start + query.limit < len(parts)
