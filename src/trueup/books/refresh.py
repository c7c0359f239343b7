"""Bring one relation of kept books up to date: its changed rows are put in by key, and what is gone is taken out.

The result is the table that reading every row would have made, or the sentence that says why it may not be. What a row
reads as depends on that row alone where the source keeps the key unique; what is recorded of unreadable rows and
unknown words is worked out again from the whole table, by the statements of a copy.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trueup.books.copy import (
    INCOMING,
    RowCounter,
    incoming_types,
    insertion,
    interruptible_reading,
    record_copy,
)
from trueup.books.credit_scale import decimals_needed
from trueup.books.quarantine import quarantine_unreadable, refuse_wrong_columns
from trueup.books.reading import reading, table_type
from trueup.model.relations import Relation, columns_of, relation_name, relation_named

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.model.changes import Changes
    from trueup.model.columns import Column
    from trueup.model.source import Progress, RelationMapping, Snapshot

_CHANGED = "changed_row"
_PRESENT = "present_key"
_GONE = "gone_key"


def touched_keys(relation: str) -> str:
    """The temporary table of the keys of which a refresh put in or took out a row."""
    return f"touched_{relation}"


def refresh_relation(
    books: Books, snapshot: Snapshot, mapping: RelationMapping, changes: Changes, *, progress: Progress
) -> str | None:
    """Refresh the relation; return None, or why it cannot be trusted afterwards and must be read whole.

    ``mapping`` is that of the copy, of one table whose source keeps the key unique. Raises ``SourceUnavailable``.
    """
    relation = relation_named(mapping.relation)
    refresh = _RelationRefresh(books, snapshot, relation, mapping, progress)
    with interruptible_reading(books, snapshot, progress):
        problem = refresh.put_in(changes) or refresh.take_out(changes.rows)
    if problem is not None:
        return problem
    connection = books.connection
    quarantine_unreadable(connection, relation, mapping, unique_key=True)
    if not books.scale.is_fixed:
        needed = decimals_needed(connection.execute, books.scale, relation=relation_name(relation))
        if needed is not None and needed > books.scale.decimals:
            return "an amount has more decimals than the amounts before"
    refuse_wrong_columns(connection, relation, mapping, changes.rows)
    record_copy(connection, mapping, rows=changes.rows, problem=None)
    return None


def key_of(relation: Relation) -> Column | None:
    """The column that names a row of the relation; None where it takes several."""
    keys = [column for column in columns_of(relation) if column.is_key]
    return keys[0] if len(keys) == 1 else None


class _RelationRefresh:
    """The statements of one relation's refresh."""

    def __init__(
        self, books: Books, snapshot: Snapshot, relation: Relation, mapping: RelationMapping, progress: Progress
    ) -> None:
        key = key_of(relation)
        if key is None:
            raise ValueError(relation_name(relation))
        self._books, self._snapshot, self._relation, self._mapping = books, snapshot, relation, mapping
        self._key, self._name, self._progress = key, relation_name(relation), progress
        self._touched = touched_keys(self._name)

    def put_in(self, changes: Changes) -> str | None:
        """Put the changed rows in place of those of the same keys, and take out those that left the condition."""
        connection, name, key = self._books.connection, self._name, self._key.name
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {self._touched} AS SELECT {key} AS key FROM {name} LIMIT 0")
        types: Mapping[str, str] = {}
        if changes.changed:
            types = self._read(changes.reading, into=_CHANGED)
            if self._types_differ(types):
                return "a column has another type than before"
            connection.execute(f"INSERT INTO {self._touched} SELECT {self._key_value(types)} FROM {_CHANGED}")
            if connection.execute(f"SELECT 1 FROM {self._touched} WHERE key IS NULL LIMIT 1").fetchall():
                return f"a row came without its {key}"
        if changes.leaving is not None:
            present = self._read_keys(changes.leaving)
            connection.execute(f"INSERT INTO {self._touched} SELECT key FROM {present}")
        if changes.changed or changes.leaving is not None:
            connection.execute(f"DELETE FROM {name} WHERE {key} IN (SELECT key FROM {self._touched})")
        if changes.changed:
            self._books.run(insertion(self._relation, self._mapping, types, source=_CHANGED, scale=self._books.scale))
            connection.execute(f"DROP TABLE {_CHANGED}")
        return None

    def take_out(self, rows: int) -> str | None:
        """Take out the rows that are gone. The source has ``rows``: the keys are read only where that is fewer."""
        if self._count() == rows:
            return None
        key = self._key.name
        present = self._read_keys(self._mapping)
        connection = self._books.connection
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_GONE} AS SELECT n.{key} AS key FROM {self._name} AS n "
            f"ANTI JOIN {present} ON n.{key} = present.key"
        )
        connection.execute(f"INSERT INTO {self._touched} SELECT key FROM {_GONE}")
        connection.execute(f"DELETE FROM {self._name} WHERE {key} IN (SELECT key FROM {_GONE})")
        connection.execute(f"DROP TABLE {_GONE}")
        return None if self._count() == rows else "rows are there that were neither kept nor changed"

    def _read(self, mapping: RelationMapping, *, into: str) -> Mapping[str, str]:
        """Read these rows as they come into a temporary table; return DuckDB's names of their types."""
        import duckdb  # noqa: PLC0415 - heavy

        connection, counted = self._books.connection, RowCounter(self._progress)
        reader = self._snapshot.read(mapping)
        types = incoming_types(connection, reader.schema)
        connection.register(INCOMING, counted.through(reader))
        with contextlib.ExitStack() as held:
            held.callback(connection.unregister, INCOMING)
            try:
                self._books.run(
                    f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * FROM {INCOMING}", cancel=self._snapshot.cancel
                )
            except duckdb.Error:
                if counted.error is not None:
                    raise counted.error from None
                raise
        return types

    def _read_keys(self, mapping: RelationMapping) -> str:
        """Read the keys of these rows; return a subquery of them."""
        key = self._key.name
        types = self._read(dataclasses.replace(mapping, columns={key: mapping.columns[key]}), into=_PRESENT)
        return f"(SELECT {self._key_value(types)} AS key FROM {_PRESENT}) AS present"

    def _types_differ(self, types: Mapping[str, str]) -> bool:
        rows = self._books.connection.execute(f"DESCRIBE {self._name}").fetchall()
        there = {name: kind for name, kind, *_ in rows}
        return any(
            table_type(column, types[column.name], scale=self._books.scale) != there[column.name]
            for column in columns_of(self._relation)
            if column.name in types
        )

    def _key_value(self, types: Mapping[str, str]) -> str:
        key = self._key
        return reading(key, types[key.name], self._mapping.columns[key.name].values, scale=self._books.scale).value

    def _count(self) -> int:
        ((count,),) = self._books.connection.execute(f"SELECT count(*) FROM {self._name}").fetchall()
        return int(count)
