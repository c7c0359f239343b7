"""What a key may read, found out by asking each list for its first page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trueup.stripe.connection import JSON, StripeConnection
from trueup.stripe.failures import NotPermitted, NotRead
from trueup.stripe.listings import LISTINGS, Listing
from trueup.stripe.paging import pages
from trueup.stripe.reading import ReadingResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A list, and why it cannot be read. ``permission`` is what the key lacks, where that is the reason.

    ``objects`` are those of its first page.
    """

    listing: Listing
    objects: Sequence[JSON] = ()
    problem: str | None = None
    permission: str | None = None


def probe(connection: StripeConnection) -> Iterator[Probed]:
    """Ask each list. A list that does not answer is no list without objects."""
    for listing in LISTINGS:
        try:
            if listing.gate is not None:
                next(iter(pages(connection, listing.gate, {}, page_size=1)), None)
            objects = next(iter(pages(connection, listing.path, ReadingResult.question(listing, 0, None))), [])
        except NotPermitted as error:
            yield Probed(listing=listing, problem=str(error), permission=error.permission)
        except NotRead as error:
            yield Probed(listing=listing, problem=str(error))
        else:
            yield Probed(listing=listing, objects=objects)
