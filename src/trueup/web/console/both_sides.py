"""What the pages of a finding and of an account show of both sides: Stripe's objects, and our repairs among them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from trueup.actions.journal import JournalUnusable, journal_url, newest_page
from trueup.actions.runs import newest_run
from trueup.formats.wording import instant
from trueup.web.access import Permission, Principal
from trueup.web.console.wording import spaced
from trueup.web.services import Services

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.journal import JournalEntry

MOST_REPAIRS = 50


@contextlib.contextmanager
def stripe_books(at_hand: Services) -> Iterator[Books | None]:
    """Yield books with Stripe's side as it was read after the newest audit, or before that; None before the first."""
    run = newest_run(at_hand.store, at_hand.config)
    with at_hand.stripe_side.books(run.run_id if run is not None else None) as books:
        yield books


def add_repairs(timeline: Mapping[str, Any], account: str, *, at_hand: Services, who: Principal) -> Mapping[str, Any]:
    """The timeline with our newest changes about this account, for a reader of the journal."""
    if not who.may(Permission.JOURNAL_READ):
        return timeline
    try:
        page = newest_page(journal_url(at_hand.config), limit=MOST_REPAIRS, subject=account)
    except JournalUnusable:
        return timeline
    lines = [*timeline["lines"], *map(_line, page.entries)]
    return {**timeline, "lines": sorted(lines, key=lambda line: line["at"] or "")}


def _line(entry: JournalEntry) -> dict[str, Any]:
    """An entry of the journal as a line of a timeline; ``entry`` is its number, which no other line has."""
    return {
        "at": instant(entry.moment),
        "side": "app",
        "what": f"trueup: {spaced(entry.action)}",
        "id": entry.target,
        "named": True,
        "money": None,
        "currency": None,
        "credits": None,
        "balanceAfter": None,
        "note": f"{entry.actor}: {entry.reason}",
        "link": None,
        "entry": entry.seq,
    }
