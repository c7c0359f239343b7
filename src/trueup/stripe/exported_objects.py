"""Read Stripe's own objects from a sync tool's tables or from exported files, as those of the API are read."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.model.errors import ConfigurationError, FileEmpty, FileUnreadable, SourceUnavailable
from trueup.model.finding import printable
from trueup.model.stripe_objects import ACCOUNT, EVENT_DAYS, EVENT_TYPES, FIELD, LIVEMODE, NESTED, OBJECT, OBJECT_KINDS
from trueup.stripe.cache import Cache
from trueup.stripe.failures import NotRead
from trueup.stripe.listings import BY_NAME, EVENTS, LISTINGS, Listing
from trueup.stripe.object_text import parse_object
from trueup.stripe.parts import PARTS, PRICES, Parts, completed
from trueup.stripe.shapes.fields import JSON, AccountFilter, Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from trueup.model.source import RelationMapping

_GONE = "deleted"
_ROWS_AT_A_TIME = 1000
_ID = re.compile(r'"id"\s*:\s*"([^"\\]{1,80})"')
_LISTING_OF = {"products": "product_features"}

Batches = Callable[[str], Iterable["pa.RecordBatch"]]
"""The rows of a kind: ``object`` (JSON as text), or a column for each ``field.NAME`` and ``nested.NAME`` (JSON)."""


Locate = Callable[[str, str], "str | None"]
"""Returns the place of a line of this kind, such as ``customers.jsonl, line 3``; None where it is not known."""


def _nowhere(kind: str, text: str) -> None:
    """Return None: a row of a table is not on any line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedObjects:
    """A copy of Stripe's objects: the ``kinds`` that it holds, and how to read one.

    Objects of another account than ``account`` are left out; None means that all must be of one. ``complete_since``
    is the moment of creation from which on everything is there, None since ever; ``as_of`` when it was written.
    """

    kinds: Collection[str]
    batches: Batches
    as_of: datetime
    complete_since: datetime | None = None
    account: str | None = None
    locate: Locate = _nowhere
    may_be_empty: Collection[str] = ()
    """The kinds of which a file without a byte means that Stripe has none."""


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One reading of exported objects. ``problems`` says, by relation, why it is not whole."""

    exported: ExportedObjects
    account_filter: AccountFilter
    cache: Cache
    parts: Parts
    problems: dict[str, str] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    of_mode: int = 0
    of_other_mode: int = 0


def list_relations(kinds: Collection[str]) -> tuple[str, ...]:
    """Return the relations that these kinds of objects supply."""
    names = {_LISTING_OF.get(kind, kind) for kind in kinds}
    return tuple(relation for listing in LISTINGS if listing.name in names for relation in listing.relations)


def list_kinds(relations: Collection[str], kinds: Collection[str]) -> tuple[str, ...]:
    """Return the kinds that these relations are made from."""
    wanted = {listing.name for listing in LISTINGS if set(relations) & set(listing.relations)}
    wanted |= {BY_NAME["prices"].name} if wanted & {"invoices", "subscriptions"} else set()
    wanted |= {kind for kind, part in PARTS.items() if part.listing in wanted}
    return tuple(kind for kind in OBJECT_KINDS if kind in kinds and _LISTING_OF.get(kind, kind) in wanted)


@contextlib.contextmanager
def read_exported_objects(
    exported: ExportedObjects, *, account_filter: AccountFilter, relations: Collection[str], scratch: Path
) -> Iterator[ExportedSnapshot]:
    """Read these relations. ``scratch`` is a private folder.

    What cannot be read is a problem of its relations, never an error. Raises ``ConfigurationError`` where the objects
    are of several accounts, or all of the other mode, and ``SourceUnavailable`` when they go away in the middle.
    """
    kinds = list_kinds(relations, exported.kinds)
    with contextlib.ExitStack() as open_ones:
        kept = open_ones.enter_context(contextlib.closing(_open_database(scratch / "given.db")))
        loose = open_ones.enter_context(contextlib.closing(_open_database(scratch / "parts.db")))
        reading = _Reading(
            exported=exported, account_filter=account_filter, cache=Cache(kept, fingerprint="given"), parts=Parts(loose)
        )
        for kind in sorted(kinds, key=lambda kind: (kind not in PARTS, kind != PRICES)):
            _read_kind(reading, kind)
        _refuse_mixture(reading)
        _note_lines_without_prices(reading, kinds)
        yield ExportedSnapshot(reading, relations)


class ExportedSnapshot:
    """What was read of exported objects: a ``Snapshot``. ``problems`` says, by relation, why it is not whole."""

    def __init__(self, reading: _Reading, relations: Collection[str]) -> None:
        self.as_of = reading.exported.as_of
        self.types_are_known = True
        self._cache = reading.cache
        self.problems = {name: problem for name, problem in reading.problems.items() if name in relations}
        self.complete_since = {name: _find_complete_since(reading.exported, name) for name in relations}

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        """The relation's rows. Raises ``SourceUnavailable`` for one that is not whole."""
        if mapping.relation in self.problems:
            raise SourceUnavailable(self.problems[mapping.relation])
        return self._cache.rows(mapping.relation)


def _open_database(path: Path) -> sqlite3.Connection:
    """A file for this reading alone, which no kill has to leave sound."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _find_complete_since(exported: ExportedObjects, relation: str) -> datetime | None:
    """Return since when the relation is complete: Stripe lists events for thirty days, so older ones are missing."""
    if relation not in EVENTS.relations:
        return exported.complete_since
    listed = exported.as_of - timedelta(days=EVENT_DAYS)
    return listed if exported.complete_since is None else max(listed, exported.complete_since)


def _read_kind(reading: _Reading, kind: str) -> None:
    if kind in PARTS:
        reading.parts.kinds.add(kind)
        for objects in _read_objects(reading, kind, PARTS[kind].relations):
            reading.parts.keep(kind, objects)
        return
    listing = BY_NAME[_LISTING_OF.get(kind, kind)]
    reading.cache.begin(
        listing, started_at=int(reading.exported.as_of.replace(tzinfo=UTC).timestamp()), complete_since=None
    )
    for objects in _read_objects(reading, kind, listing.relations):
        if kind == PRICES:
            reading.parts.keep(kind, objects)
        rows = [(str(item["id"]), _rows(reading, listing, item)) for item in objects]
        with _note_failures(reading, listing.relations):
            reading.cache.keep_page(listing, rows, pass_number=0, position=None)
    reading.cache.finish(listing)


@contextlib.contextmanager
def _note_failures(reading: _Reading, relations: Sequence[str]) -> Iterator[None]:
    try:
        yield
    except NotRead as error:
        _note(reading, relations, str(error))


def _note(reading: _Reading, relations: Iterable[str], problem: str) -> None:
    """The first problem of a relation is enough to know that it is not whole."""
    for relation in relations:
        reading.problems.setdefault(relation, problem)


def _rows(reading: _Reading, listing: Listing, item: JSON) -> Rows:
    if item.get("deleted") is True:
        return listing.rows(item, reading.account_filter)
    whole, missing = completed(item, listing.name, reading.parts)
    for relation, problem in missing.items():
        _note(reading, [relation], printable(problem))
    return listing.rows(whole, reading.account_filter)


def _read_objects(reading: _Reading, kind: str, relations: Sequence[str]) -> Iterator[list[JSON]]:
    """The objects of a kind that are there and ours, a batch at a time."""
    for batch in _split_batches(_read_batches(reading, kind, relations)):
        objects: list[JSON] = []
        for row in batch.to_pylist():
            try:
                item = _parse_row(row)
                _refuse_other_kind(item, kind)
            except ValueError as error:
                _note(reading, relations, f"{_describe_place(reading, kind, row)} cannot be read: {error}")
                continue
            if _is_ours(reading, row, item) and not _is_gone(item, kind):
                objects.append(item)
        yield objects


def _read_batches(reading: _Reading, kind: str, relations: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The batches of a kind. A file that cannot be read makes its own relations unknown, and no others."""
    try:
        yield from reading.exported.batches(kind)
    except FileUnreadable as error:
        if not (isinstance(error, FileEmpty) and kind in reading.exported.may_be_empty):
            _note(reading, relations, str(error).rstrip("."))


def _split_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """As few rows at a time as memory hardly notices: an object may be large."""
    for batch in batches:
        for start in range(0, batch.num_rows, _ROWS_AT_A_TIME):
            yield batch.slice(start, _ROWS_AT_A_TIME)


def _parse_row(row: Mapping[str, Any]) -> JSON:
    """Raises ``ValueError`` for a row that holds no object."""
    if OBJECT in row:
        item = parse_object(row[OBJECT]) if isinstance(row[OBJECT], str) else None
    else:
        item = {name.removeprefix(FIELD): _plain(value) for name, value in row.items() if name.startswith(FIELD)}
        nested = {name.removeprefix(NESTED): value for name, value in row.items() if name.startswith(NESTED)}
        item |= {name: None if value is None else parse_object(value) for name, value in nested.items()}
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
        raise ValueError("it is not an object with an id")
    if item.get("livemode") is None and isinstance(row.get(LIVEMODE), int):  # a database without booleans says 1 or 0
        item["livemode"] = bool(row[LIVEMODE])
    return item


def _describe_place(reading: _Reading, kind: str, row: Mapping[str, Any]) -> str:
    """Return the place of an object that cannot be read, with its id where that can be seen."""
    text = row.get(OBJECT)
    named = _ID.search(text) if isinstance(text, str) else None
    an_id = f" ({printable(named[1])})" if named else ""
    line = reading.exported.locate(kind, text) if isinstance(text, str) else None
    return f"{line or 'one of the ' + kind.replace('_', ' ')}{an_id}"


def _plain(value: Any) -> Any:
    """A moment becomes what Stripe would say: seconds since 1970."""
    if isinstance(value, datetime):
        return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
    return value


def _refuse_other_kind(item: JSON, kind: str) -> None:
    kind_in_item, expected = item.get("object"), _get_object_kind(kind)
    if kind_in_item is not None and kind_in_item != expected:
        raise ValueError(f"{printable(item['id'])[:80]} is of kind {printable(str(kind_in_item))[:40]}")


def _get_object_kind(kind: str) -> str:
    return kind.removesuffix("s") if kind in PARTS else BY_NAME[_LISTING_OF.get(kind, kind)].object


def _is_gone(item: JSON, kind: str) -> bool:
    """A deleted customer is known as one; anything else that was deleted is no more. Other events are not looked at."""
    if kind == "events":
        return item.get("type") not in EVENT_TYPES
    return (item.get(_GONE) is True and kind != "customers") or (kind == "invoices" and item.get("status") == _GONE)


def _is_ours(reading: _Reading, row: Mapping[str, Any], item: JSON) -> bool:
    account = row.get(ACCOUNT)
    if account is not None:
        if reading.exported.account is not None and str(account) != reading.exported.account:
            return False
        reading.accounts.add(str(account))
    mode = item.get("livemode")
    if isinstance(mode, bool) and mode != reading.account_filter.livemode:
        reading.of_other_mode += 1
        return False
    reading.of_mode += isinstance(mode, bool)
    return True


def _refuse_mixture(reading: _Reading) -> None:
    if len(reading.accounts) > 1:
        named = ", ".join(sorted(map(printable, reading.accounts))[:3])
        raise ConfigurationError(
            f"Stripe's tables hold objects of {len(reading.accounts)} accounts ({named}); say which one is this app's "
            "as stripe.account."
        )
    if reading.of_other_mode and not reading.of_mode:
        other, expected = ("test", "live") if reading.account_filter.livemode else ("live", "test")
        raise ConfigurationError(
            f"All {reading.of_other_mode} of Stripe's objects are in {other} mode, and policy.livemode says "
            f"{expected}. Correct it, or read the tables of this environment."
        )


def _note_lines_without_prices(reading: _Reading, kinds: Collection[str]) -> None:
    """Since 2025-03-31 a line only names its price: what that is called and whether it is metered, prices say."""
    listing = BY_NAME["invoices"]
    if "invoices" not in kinds:
        return
    for relation, needed in listing.needs.items():
        if PRICES not in kinds:
            _note(reading, [relation], "the prices that it names are not there")
        elif needed in reading.problems:
            _note(reading, [relation], reading.problems[needed])
