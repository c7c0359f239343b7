"""Look up the rows of a relation by the values of its columns: in books of any size, or in small ones read whole."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from trueup.model.relations import LedgerEntry, columns_of, relation_name, relation_named

if TYPE_CHECKING:
    from trueup.books.file import Books

RowT = TypeVar("RowT")

_FETCH = 10_000
_FEW_VALUES = 64
"""Up to so many values are compared one by one, for which an index is used; more are joined."""

_FOLDED = "email"
"""The column whose values are one whatever their case."""

_IN_LEDGER_ORDER = " ORDER BY sequence NULLS FIRST, created_at, entry_id"


class Lookup(Protocol):
    """Finds rows. Entries come in ledger order."""

    def rows(self, relation: type[RowT], **by: Collection[str]) -> Iterator[RowT]:
        """The rows of which one of these columns has one of these values. Read to the end before the next question."""


class LargeLookup:
    """Asks the engine for each of them: nothing but what matches comes into memory, in batches.

    Each column is asked for by itself, because no index answers for two, and of a large relation an index is most of
    the speed. Only entries, which come in an order, are asked for by all columns at once.
    """

    def __init__(self, books: Books) -> None:
        self._books = books

    def rows(self, relation: type[RowT], **by: Collection[str]) -> Iterator[RowT]:
        """The rows of which one of these columns has one of these values."""
        wanted = {name: sorted(values) for name, values in by.items() if values}
        if not wanted:
            return
        if _order(relation) or len(wanted) == 1:
            yield from _read(relation, self._matching(relation, wanted), _columns(relation))
            return
        before: set[tuple[object, ...]] = set()
        for name, values in wanted.items():
            rows = [row for row in self._matching(relation, {name: values}) if row not in before]
            yield from _read(relation, rows, _columns(relation))
            before.update(rows)

    def _matching(self, relation: type, wanted: Mapping[str, Sequence[str]]) -> Iterator[tuple[object, ...]]:
        conditions: list[str] = []
        bound: dict[str, object] = {}
        for name, values in wanted.items():
            condition, named = _is_among(name, values)
            conditions.append(condition)
            bound |= named
        cursor = self._books.run(f"{_select(relation)} WHERE {' OR '.join(conditions)}{_order(relation)}", bound)
        while batch := cursor.fetchmany(_FETCH):
            yield from batch


class SmallLookup:
    """Reads each relation whole, once: among a few rows, looking is cheaper than asking."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._whole: dict[type, list[object]] = {}
        self._filled = {read.relation for read in books.copies() if read.rows}

    def rows(self, relation: type[RowT], **by: Collection[str]) -> Iterator[RowT]:
        """The rows of which one of these columns has one of these values."""
        wanted: list[tuple[Callable[[object], object], Collection[object]]] = [
            (attrgetter(name), values) for name, values in by.items() if values and name != _FOLDED
        ]
        if by.get(_FOLDED):
            wanted.append((_folded_address, {address.lower() for address in by[_FOLDED]}))
        for row in self._all(relation) if wanted else ():
            for value_of, values in wanted:
                if value_of(row) in values:
                    yield row
                    break

    def _all(self, relation: type[RowT]) -> list[RowT]:
        if relation not in self._whole:
            self._whole[relation] = [*_read(relation, self._rows_of(relation), _columns(relation))]
            if relation is LedgerEntry:
                cast("list[LedgerEntry]", self._whole[relation]).sort(key=_place_in_ledger)
        return cast("list[RowT]", self._whole[relation])

    def _rows_of(self, relation: type) -> list[tuple[object, ...]]:
        name = relation_name(relation)
        if name not in self._filled:
            return []
        at_hand = self._books.prepared.rows.get(name) if self._books.prepared is not None else None
        return self._books.run(_select(relation)).fetchall() if at_hand is None else at_hand


def make_index(books: Books, relation: type, column: str) -> None:
    """Make an index of the relation, by which a ``LargeLookup`` finds the rows with a value of this column."""
    name = relation_name(relation)
    books.run(f"CREATE INDEX {name}_by_{column} ON {name} ({_fold(column) if column == _FOLDED else column})")


def _fold(text: str) -> str:
    """The SQL of a text in lower case."""
    return f"lower({text})"


def _place_in_ledger(entry: LedgerEntry) -> tuple[bool, int, bool, datetime, int | str]:
    """The place that SQL's ledger order gives an entry; one without a moment is behind the others."""
    moment: datetime | None = entry.created_at  # of a row that could not be read it is missing
    return (
        entry.sequence is not None,
        entry.sequence or 0,
        moment is None,
        moment or datetime.min,  # noqa: DTZ901 - naive, as all moments in the books
        entry.entry_id,
    )


def _folded_address(row: object) -> str | None:
    address: str | None = attrgetter(_FOLDED)(row)
    return None if address is None else address.lower()


def _select(relation: type) -> str:
    return f"SELECT {', '.join(_columns(relation))} FROM {relation_name(relation)}"


def _columns(relation: type) -> list[str]:
    return [column.name for column in columns_of(relation_named(relation_name(relation)))]


def _order(relation: type) -> str:
    return _IN_LEDGER_ORDER if relation is LedgerEntry else ""


def _is_among(name: str, values: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The condition that a column has one of these values, and what is bound in it.

    Few values are filled up to a power of two, so that there are few statements.
    """
    folded = _fold if name == _FOLDED else str
    if len(values) > _FEW_VALUES:
        among = f"SELECT {folded('value')} FROM unnest(CAST(${name} AS VARCHAR[])) AS bound(value)"
        return f"{folded(name)} IN ({among})", {name: values}
    count = 1 << (len(values) - 1).bit_length()
    names = [f"{name}_{place}" for place in range(count)]
    marks = ", ".join(folded(f"${mark}") for mark in names)
    return f"{folded(name)} IN ({marks})", dict(itertools.zip_longest(names, values, fillvalue=values[-1]))


def _read(relation: Callable[..., RowT], rows: Iterable[Sequence[object]], names: Sequence[str]) -> Iterator[RowT]:
    for row in rows:
        yield relation(**dict(zip(names, row, strict=True)))
