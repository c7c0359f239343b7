"""Reading Stripe into the cache: whole lists where that is due, and otherwise what has changed."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from trueup.model import source
from trueup.model.stripe_objects import EVENT_DAYS
from trueup.stripe.cache import Cache, ListProgress
from trueup.stripe.connection import JSON, StripeConnection
from trueup.stripe.cutting import Cut
from trueup.stripe.failures import NotRead
from trueup.stripe.listings import EVENTS, SINCE_DAYS, Listing
from trueup.stripe.objects import read_whole_objects
from trueup.stripe.paging import Position, pages
from trueup.stripe.shapes.fields import AccountFilter

DAY_SECONDS = 86_400
_RESUMED_SECONDS = DAY_SECONDS
_REACH_SECONDS = (EVENT_DAYS - 1) * DAY_SECONDS
"""How old what is kept may be and still be brought up to date by events."""


OVERLAP_SECONDS = 600
"""How much of what was looked at is looked at again: events come late, and clocks disagree."""


class Clock:
    """Unix seconds: a moment given to it, plus the time that has passed since."""

    def __init__(self, moment: float) -> None:
        self._offset = moment - time.monotonic()

    def __call__(self) -> int:
        """Return the present moment."""
        return int(self._offset + time.monotonic())


@dataclass(slots=True, kw_only=True)
class ReadingResult:
    """One reading. ``problems`` says, by list, why it is not whole; ``has_events`` whether changes can be asked for.

    ``swept`` are the lists that were read from their top: of the others, what is new is still to be asked for.
    """

    connection: StripeConnection
    cache: Cache
    account_filter: AccountFilter
    clock: Clock
    progress: source.Progress
    since_days: int
    full_sweep_seconds: int
    page_size: int
    has_events: bool = False
    problems: dict[str, str] = field(default_factory=dict)
    swept: set[str] = field(default_factory=set)
    cuts: dict[str, Cut] = field(default_factory=dict)

    def sweep_due(self, listings: Sequence[Listing]) -> None:
        """Read the lists whole that are not here, or are too old to be brought up to date."""
        self.has_events = self._can_ask_for_events()
        for listing in listings:
            if self._is_due(listing):
                self.guarded(listing, lambda listing=listing: self.sweep(listing))  # type: ignore[misc]

    def guarded(self, listing: Listing, action: Callable[[], None]) -> None:
        """Do it, or note why the list is not whole."""
        new = self._list_new_places(listing)
        again = f", again for what is newly read of them ({', '.join(new)})" if new else ""
        self.progress.begin(f"Reading Stripe: {listing.title}{again}", None)
        try:
            action()
        except NotRead as error:
            self.problems[listing.name] = str(error)
        except sqlite3.OperationalError as error:
            self.problems[listing.name] = f"what was read could not be kept: {error}"
        self.progress.end()

    def _list_new_places(self, listing: Listing) -> list[str]:
        """Return what is read of the list's objects, and was not yet when those that are kept were read."""
        known = self.cache.progress(listing)
        return [] if known is None else [place for place in self._cut(listing).places if place not in known.places]

    def _can_ask_for_events(self) -> bool:
        try:
            next(iter(pages(self.connection, EVENTS.path, {}, page_size=1)), None)
        except NotRead:
            return False
        return True

    def _is_due(self, listing: Listing) -> bool:
        known = self.cache.progress(listing)
        if known is None or not known.is_whole or listing.is_small or not self.has_events:
            return True
        if known.places != tuple(self._cut(listing).places):
            return True
        now = self.clock()
        if not -OVERLAP_SECONDS < now - known.synced_to < _REACH_SECONDS:
            return True
        return now - known.started_at >= self.full_sweep_seconds

    def sweep(self, listing: Listing) -> None:
        """Read a list to its end, from where it was left, where that is not too long ago. Raises ``NotRead``."""
        known = self._resume(listing)
        if known is None:
            known = self._begin(listing)
            self.swept.add(listing.name)
        if listing.gate is None or self._is_open(listing.gate):
            for number in range(known.pass_number, len(listing.passes)):
                position = Position(oldest=known.position if number == known.pass_number else None)
                self._read_pass(listing, number, position, known.complete_since)
        self.cache.finish(listing)

    def _resume(self, listing: Listing) -> ListProgress | None:
        known = self.cache.progress(listing)
        if known is None or known.is_whole or listing.is_small or not self.has_events:
            return None
        if known.places != tuple(self._cut(listing).places):
            return None
        return known if 0 <= self.clock() - known.started_at < _RESUMED_SECONDS else None

    def _begin(self, listing: Listing) -> ListProgress:
        now = self.clock()
        days = {None: None, SINCE_DAYS: self.since_days}.get(listing.horizon, EVENT_DAYS)
        since = None if days is None else now - days * DAY_SECONDS
        return self.cache.begin(listing, started_at=now, complete_since=since, places=self._cut(listing).places)

    def _cut(self, listing: Listing) -> Cut:
        return self.cuts.setdefault(listing.name, Cut(listing.kind, self.account_filter))

    def read_whole(self, listing: Listing, page: Sequence[JSON]) -> list[JSON]:
        """Return the page's objects, their lists read to the end, cut to what is kept of them. Raises ``NotRead``."""
        whole = read_whole_objects(self.connection, listing, page, self.account_filter)
        return list(map(self._cut(listing), whole))

    def _is_open(self, gate: str) -> bool:
        return next(iter(pages(self.connection, gate, {}, page_size=1)), None) is not None

    def _read_pass(self, listing: Listing, number: int, position: Position, since: int | None) -> None:
        asked = self.question(listing, number, since)
        by_time = position if listing.has_created else None
        for page in pages(self.connection, listing.path, asked, position=by_time, page_size=self.page_size):
            self.cache.keep_page(
                listing, self.read_whole(listing, page), pass_number=number, position=position.resume_from
            )
            self.progress.advance(len(page))

    @staticmethod
    def question(listing: Listing, number: int, since: int | None) -> dict[str, object]:
        """What to ask a list for, from a moment of creation on."""
        asked: dict[str, object] = {**listing.passes[number]}
        if listing.expand:
            asked["expand"] = [f"data.{name}" for name in listing.expand]
        if since is not None:
            asked["created"] = {"gte": since}
        return asked
