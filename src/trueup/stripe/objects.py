"""Objects as they come: of the right kind and mode, and whole."""

from __future__ import annotations

from collections.abc import Sequence

from trueup.model.errors import ConfigurationError
from trueup.model.finding import printable
from trueup.stripe.connection import JSON, StripeConnection
from trueup.stripe.failures import NotRead, Passing
from trueup.stripe.listings import Listing, Sublist
from trueup.stripe.paging import read_whole_sublist
from trueup.stripe.shapes.fields import AccountFilter, within


def read_whole_objects(
    connection: StripeConnection, listing: Listing, page: Sequence[JSON], account_filter: AccountFilter
) -> list[JSON]:
    """A page's objects, their lists read to the end.

    Raises ``NotRead``, and ``ConfigurationError`` for an object of the other mode: then the key is not what it says.
    """
    return [_read_whole(connection, listing, item, account_filter) for item in page]


def _read_whole(connection: StripeConnection, listing: Listing, item: JSON, account_filter: AccountFilter) -> JSON:
    if item.get("object") != listing.object:
        raise NotRead(f"Stripe listed an object of another kind: {printable(str(item.get('object')))[:40]}")
    refuse_other_mode(item, account_filter)
    if item.get("deleted") is True:
        return item
    return {
        **item,
        **{
            sublist.name: {"data": read_whole_sublist(connection, *_address(sublist, item["id"]))}
            for sublist in listing.sublists
            if _is_cut(sublist, item, account_filter)
        },
    }


def _is_cut(sublist: Sublist, item: JSON, account_filter: AccountFilter) -> bool:
    if sublist.is_always_asked:
        return not account_filter.products or item["id"] in account_filter.products
    shown = item.get(sublist.name)
    if not isinstance(within(shown, "data"), list):
        return True
    return within(shown, "has_more") is not False


def _address(sublist: Sublist, named: str) -> tuple[str, dict[str, str]]:
    parameters = {name: value.replace("{id}", named) for name, value in sublist.parameters.items()}
    return sublist.path.replace("{id}", named), parameters


def refuse_other_mode(item: JSON, account_filter: AccountFilter) -> None:
    """Raises ``ConfigurationError`` for an object of the other mode."""
    if isinstance(item.get("livemode"), bool) and item["livemode"] != account_filter.livemode:
        expected, seen = ("live", "test") if account_filter.livemode else ("test", "live")
        raise ConfigurationError(
            f"Stripe shows {printable(str(item.get('id')))[:80]} of {seen} mode to a key of {expected} mode; check "
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
