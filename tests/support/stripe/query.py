"""What a list request asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from tests.support.stripe.errors import Refused, invalid
from tests.support.stripe.resources import Resource

MOST = 100
USUAL = 10
MOST_TYPES = 20
MOST_LEVELS = 4
FAR = 2**62
STATUSES = {
    "subscription": frozenset(
        {"active", "all", "canceled", "ended", "incomplete", "incomplete_expired"}
        | {"past_due", "paused", "trialing", "unpaid"}
    ),
    "invoice": frozenset({"draft", "open", "paid", "uncollectible", "void"}),
    "invoice_payment": frozenset({"canceled", "open", "paid"}),
    "checkout.session": frozenset({"complete", "expired", "open"}),
}
_INDEXED = re.compile(r"^(\w+)\[\d*\]$")


@dataclass(slots=True, kw_only=True)
class Query:
    """The parameters of a list request, checked. ``created`` is a range of seconds, both ends within."""

    limit: int = USUAL
    starting_after: str | None = None
    ending_before: str | None = None
    since: int = -FAR
    until: int = FAR
    equals: dict[str, str] = field(default_factory=dict)
    types: frozenset[str] = frozenset()
    expand: tuple[str, ...] = ()


def parameters(raw: str) -> list[tuple[str, str]]:
    """Names and values; an array's name is written without its index."""
    pairs = parse_qsl(raw, keep_blank_values=True)
    return [(_INDEXED.sub(r"\1[]", name) if _is_array(name) else name, found) for name, found in pairs]


def _is_array(name: str) -> bool:
    return name.startswith(("expand[", "types[", "lookup_keys[", "ids["))


def parse(raw: str, *, filters: Iterable[str], has_created: bool) -> Query:
    """Read a list's query string. Raises ``Refused``, as Stripe does for a parameter that the list does not have."""
    query = Query()
    for name, found in parameters(raw):
        _take(query, name, found, filters=filters, has_created=has_created)
    if query.starting_after is not None and query.ending_before is not None:
        sentence = "You may only specify one of these parameters: ending_before, starting_after."
        raise invalid(sentence, "ending_before")
    if query.types and "type" in query.equals:
        raise invalid("You may only specify one of these parameters: type, types.", "type")
    return query


def _take(query: Query, name: str, found: str, *, filters: Iterable[str], has_created: bool) -> None:
    if name == "limit":
        query.limit = _limit(found)
    elif name in {"starting_after", "ending_before"}:
        setattr(query, name, found)
    elif name == "expand[]":
        query.expand = (*query.expand, found)
    elif has_created and name.partition("[")[0] == "created":
        _narrow(query, name, found)
    elif name == "types[]" and "types" in filters:
        query.types |= {found}
        if len(query.types) > MOST_TYPES:
            raise invalid(f"The maximum number of event types is {MOST_TYPES}.", "types")
    elif name in filters:
        query.equals[name] = found
    else:
        raise unknown(name)


def unknown(name: str) -> Refused:
    """A parameter that the address does not have."""
    return invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")


def _limit(found: str) -> int:
    limit = _integer(found, "limit")
    if limit < 1:
        sentence = f"This value must be greater than or equal to 1 (it currently is '{found}')."
    elif limit > MOST:
        sentence = f"This value must be less than or equal to {MOST} (it currently is '{found}')."
    else:
        return limit
    raise invalid(sentence, "limit", "parameter_invalid_integer")


def _integer(found: str, name: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", found):
        raise invalid(f"Invalid integer: {found}", name, "parameter_invalid_integer")
    return int(found)


def _narrow(query: Query, name: str, found: str) -> None:
    moment = _integer(found, name)
    match name.removeprefix("created"):
        case "":
            query.since, query.until = max(query.since, moment), min(query.until, moment)
        case "[gte]":
            query.since = max(query.since, moment)
        case "[gt]":
            query.since = max(query.since, moment + 1)
        case "[lte]":
            query.until = min(query.until, moment)
        case "[lt]":
            query.until = min(query.until, moment - 1)
        case _:
            raise unknown(name)


def check_status(resource: Resource, query: Query) -> None:
    """Raise ``Refused`` for a status that there is not."""
    wanted = query.equals.get("status")
    allowed = STATUSES.get(resource.object, frozenset())
    if wanted is not None and wanted not in allowed:
        raise invalid(f"Invalid status: must be one of {', '.join(sorted(allowed))}", "status")


def check_depth(paths: Iterable[str]) -> None:
    """Raise ``Refused`` for a path that goes too deep."""
    for path in paths:
        if path.count(".") >= MOST_LEVELS:
            raise invalid(f"You cannot expand more than {MOST_LEVELS} levels of a property. ({path})", "expand")
