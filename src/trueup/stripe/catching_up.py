"""Bringing what is kept up to date: what is new by its age, what has changed by the events that say so."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from trueup.stripe.cache import Touched
from trueup.stripe.changes import touched_by
from trueup.stripe.connection import JSON
from trueup.stripe.failures import NoSuchObject, NotRead
from trueup.stripe.listings import CUSTOMERS, EVENTS, Listing
from trueup.stripe.objects import Accept, refuse_other_mode
from trueup.stripe.paging import PAGE, Position, pages
from trueup.stripe.reading import OVERLAP_SECONDS, ReadingResult

_ROUNDS = 5
_SMALL = 2


def catch_up(reading: ReadingResult, listings: Sequence[Listing]) -> None:
    """Until no event says more: ask what has changed, and for what that is. Problems are noted by list."""
    if not reading.has_events:
        return
    for number in range(_ROUNDS):
        whole = [listing for listing in listings if not listing.is_small and listing.name not in reading.problems]
        if not whole or not _run_round(reading, whole, is_first=number == 0):
            return


def _run_round(reading: ReadingResult, listings: Sequence[Listing], *, is_first: bool) -> bool:
    """One look at the events; whether it showed any that were not known."""
    asked_at = reading.clock()
    known = {
        listing.name: progress for listing in listings if (progress := reading.cache.progress(listing)) is not None
    }
    since = min(progress.synced_to for progress in known.values()) - OVERLAP_SECONDS
    try:
        has_news = _note_changes(reading, since, keeps_events=EVENTS in listings)
    except NotRead as error:
        for listing in listings:
            reading.problems[listing.name] = f"what has changed since it was read is unknown: {error}"
        return False
    for listing in reversed(listings):  # customers last: many come with what else of theirs has changed
        if listing is EVENTS:
            continue
        asks_anyway = is_first and listing.name not in reading.swept
        young_since = known[listing.name].synced_to - OVERLAP_SECONDS
        reading.guarded(listing, _Refresh(reading, listing, young_since=young_since, asks_anyway=asks_anyway))
    synced = [listing for listing in listings if listing.name not in reading.problems]
    reading.cache.synced(synced, to=asked_at, seen_since=since - OVERLAP_SECONDS)
    return has_news


def _note_changes(reading: ReadingResult, since: int, *, keeps_events: bool) -> bool:
    has_news = False
    for page in pages(reading.connection, EVENTS.path, {"created": {"gte": since}}, position=Position()):
        for event in page:
            refuse_other_mode(event, reading.account_filter)
        moments = [(event["id"], _read_created(event)) for event in page]
        unseen = reading.cache.unseen(moments)
        new = [event for event in page if event["id"] in unseen]
        if not new:
            continue
        has_news = True
        if keeps_events:
            kept = [event for event in new if event.get("type") in EVENTS.passes[0]["types"]]  # type: ignore[operator]
            reading.cache.keep(EVENTS, reading.read_whole(EVENTS, kept))
        touched = [change for change in map(touched_by, new) if change is not None]
        reading.cache.note_changes([moment for moment in moments if moment[0] in unseen], touched)
    return has_news


def _read_created(event: JSON) -> int:
    created = event.get("created")
    return created if isinstance(created, int) else 0


class _Refresh:
    """Asks for what is new in a list, and for what was touched in it. Raises ``NotRead``."""

    def __init__(self, reading: ReadingResult, listing: Listing, *, young_since: int, asks_anyway: bool) -> None:
        self._reading, self._listing = reading, listing
        self._young_since, self._asks_anyway = young_since, asks_anyway

    def __call__(self) -> None:
        touched = self._read_touched()
        young = [change for change in touched if change.created is not None and change.created >= self._young_since]
        if self._asks_anyway or len(young) > 1:
            self._ask_for_young()
            touched = self._read_touched()
        count = self._reading.cache.count(self._listing)
        if len(touched) > count / PAGE + _SMALL:  # then the whole list costs less
            self._reading.sweep(self._listing)
            return
        for change in touched:
            self._ask_for(change)

    def _read_touched(self) -> list[Touched]:
        return self._reading.cache.touched(self._listing)

    def _ask_for_young(self) -> None:
        reading = self._reading
        for number in range(len(self._listing.passes)):
            asked = reading.question(self._listing, number, self._young_since)
            path = self._listing.path
            for page in pages(reading.connection, path, asked, position=Position(), page_size=reading.page_size):
                reading.cache.keep(self._listing, reading.read_whole(self._listing, page))
                reading.progress.advance(len(page))

    def _ask_for(self, change: Touched) -> None:
        """One object, and its customer with it where that changed too: one question less."""
        reading, listing = self._reading, self._listing
        customer = change.customer_id if self._takes_customer(change) else None
        expand = [*listing.expand, *(["customer"] if customer else [])]
        accept = Accept(named=change.object_id, kind=listing.object)
        try:
            path = f"{listing.path}/{quote(change.object_id, safe='')}"
            answer = reading.connection.get(path, {"expand": expand} if expand else {}, accept=accept)
        except NoSuchObject:
            reading.cache.drop(listing, change.object_id)
            return
        reading.cache.keep(listing, reading.read_whole(listing, [answer]))
        if customer and isinstance(shown := answer.get("customer"), dict) and shown.get("id") == customer:
            reading.cache.keep(CUSTOMERS, reading.read_whole(CUSTOMERS, [shown]))
        reading.progress.advance(1)

    def _takes_customer(self, change: Touched) -> bool:
        """Whether the object's customer waits to be asked for as well."""
        if change.customer_id is None or self._listing is CUSTOMERS or self._reading.cache.progress(CUSTOMERS) is None:
            return False
        return self._reading.cache.is_touched(CUSTOMERS, change.customer_id)
