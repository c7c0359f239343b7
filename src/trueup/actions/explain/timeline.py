"""The timeline of a finding, from books: both sides, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from trueup.actions.explain.happenings import LOOKED_UP_BY, Shown, happenings_around
from trueup.books.lookup import LargeLookup, SmallLookup, make_index
from trueup.engines.sql import subject_column
from trueup.model.happening import Named
from trueup.model.relations import relation_name
from trueup.model.timeline import Timeline, TimelineLine, link_of

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.books.lookup import Lookup
    from trueup.model.check import Check
    from trueup.model.finding import Finding
    from trueup.model.happening import Happening
    from trueup.model.report import RelationRead

RowT = TypeVar("RowT")

LENGTH = 20
"""How many of the newest lines of each side are shown."""

_OF_APP = {"account": "accounts", "ledger_entry": "ledger", "webhook_event": "webhooks", "plan_change": "plan changes"}
_OF_STRIPE = {
    "stripe_customer": "customers",
    "stripe_subscription": "subscriptions",
    "stripe_invoice": "invoices",
    "stripe_payment_intent": "payments",
    "stripe_refund": "refunds",
    "stripe_dispute": "disputes",
    "stripe_checkout_session": "checkout sessions",
    "stripe_event": "events",
}
TIMELINE_OF_STRIPE = frozenset(_OF_STRIPE)
"""The Stripe relations that a timeline shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _TwoBooks:
    """Looks for Stripe's objects in other books than for the app's rows."""

    app: Lookup
    stripe: Lookup

    def rows(self, relation: type[RowT], **by: Collection[str]) -> Iterator[RowT]:
        """The rows of which one of these columns has one of these values."""
        side = self.stripe if relation_name(relation) in TIMELINE_OF_STRIPE else self.app
        return side.rows(relation, **by)


def _shown(books: Books, named: Named, length: int, stripe: Books | None) -> Shown:
    lookup: Lookup = LargeLookup(books) if books.prepared is None else SmallLookup(books)
    if stripe is not None:
        lookup = _TwoBooks(app=lookup, stripe=LargeLookup(stripe))
    return happenings_around(lookup, named, knows_events="webhook_event" in books.mapped_columns(), length=length)


def shown_around(books: Books, check: Check, finding: Finding, *, stripe: Books | None = None) -> Shown:
    """What happened around the finding: the newest of each side, and all that it names.

    ``stripe`` are other books that hold Stripe's side, where these do not.
    """
    return _shown(books, _named(check, finding), LENGTH, stripe)


def timeline_of(books: Books, shown: Shown, *, account: str | None, stripe: Books | None = None) -> Timeline:
    """The timeline of what is shown; ``account`` is Stripe's id of the account that the links lead to."""
    return Timeline(
        lines=tuple(_line(line, account) for line in shown.happenings),
        earlier_app=shown.earlier_app,
        earlier_stripe=shown.earlier_stripe,
        unknown=tuple(_unknown(books, stripe or books)),
    )


def timeline_of_account(
    books: Books, account_id: str, *, stripe_account: str | None, length: int, stripe: Books | None = None
) -> Timeline:
    """The timeline of an account, the ``length`` newest of each side; ``stripe_account`` is what links lead to.

    ``stripe`` are other books that hold Stripe's side, where these do not.
    """
    named = Named(ids=frozenset(), accounts=frozenset({account_id}))
    return timeline_of(books, _shown(books, named, length, stripe), account=stripe_account, stripe=stripe)


def index_for_timelines(books: Books) -> None:
    """Make the indexes of books that are looked into again and again for the timelines of single accounts."""
    for relation, column in LOOKED_UP_BY:
        make_index(books, relation, column)


def _named(check: Check, finding: Finding) -> Named:
    """Everything that the finding names."""
    evidence = finding.evidence
    account = evidence.get("account_id")
    accounts = [str(account) if account is not None else finding.subject]
    accounts += [str(value) for name, value in evidence.items() if name.endswith("_account_id") and value is not None]
    texts = [finding.subject, *(value for value in evidence.values() if isinstance(value, str))]
    entries = [str(value) for name, value in evidence.items() if name.endswith("entry_id") and value is not None]
    if subject_column(check.violations) == "entry_id":
        entries.append(finding.subject)
    return Named(
        ids=frozenset(part for text in texts for part in text.split(", ") if part),
        accounts=frozenset(accounts),
        entries=frozenset(entries),
        moments=frozenset(value for value in evidence.values() if isinstance(value, datetime)),
    )


def _line(shown: Happening, account: str | None) -> TimelineLine:
    return TimelineLine(
        at=shown.at,
        side=shown.side,
        what=shown.what,
        id=shown.id,
        relation=shown.relation,
        named=shown.named,
        money=shown.money,
        currency=shown.currency,
        credits=shown.credits,
        balance_after=shown.balance_after,
        note=shown.note,
        link=link_of(shown.id, livemode=shown.livemode, account=account),
    )


def _unknown(books: Books, stripe: Books) -> Iterator[str]:
    """What is missing on the timeline because it could not be looked at, a sentence each."""
    reads = {read.relation: read for read in books.copies() if read.relation in _OF_APP}
    reads |= {read.relation: read for read in stripe.copies() if read.relation in _OF_STRIPE}
    yield from _not_whole(reads, _OF_APP, "The app's")
    left = [words for relation, words in _OF_APP.items() if relation not in reads]
    if left:
        yield f"Not mapped, so what the app knows about them is unknown: {', '.join(left)}."
    yield from _not_whole(reads, _OF_STRIPE, "Stripe's")
    unread = [words for relation, words in _OF_STRIPE.items() if relation not in reads]
    if len(unread) == len(_OF_STRIPE):
        yield "Stripe was not read here: what it knows is unknown."
        return
    if unread:
        yield f"Not read from Stripe, so what it knows about them is unknown: {', '.join(unread)}."
    yield from _horizons(stripe)


def _horizons(books: Books) -> Iterator[str]:
    """How far back Stripe's side is complete; relations with the same moment together."""
    rows = books.run("SELECT relation, complete_since FROM stripe_reading WHERE complete_since IS NOT NULL").fetchall()
    by_moment: dict[datetime, list[str]] = {}
    for relation, moment in rows:
        if relation in _OF_STRIPE:
            by_moment.setdefault(moment, []).append(_OF_STRIPE[relation])
    for moment, words in sorted(by_moment.items()):
        yield f"Known from {moment:%Y-%m-%d %H:%M} on, unknown before: Stripe's {', '.join(sorted(words))}."


def _not_whole(reads: Mapping[str, RelationRead], words: Mapping[str, str], whose: str) -> Iterator[str]:
    for relation, noun in words.items():
        problem = reads[relation].problem if relation in reads else None
        if problem is not None:
            yield f"{whose} {noun} were not read whole and are unknown: {problem.rstrip('.')}."
