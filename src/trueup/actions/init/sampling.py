"""Sample an app's tables: few rows, in one read-only snapshot, never a column that looks like a secret."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Self

from trueup.mapping.column_types import Family, family_of
from trueup.mapping.inference.phrases import Phrases
from trueup.mapping.samples import Sample, holds_secrets, is_secret
from trueup.model.errors import TrueupError
from trueup.model.source import ColumnMapping, RelationMapping, Source, SourceColumn, SourceTable
from trueup.model.sql_names import quoted, table_name

if TYPE_CHECKING:
    from trueup.mapping.samples import Row
    from trueup.model.source import Snapshot

MOST_ROWS = 1_000
MOST_ACCOUNTS = 50
_MOST_ENTRIES = 20_000
_LONGEST_TEXT = 300
_LONGEST_NESTED = 6_000
_LONG = re.compile(
    r"(content|body|html|prompt|message|stack|transcript|embedding|vector|bio|avatar|image)", re.IGNORECASE
)


class Sampler:
    """Samples tables of a source. A table that cannot be read is known by its names alone."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._held = contextlib.ExitStack()
        self._snapshot: Snapshot | None = None
        self._phrases = Phrases(source.dialect)
        self._quote = "`" if source.dialect in ("mysql", "sqlite") else '"'

    def __enter__(self) -> Self:
        """Open nothing yet: the first sample does."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the snapshot."""
        self._held.close()

    def sample(self, table: SourceTable) -> Sample:
        """Up to 1,000 rows: all of a small table, else the first of it and the last by its primary key."""
        columns = _sampled_columns(table)
        if not columns or table.is_view:
            return Sample(is_whole=False)
        small = table.rows is not None and table.rows <= MOST_ROWS
        key = table.primary_key
        half = MOST_ROWS if small or len(key) != 1 else MOST_ROWS // 2
        rows = self._rows(table, columns, f"LIMIT {half}")
        if half < MOST_ROWS and len(rows) == half:
            newest = self._rows(table, columns, f"ORDER BY {self._name(key[0])} DESC LIMIT {half}")
            rows = distinct([*rows, *newest])
        return Sample(rows=rows, is_whole=len(rows) < half, has_whole_accounts=len(rows) < half)

    def whole_accounts(self, table: SourceTable, owner: str, owners: Sequence[object]) -> Sample:
        """Every entry of up to 50 owners, through the index on the owner."""
        wanted = ", ".join(self._literal(owner) for owner in owners[:MOST_ACCOUNTS])
        rows = self._rows(
            table, _sampled_columns(table), f"WHERE {self._name(owner)} IN ({wanted}) LIMIT {_MOST_ENTRIES}"
        )
        return Sample(rows=rows, is_whole=False, has_whole_accounts=len(rows) < _MOST_ENTRIES)

    def _rows(self, table: SourceTable, columns: Sequence[SourceColumn], end: str) -> tuple[Row, ...]:
        names = {f"c{place}": column.name for place, column in enumerate(columns)}
        selected = ", ".join(f"{self._shortened(column)} AS c{place}" for place, column in enumerate(columns))
        mapping = RelationMapping(
            relation="sample",
            table=table.qualified_name,
            columns={alias: ColumnMapping(column=alias) for alias in names},
            query=f"SELECT {selected} FROM {table_name(table.qualified_name, self._quote)} {end}",
        )
        try:
            return tuple(
                {names[alias]: value for alias, value in row.items()}
                for batch in self._open().read(mapping)
                for row in batch.to_pylist()
            )
        except TrueupError:
            self._held.close()  # a failed statement ends the transaction; the next sample opens another
            self._snapshot = None
            return ()

    def _open(self) -> Snapshot:
        if self._snapshot is None:
            self._snapshot = self._held.enter_context(self._source.snapshot())
        return self._snapshot

    def _literal(self, value: object) -> str:
        return str(value) if isinstance(value, int) else self._phrases.text(str(value))

    def _name(self, column: str) -> str:
        return quoted(column, self._quote)

    def _shortened(self, column: SourceColumn) -> str:
        name = self._name(column.name)
        match family_of(column.type):
            case Family.NESTED:
                return f"substr({self._phrases.as_text(name)}, 1, {_LONGEST_NESTED})"
            case Family.TEXT if self._source.dialect == "sqlite":  # there JSON is text, too
                return f"substr({name}, 1, {_LONGEST_NESTED})"
            case Family.TEXT if "long" in column.type or "text" in column.type:
                return f"substr({name}, 1, {_LONGEST_NESTED})"
            case Family.TEXT:
                return f"substr({name}, 1, {_LONGEST_TEXT})"
            case Family.UNKNOWN if self._source.dialect == "postgres":  # an enum, a domain
                return self._phrases.as_text(name)
            case _:
                return name


def _sampled_columns(table: SourceTable) -> list[SourceColumn]:
    if holds_secrets(table):
        return []
    return [
        column
        for column in table.columns
        if not is_secret(column)
        and family_of(column.type) is not Family.BINARY
        and not (family_of(column.type) is Family.TEXT and _LONG.search(column.name))
    ]


def distinct(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows without those that are there twice."""
    return tuple({tuple(row.items()): row for row in rows}.values())


def owners_in(rows: Sequence[Row], owner: str) -> list[object]:
    """The first different owners of these rows."""
    return list(dict.fromkeys(_present(rows, owner)))[:MOST_ACCOUNTS]


def _present(rows: Sequence[Row], column: str) -> Iterator[object]:
    yield from (row[column] for row in rows if row.get(column) is not None)
