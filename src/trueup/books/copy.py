"""Copy one relation from a snapshot into the books: one pass, in batches, never the whole table in memory."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from trueup.books.credit_scale import CreditScale, widen_for
from trueup.books.fetch_ahead import fetch_ahead
from trueup.books.file import Books
from trueup.books.quarantine import BETWEEN, quarantine_unreadable, refuse_wrong_columns, unreadable_rows
from trueup.books.reading import ColumnReading, literal, reading, table_type
from trueup.books.schema import create_table
from trueup.disk.statements import execute
from trueup.model.columns import Column, ColumnKind
from trueup.model.errors import SourceUnavailable
from trueup.model.relations import Relation, columns_of, relation_name, relation_named
from trueup.model.source import Progress, RelationMapping, Snapshot, mapped_columns, places_of

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

INCOMING = "incoming_rows"
"""The name under which a source's rows are registered while they are read."""

_EMPTY = "no_incoming_rows"
_USUAL = {
    "null": '"NULL"',
    "bool": "BOOLEAN",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "timestamp[us]": "TIMESTAMP",
}
"""Arrow's types that nearly every column has, and what DuckDB calls them."""


def copy_relation(
    books: Books,
    snapshot: Snapshot,
    mapping: RelationMapping,
    *,
    unique_key: bool,
    progress: Progress,
    is_part: bool = False,
) -> int:
    """Copy the relation and record what was read; return how many rows there were.

    ``is_part`` says that these are only the rows that are odd, from which nothing follows for a whole column.

    ``unique_key`` says that the source itself keeps the key unique, so that duplicates need not be looked for.
    When the source goes away in the middle, the relation stays empty, its line in the books says how far the copy
    got, and ``SourceUnavailable`` goes on. Raises ``ConfigurationError`` when a mapped column cannot be what it is
    mapped to.
    """
    relation = relation_named(mapping.relation)
    counted = _read_whole(books, relation, mapping, snapshot, unique_key=unique_key, progress=progress)
    if widen_for(books.connection, relation, books.scale):
        counted = _read_whole(books, relation, mapping, snapshot, unique_key=unique_key, progress=progress)
    if not is_part:
        refuse_wrong_columns(books.connection, relation, mapping, counted.rows)
    record_copy(books.connection, mapping, rows=counted.rows, problem=None)
    return counted.rows


def _read_whole(
    books: Books,
    relation: Relation,
    mapping: RelationMapping,
    snapshot: Snapshot,
    *,
    unique_key: bool,
    progress: Progress,
) -> RowCounter:
    counted = RowCounter(progress)
    try:
        with interruptible_reading(books, snapshot, progress):
            for position, place in enumerate(places_of(mapping)):
                _stream(books, relation, place, snapshot, counted, adds=position > 0)
    except SourceUnavailable as error:
        record_copy(books.connection, mapping, rows=0, problem=f"the copy ended after {counted.rows} rows: {error}")
        raise
    quarantine_unreadable(books.connection, relation, mapping, unique_key=unique_key)
    return counted


@contextlib.contextmanager
def interruptible_reading(books: Books, snapshot: Snapshot, progress: Progress) -> Iterator[None]:
    """Let the progress's owner end the read too: a source that is waited for would not notice that the query ended."""

    def interrupt() -> None:
        books.connection.interrupt()
        snapshot.cancel()

    progress.interruptible(interrupt)
    try:
        yield
    finally:
        progress.interruptible(books.connection.interrupt)


class RowCounter:
    """Counts rows as they pass, reports the progress, and keeps the source's own error from being lost in DuckDB's."""

    def __init__(self, progress: Progress) -> None:
        self.rows = 0
        self.error: SourceUnavailable | None = None
        self._progress = progress

    def through(self, reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
        import pyarrow as pa  # noqa: PLC0415 - heavy

        return pa.RecordBatchReader.from_batches(reader.schema, self._batches(reader))

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        try:
            with contextlib.closing(fetch_ahead(reader)) as batches:
                for batch in batches:
                    yield batch
                    self.rows += batch.num_rows
                    self._progress.advance(batch.num_rows)
        except SourceUnavailable as error:
            self.error = error
            raise
        finally:
            reader.close()


def _stream(
    books: Books,
    relation: Relation,
    mapping: RelationMapping,
    snapshot: Snapshot,
    counted: RowCounter,
    *,
    adds: bool,
) -> None:
    """Read one place's rows into the relation's table, which is made anew unless this place ``adds`` to others."""
    import duckdb  # noqa: PLC0415 - heavy

    connection, reader = books.connection, snapshot.read(mapping)
    connection.register(INCOMING, counted.through(reader))
    try:
        types = incoming_types(connection, reader.schema)
        if adds:
            _make_room_for_keys(connection, relation, types, books.scale)
        else:
            execute(connection, create_table(relation, types, scale=books.scale))
        books.run(insertion(relation, mapping, types, source=INCOMING, scale=books.scale), cancel=snapshot.cancel)
    except duckdb.Error:
        if counted.error is not None:
            raise counted.error from None
        raise
    finally:
        connection.unregister(INCOMING)


def _make_room_for_keys(
    connection: DuckDBPyConnection, relation: Relation, types: Mapping[str, str], scale: CreditScale
) -> None:
    """Make ids of their own type text where another place has another type, so that both are kept exactly."""
    for column in columns_of(relation):
        if column.kind is not ColumnKind.ID or column.name not in types:
            continue
        name = relation_name(relation)
        rows = execute(connection, f"SELECT typeof({column.name}) FROM {name} LIMIT 1").fetchall()
        there, wanted = rows[0][0] if rows else None, table_type(column, types[column.name], scale=scale)
        if there != wanted:
            both = "HUGEINT" if there in ("BIGINT", "HUGEINT", None) and wanted != "VARCHAR" else "VARCHAR"
            execute(connection, f"ALTER TABLE {name} ALTER {column.name} TYPE {both}")


def incoming_types(connection: DuckDBPyConnection, schema: pa.Schema) -> dict[str, str]:
    """DuckDB's name of each incoming type. An unusual one is asked for on an empty table, to leave the stream alone."""
    if all(str(field.type) in _USUAL for field in schema):
        return {field.name: _USUAL[str(field.type)] for field in schema}
    connection.register(_EMPTY, schema.empty_table())
    try:
        rows = execute(connection, f"DESCRIBE SELECT * FROM {_EMPTY}").fetchall()
    finally:
        connection.unregister(_EMPTY)
    return {name: kind for name, kind, *_ in rows}


def insertion(
    relation: Relation, mapping: RelationMapping, types: Mapping[str, str], *, source: str, scale: CreditScale
) -> str:
    """The statement that reads ``source``, whose columns are of these DuckDB types, into the relation's table."""
    readings = {
        column.name: reading(
            dataclasses.replace(column, nullable=True) if column.name in mapping.lacking else column,
            types[column.name],
            mapping.columns[column.name].values,
            scale=scale,
        )
        for column in columns_of(relation)
        if column.name in types
    }
    values = [_value(column, readings.get(column.name)) for column in columns_of(relation)]
    selected = ", ".join([*values, _unreadable(readings.values())])
    return f"INSERT INTO {relation_name(relation)} SELECT {selected} FROM {source}"


def _unreadable(readings: Collection[ColumnReading]) -> str:
    """What is wrong with a row, a line a column. The tests go first, so that readable rows cost no text at all."""
    tests = [reading.is_unreadable for reading in readings if reading.is_unreadable]
    problems = [reading.problem for reading in readings if reading.problem]
    return f"CASE WHEN {' OR '.join(tests)} THEN concat_ws({BETWEEN}, {', '.join(problems)}) END" if tests else "NULL"


def _value(column: Column, reading: ColumnReading | None) -> str:
    if reading is not None:
        return reading.value
    return "NULL" if column.neutral is None else literal(column.neutral)


def note_unread(books: Books, mapping: RelationMapping, problem: str) -> None:
    """Record that a mapped relation was not read at all."""
    record_copy(books.connection, mapping, rows=0, problem=problem)


def note_read_elsewhere(books: Books, relation: str, rows: int) -> None:
    """Record that so many more rows of the relation are read where they are."""
    for table in ("trueup_copy", "copied_relation"):
        execute(books.connection, f"UPDATE {table} SET rows = rows + ? WHERE relation = ?", [rows, relation])


def replace_problem(books: Books, relation: str, problem: str) -> None:
    """Record why a relation that was copied is not whole, in place of what was recorded before."""
    execute(books.connection, "UPDATE trueup_copy SET problem = ? WHERE relation = ?", [problem, relation])


def record_copy(
    connection: DuckDBPyConnection,
    mapping: RelationMapping,
    *,
    rows: int,
    problem: str | None,
) -> None:
    """Record how many rows the source sent of the relation, and why that is not all of them."""
    columns = sorted(mapped_columns(mapping))
    execute(connection, "DELETE FROM copied_relation WHERE relation = ?", [mapping.relation])
    execute(connection, "DELETE FROM trueup_copy WHERE relation = ?", [mapping.relation])
    execute(connection, "INSERT INTO copied_relation VALUES (?, ?, NULL)", [mapping.relation, rows])
    execute(
        connection,
        f"INSERT INTO trueup_copy SELECT ?, ?, ?, ?, coalesce(sum(entries), 0), ? FROM {unreadable_rows()} "
        "WHERE relation = ?",
        [mapping.relation, mapping.table, columns, rows, problem, mapping.relation],
    )
