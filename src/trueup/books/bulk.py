"""Add many rows to a relation of the books at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from trueup.model.relations import Row, columns_of, relation_name

if TYPE_CHECKING:
    from trueup.books.file import Books

_ROWS_AT_ONCE = 10_000
_INCOMING = "added_rows"


def add_all(books: Books, rows: Iterable[Row], *, of: type[Row]) -> None:
    """Add these rows to those of the relation ``of``, which may be any number: few are held at a time."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    waiting = iter(rows)
    names = [column.name for column in columns_of(of)]
    while chunk := list(itertools.islice(waiting, _ROWS_AT_ONCE)):
        table = pa.table({name: [_plain(getattr(row, name)) for row in chunk] for name in names})
        books.connection.register(_INCOMING, table)
        try:
            books.connection.execute(f"INSERT INTO {relation_name(of)} BY NAME SELECT * FROM {_INCOMING}")
        finally:
            books.connection.unregister(_INCOMING)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value
