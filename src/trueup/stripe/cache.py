"""What was read of Stripe: rows of our relations, and how far each list was read. A kill at any moment leaves it sound.

Each page is one transaction: its rows, and the position after it. What was finished is never asked for again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from trueup.model.columns import Column
from trueup.model.relations import columns_of, relation_name, relation_named
from trueup.model.stripe_objects import STRIPE_OBJECTS
from trueup.stripe.kept_values import NUMBERS, arrow_array, make_stored_row
from trueup.stripe.listings import LISTINGS, Listing
from trueup.stripe.shapes.fields import Rows

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 2
_BATCH = 10_000

_META = """
CREATE TABLE meta (fingerprint TEXT NOT NULL);
CREATE TABLE progress (listing TEXT PRIMARY KEY, sweep INTEGER NOT NULL, started_at INTEGER NOT NULL,
                       complete_since INTEGER, pass INTEGER NOT NULL, position INTEGER, is_whole INTEGER NOT NULL,
                       synced_to INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE touched (listing TEXT NOT NULL, object_id TEXT NOT NULL, customer_id TEXT, created INTEGER,
                      PRIMARY KEY (listing, object_id)) WITHOUT ROWID;
CREATE TABLE seen_event (event_id TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;
"""

_COMPLETED = {
    "stripe_invoice_line": (
        {"lookup_key": "coalesce(r.lookup_key, p.lookup_key)", "metered": "coalesce(r.metered, p.metered)"},
        "LEFT JOIN stripe_price AS p ON p.price_id = r.price_id",
    ),
}
"""Relations whose rows hold an id of another relation's row, and the columns that are filled in from that row."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a list was read. Moments are Unix seconds by our clock, ``complete_since`` and ``position`` by Stripe's.

    ``synced_to``: every change before it is here, once the list is whole.
    """

    sweep: int
    started_at: int
    complete_since: int | None
    pass_number: int
    position: int | None
    is_whole: bool
    synced_to: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """An object that changed, by what an event said of it."""

    listing: str
    object_id: str
    customer_id: str | None = None
    created: int | None = None


def is_usable(connection: sqlite3.Connection, fingerprint: str) -> bool:
    """Whether the file holds what this code, with this config, would have read; an empty one is."""
    try:
        if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            return True
        return connection.execute("SELECT fingerprint FROM meta").fetchall() == [(fingerprint,)]
    except sqlite3.DatabaseError:
        return False


class Cache:
    """An open cache. It is one reader's."""

    def __init__(self, connection: sqlite3.Connection, *, fingerprint: str) -> None:
        self._connection = connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            with self._transaction():
                for statement in _all_tables():
                    connection.execute(statement)
                connection.execute("INSERT INTO meta VALUES (?)", [fingerprint])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        with contextlib.ExitStack() as unless_done:
            unless_done.callback(self._connection.execute, "ROLLBACK")
            yield
            unless_done.pop_all()
        self._connection.execute("COMMIT")

    def progress(self, listing: Listing) -> Progress | None:
        """How far this list was read; None where it was never begun."""
        row = self._connection.execute(
            "SELECT sweep, started_at, complete_since, pass, position, is_whole, synced_to FROM progress "
            "WHERE listing = ?",
            [listing.name],
        ).fetchone()
        if row is None:
            return None
        sweep, started_at, complete_since, pass_number, position, is_whole, synced_to = row
        return Progress(
            sweep=sweep,
            started_at=started_at,
            complete_since=complete_since,
            pass_number=pass_number,
            position=position,
            is_whole=bool(is_whole),
            synced_to=synced_to,
        )

    def begin(self, listing: Listing, *, started_at: int, complete_since: int | None) -> Progress:
        """Begin to read a list from its top. What is known of it stays until the end."""
        before = self.progress(listing)
        sweep = before.sweep + 1 if before else 1
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, 0, NULL, 0, ?)",
                [listing.name, sweep, started_at, complete_since, started_at],
            )
            self._connection.execute("DELETE FROM touched WHERE listing = ?", [listing.name])
        return Progress(
            sweep=sweep,
            started_at=started_at,
            complete_since=complete_since,
            pass_number=0,
            position=None,
            is_whole=False,
            synced_to=started_at,
        )

    def keep_page(
        self, listing: Listing, objects: Sequence[tuple[str, Rows]], *, pass_number: int, position: int | None
    ) -> None:
        """Keep a page and the position after it."""
        with self._transaction():
            self._put(listing, objects)
            self._connection.execute(
                "UPDATE progress SET pass = ?, position = ? WHERE listing = ?", [pass_number, position, listing.name]
            )

    def finish(self, listing: Listing) -> None:
        """The list was read to its end: what it did not show is gone."""
        with self._transaction():
            for relation in listing.relations:
                self._connection.execute(
                    f"DELETE FROM {relation} WHERE listing = :listing "
                    "AND sweep < (SELECT sweep FROM progress WHERE listing = :listing)",
                    {"listing": listing.name},
                )
            self._connection.execute("UPDATE progress SET is_whole = 1 WHERE listing = ?", [listing.name])

    def keep(self, listing: Listing, objects: Sequence[tuple[str, Rows]]) -> None:
        """Keep objects as they are now; they need not be asked for again."""
        with self._transaction():
            self._put(listing, objects)
            names = [(listing.name, named) for named, _ in objects]
            self._connection.executemany("DELETE FROM touched WHERE listing = ? AND object_id = ?", names)

    def drop(self, listing: Listing, named: str) -> None:
        """This object is no more."""
        with self._transaction():
            for relation in listing.relations:
                self._connection.execute(f"DELETE FROM {relation} WHERE owner = ?", [named])
            self._connection.execute("DELETE FROM touched WHERE listing = ? AND object_id = ?", [listing.name, named])

    def _put(self, listing: Listing, objects: Sequence[tuple[str, Rows]]) -> None:
        (sweep,) = self._connection.execute("SELECT sweep FROM progress WHERE listing = ?", [listing.name]).fetchone()
        for relation in listing.part_relations:
            owners = [(named,) for named, _ in objects]
            self._connection.executemany(f"DELETE FROM {relation} WHERE owner = ?", owners)
        for relation in listing.relations:
            columns = columns_of(relation_named(relation))
            rows = [
                [*make_stored_row(columns, row, named), named, listing.name, sweep]
                for named, rows_of_object in objects
                for row in rows_of_object.get(relation, ())
            ]
            marks = ", ".join("?" * (len(columns) + 3))
            self._connection.executemany(f"INSERT OR REPLACE INTO {relation} VALUES ({marks})", rows)

    def unseen(self, events: Iterable[tuple[str, int]]) -> set[str]:
        """Those of these events that were not looked at before."""
        asked = [named for named, _ in events]
        marks = ", ".join("?" * len(asked))
        rows = self._connection.execute(f"SELECT event_id FROM seen_event WHERE event_id IN ({marks})", asked)
        return set(asked) - {named for (named,) in rows}

    def note_changes(self, events: Sequence[tuple[str, int]], touched: Iterable[Touched]) -> None:
        """Remember what events touched, and that they were looked at."""
        with self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO seen_event VALUES (?, ?)", events)
            rows = [[t.listing, t.object_id, t.customer_id, t.created] for t in touched]
            self._connection.executemany("INSERT OR REPLACE INTO touched VALUES (?, ?, ?, ?)", rows)

    def touched(self, listing: Listing) -> list[Touched]:
        """What must be asked for again, in the order of the ids."""
        rows = self._connection.execute(
            "SELECT listing, object_id, customer_id, created FROM touched WHERE listing = ? ORDER BY object_id",
            [listing.name],
        )
        return [Touched(listing=a, object_id=b, customer_id=c, created=d) for a, b, c, d in rows]

    def is_touched(self, listing: Listing, named: str) -> bool:
        """Whether this object must be asked for again."""
        asked = "SELECT 1 FROM touched WHERE listing = ? AND object_id = ?"
        return self._connection.execute(asked, [listing.name, named]).fetchone() is not None

    def synced(self, listings: Iterable[Listing], *, to: int, seen_since: int) -> None:
        """Everything that happened to these lists before this moment is here."""
        with self._transaction():
            names = [(to, listing.name) for listing in listings]
            self._connection.executemany("UPDATE progress SET synced_to = ? WHERE listing = ?", names)
            self._connection.execute("DELETE FROM seen_event WHERE created < ?", [seen_since])

    def count(self, relation: str) -> int:
        """How many rows of a relation are kept."""
        (row_count,) = self._connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
        return int(row_count)

    def rows(self, relation: str) -> pa.RecordBatchReader:
        """The relation as Arrow batches, in the order of its columns. Odd values make their column text."""
        import pyarrow as pa  # noqa: PLC0415 - heavy

        columns = columns_of(relation_named(relation))
        schema = pa.schema([pa.field(c.name, self._arrow_type(relation, c)) for c in columns])
        replaced, join = _COMPLETED.get(relation, ({}, ""))
        values = ", ".join(replaced.get(c.name, f"r.{c.name}") for c in columns)
        query = f"SELECT {values} FROM {relation} AS r {join}"
        return pa.RecordBatchReader.from_batches(schema, self._batches(query, schema))

    def _batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # noqa: PLC0415 - heavy

        with contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(_BATCH):
                values = zip(*rows, strict=True)
                arrays = [arrow_array(column, field.type) for column, field in zip(values, schema, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _arrow_type(self, relation: str, column: Column) -> pa.DataType:
        import pyarrow as pa  # noqa: PLC0415 - heavy

        if column.kind not in NUMBERS:
            return pa.string()
        odd = f"SELECT 1 FROM {relation} WHERE typeof({column.name}) = 'text' LIMIT 1"
        return pa.string() if self._connection.execute(odd).fetchone() else pa.int64()


def _all_tables() -> Iterator[str]:
    yield from (statement for statement in _META.split(";") if statement.strip())
    parts = {relation for listing in LISTINGS for relation in listing.part_relations}
    for relation in STRIPE_OBJECTS:
        name, columns = relation_name(relation), columns_of(relation)
        keys = ", ".join(column.name for column in columns if column.is_key)
        own = ", ".join(column.name for column in columns)
        yield (
            f"CREATE TABLE {name} ({own}, owner TEXT NOT NULL, listing TEXT NOT NULL, sweep INTEGER NOT NULL, "
            f"PRIMARY KEY ({keys})) WITHOUT ROWID"
        )
        if name in parts:
            yield f"CREATE INDEX {name}_owner ON {name} (owner)"
