"""Objects as they come: of the right kind and mode, whole, and as rows."""

from __future__ import annotations

from collections.abc import Sequence

from trueup.model.errors import ConfigurationError
from trueup.model.finding import printable
from trueup.stripe.connection import JSON, Connection
from trueup.stripe.failures import NotRead, Passing
from trueup.stripe.listings import Listing, Sublist
from trueup.stripe.paging import whole_sublist
from trueup.stripe.shapes.fields import Ours, Rows, within

Kept = tuple[str, Rows]
"""An object's id and its rows."""


def whole_objects(connection: Connection, listing: Listing, page: Sequence[JSON], ours: Ours) -> list[Kept]:
    """The rows of a page's objects, their lists read to the end.

    Raises ``NotRead``, and ``ConfigurationError`` for an object of the other mode: then the key is not what it says.
    """
    return [(found["id"], _rows(connection, listing, found, ours)) for found in page]


def _rows(connection: Connection, listing: Listing, found: JSON, ours: Ours) -> Rows:
    if found.get("object") != listing.object:
        raise NotRead(f"Stripe listed an object of another kind: {printable(str(found.get('object')))[:40]}")
    refuse_other_mode(found, ours)
    if found.get("deleted") is True:
        return listing.rows(found, ours)
    read = {
        sublist.name: {"data": whole_sublist(connection, *_address(sublist, found["id"]))}
        for sublist in listing.sublists
        if _is_cut(sublist, found, ours)
    }
    return listing.rows({**found, **read}, ours)


def _is_cut(sublist: Sublist, found: JSON, ours: Ours) -> bool:
    if sublist.is_always_asked:
        return not ours.products or found["id"] in ours.products
    shown = found.get(sublist.name)
    if not isinstance(within(shown, "data"), list):
        return True
    return within(shown, "has_more") is not False


def _address(sublist: Sublist, named: str) -> tuple[str, dict[str, str]]:
    parameters = {name: value.replace("{id}", named) for name, value in sublist.parameters.items()}
    return sublist.path.replace("{id}", named), parameters


def refuse_other_mode(found: JSON, ours: Ours) -> None:
    """Raises ``ConfigurationError`` for an object of the other mode."""
    if isinstance(found.get("livemode"), bool) and found["livemode"] != ours.livemode:
        expected, seen = ("live", "test") if ours.livemode else ("test", "live")
        raise ConfigurationError(
            f"Stripe shows {printable(str(found.get('id')))[:80]} of {seen} mode to a key of {expected} mode; check "
            "stripe.api_key and stripe.api_base before anything is compared."
        )


class Accept:
    """Lets the one object pass that was asked for."""

    def __init__(self, *, named: str, kind: str) -> None:
        self._named, self._kind = named, kind

    def __call__(self, answer: JSON) -> None:
        """Raises ``Passing`` for another one."""
        if answer.get("id") != self._named or answer.get("object") != self._kind:
            raise Passing("Stripe answered with another object")
