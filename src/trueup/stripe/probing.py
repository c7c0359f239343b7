"""What a key may read, found out by asking each list for one object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trueup.stripe.connection import Connection
from trueup.stripe.failures import NotPermitted, NotRead
from trueup.stripe.listings import LISTINGS, Listing
from trueup.stripe.paging import pages
from trueup.stripe.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A list, and why it cannot be read. ``permission`` is what the key lacks, where that is the reason."""

    listing: Listing
    problem: str | None = None
    permission: str | None = None


def probe(connection: Connection) -> Iterator[Probed]:
    """Ask each list. A list that does not answer is no list without objects."""
    for listing in LISTINGS:
        try:
            asked = Reading.question(listing, 0, None)
            for path, parameters in ((listing.gate, {}), (listing.path, asked)):
                if path is not None:
                    next(iter(pages(connection, path, parameters, page_size=1)), None)
        except NotPermitted as error:
            yield Probed(listing=listing, problem=str(error), permission=error.permission)
        except NotRead as error:
            yield Probed(listing=listing, problem=str(error))
        else:
            yield Probed(listing=listing)
