"""The timeline of a finding, from books: both sides, and what nobody could look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from trueup.books.file import Books
from trueup.engines.duckdb import DuckDB
from trueup.engines.sql import subject_column
from trueup.model.change import Value
from trueup.model.check import Check, EvidenceRow
from trueup.model.finding import Finding
from trueup.model.timeline import TIMELINE, TIMELINE_WITHOUT_STRIPE, Side, Timeline, TimelineLine, link_of

if TYPE_CHECKING:
    from trueup.model.report import RelationRead

LENGTH = 20
"""How many of the newest lines of each side are shown."""

_SEPARATOR = "\x1f"

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
"""The relations of Stripe's that a timeline shows."""


def rows_around(books: Books, check: Check, finding: Finding, *, length: int = LENGTH) -> tuple[EvidenceRow, ...]:
    """What happened around the finding, oldest first, as rows: the newest of each side, and all that it names."""
    knows_events = "webhook_event" in books.mapped_columns()
    engine = DuckDB(books.run, {**_named(check, finding), "length": length, "knows_events": knows_events})
    is_small = books.again is not None and not any(read.relation in _OF_STRIPE for read in books.copies())
    return tuple(engine.rows(TIMELINE_WITHOUT_STRIPE if is_small else TIMELINE))


def timeline_of(books: Books, rows: tuple[EvidenceRow, ...], *, account: str | None) -> Timeline:
    """The timeline that these rows are; ``account`` is Stripe's id of the account that the links lead to."""
    of_side = {str(row["side"]): row["of_side"] for row in rows}
    shown = {side: sum(row["side"] == side for row in rows) for side in of_side}
    earlier = {side: int(str(count)) - shown[side] for side, count in of_side.items()}
    return Timeline(
        lines=tuple(_line(row, account) for row in rows),
        earlier_app=earlier.get(Side.APP, 0),
        earlier_stripe=earlier.get(Side.STRIPE, 0),
        unknown=tuple(_unknown(books)),
    )


def _named(check: Check, finding: Finding) -> Mapping[str, str]:
    """Everything that the finding names, as the query binds it."""
    evidence = finding.evidence
    account = evidence.get("account_id")
    accounts = [str(account) if account is not None else finding.subject]
    accounts += [str(value) for name, value in evidence.items() if name.endswith("_account_id") and value is not None]
    texts = [finding.subject, *(value for value in evidence.values() if isinstance(value, str))]
    names = {part for text in texts for part in text.split(", ")}
    entries = [str(value) for name, value in evidence.items() if name.endswith("entry_id") and value is not None]
    if subject_column(check.violations) == "entry_id":
        entries.append(finding.subject)
    moments = [value.isoformat(sep=" ") for value in evidence.values() if isinstance(value, datetime)]
    return {
        "names": _SEPARATOR.join(sorted(names)),
        "accounts": _SEPARATOR.join(accounts),
        "entries": _SEPARATOR.join(entries),
        "moments": _SEPARATOR.join(moments),
    }


def _line(row: EvidenceRow, account: str | None) -> TimelineLine:
    money, livemode, at = row["money"], row["livemode"], row["happened_at"]
    return TimelineLine(
        at=at if isinstance(at, datetime) else None,
        side=Side(str(row["side"])),
        what=str(row["what"]),
        id=str(row["id"]),
        relation=str(row["relation"]),
        named=row["is_named"] is True,
        money=money if isinstance(money, int) else None,
        currency=None if row["currency"] is None else str(row["currency"]),
        credits=_decimal(row["credits"]),
        balance_after=_decimal(row["balance_after"]),
        note=None if row["reason"] is None else str(row["reason"]),
        link=link_of(str(row["id"]), livemode=livemode if isinstance(livemode, bool) else None, account=account),
    )


def _decimal(value: Value) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


def _unknown(books: Books) -> Iterator[str]:
    """What is not on the timeline because nobody could look, a sentence each."""
    reads = {read.relation: read for read in books.copies()}
    yield from _not_whole(reads, _OF_APP, "The app's")
    left = [words for relation, words in _OF_APP.items() if relation not in reads]
    if left:
        yield f"Not mapped, so that what the app knows of them is unknown: {', '.join(left)}."
    yield from _not_whole(reads, _OF_STRIPE, "Stripe's")
    unread = [words for relation, words in _OF_STRIPE.items() if relation not in reads]
    if len(unread) == len(_OF_STRIPE):
        yield "Stripe was not read here: what it knows is unknown, not absent."
        return
    if unread:
        yield f"Not read of Stripe, so that what it knows of them is unknown: {', '.join(unread)}."
    yield from _horizons(books)


def _horizons(books: Books) -> Iterator[str]:
    """How far back Stripe's side is whole, the relations of one moment together."""
    rows = books.run("SELECT relation, complete_since FROM stripe_reading WHERE complete_since IS NOT NULL").fetchall()
    by_moment: dict[datetime, list[str]] = {}
    for relation, moment in rows:
        if relation in _OF_STRIPE:
            by_moment.setdefault(moment, []).append(_OF_STRIPE[relation])
    for moment, words in sorted(by_moment.items()):
        yield f"Known from {moment:%Y-%m-%d %H:%M} on, and before it unknown: Stripe's {', '.join(sorted(words))}."


def _not_whole(reads: Mapping[str, RelationRead], words: Mapping[str, str], whose: str) -> Iterator[str]:
    for relation, noun in words.items():
        problem = reads[relation].problem if relation in reads else None
        if problem is not None:
            yield f"{whose} {noun} were not read whole, and are unknown: {problem.rstrip('.')}."
