"""Look up the rows of a relation by the values of its columns: in books of any size, or in small ones read whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from trueup.model.relations import LedgerEntry, columns_of, relation_name, relation_named

if TYPE_CHECKING:
    from trueup.books.file import Books

RowT = TypeVar("RowT")

_FETCH = 10_000
_FOLDED = "email"
"""The column whose values are one whatever their case."""

_IN_LEDGER_ORDER = " ORDER BY sequence NULLS FIRST, created_at, entry_id"


class Lookup(Protocol):
    """Finds rows. Entries come in ledger order."""

    def rows(self, relation: type[RowT], **by: Collection[str]) -> Iterator[RowT]:
        """The rows of which one of these columns has one of these values. Read to the end before the next question."""


class LargeLookup:
    """Asks the engine for each of them: nothing but what matches comes into memory, in batches."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def rows(self, relation: type[RowT], **by: Collection[str]) -> Iterator[RowT]:
        """The rows of which one of these columns has one of these values."""
        bound = {name: sorted(values) for name, values in by.items() if values}
        if not bound:
            return
        condition = " OR ".join(map(_is_among, bound))
        cursor = self._books.run(f"{_select(relation)} WHERE {condition}{_order(relation)}", bound)
        while batch := cursor.fetchmany(_FETCH):
            yield from _read(relation, batch, _columns(relation))


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


def _is_among(name: str) -> str:
    """The condition that a column has one of the values that are bound by its name."""
    column, value = (f"lower({name})", "lower(value)") if name == _FOLDED else (name, "value")
    return f"{column} IN (SELECT {value} FROM unnest(CAST(${name} AS VARCHAR[])) AS bound(value))"


def _read(relation: Callable[..., RowT], rows: Iterable[Sequence[object]], names: Sequence[str]) -> Iterator[RowT]:
    for row in rows:
        yield relation(**dict(zip(names, row, strict=True)))
