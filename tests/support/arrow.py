"""Arrow columns loaded into books in memory through the real copy, as if a source had sent them.

Leaves out the source itself: nothing is connected to, and every row is there at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime

import pyarrow as pa

from trueup.books.copy import copy_relation
from trueup.books.file import Books
from trueup.books.opening import books_in_memory
from trueup.model.source import ColumnMapping, RelationMapping, Silent


class Rows:
    """A snapshot that is one Arrow table."""

    as_of = datetime(2026, 1, 1)
    types_are_known = True

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        assert list(mapping.columns) == self._table.column_names
        return self._table.to_reader()

    def cancel(self) -> None:
        """Nothing to end: every row is there."""


@contextlib.contextmanager
def loaded(
    relation: str,
    columns: Mapping[str, pa.Array],
    *,
    words: Mapping[str, Mapping[str, str]] | None = None,
    unique_key: bool = False,
) -> Iterator[Books]:
    """Books with these columns copied into ``relation``."""
    words = words or {}
    mapped = {name: ColumnMapping(column=name, values=words.get(name, {})) for name in columns}
    mapping = RelationMapping(relation=relation, table="their_table", columns=mapped)
    with books_in_memory() as books:
        copy_relation(books, Rows(pa.table(dict(columns))), mapping, unique_key=unique_key, progress=Silent())
        yield books
