"""What was read of Stripe: objects cut to what is read of them, and how far each list was read.

A kill at any moment leaves it sound: each page is one transaction, its objects and the position after it. What was
finished is never asked for again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from trueup.model.stripe_objects import OBJECT
from trueup.stripe.listings import Listing
from trueup.stripe.shapes.fields import JSON

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 4
_BATCH = 2_000

_TABLES = """
CREATE TABLE meta (fingerprint TEXT NOT NULL);
CREATE TABLE progress (listing TEXT PRIMARY KEY, sweep INTEGER NOT NULL, started_at INTEGER NOT NULL,
                       complete_since INTEGER, pass INTEGER NOT NULL, position INTEGER, is_whole INTEGER NOT NULL,
                       synced_to INTEGER NOT NULL, places TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE object (listing TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, sweep INTEGER NOT NULL,
                     PRIMARY KEY (listing, id)) WITHOUT ROWID;
CREATE TABLE touched (listing TEXT NOT NULL, object_id TEXT NOT NULL, customer_id TEXT, created INTEGER,
                      PRIMARY KEY (listing, object_id)) WITHOUT ROWID;
CREATE TABLE seen_event (event_id TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ListProgress:
    """How far a list was read. Moments are Unix seconds by our clock, ``complete_since`` and ``position`` by Stripe's.

    ``synced_to``: every change before it is here, once the list is whole. ``places`` are what was kept of its objects.
    """

    sweep: int
    started_at: int
    complete_since: int | None
    pass_number: int
    position: int | None
    is_whole: bool
    synced_to: int
    places: tuple[str, ...]


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
                for statement in filter(str.strip, _TABLES.split(";")):
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

    def progress(self, listing: Listing) -> ListProgress | None:
        """How far this list was read; None where it was never begun."""
        row = self._connection.execute(
            "SELECT sweep, started_at, complete_since, pass, position, is_whole, synced_to, places FROM progress "
            "WHERE listing = ?",
            [listing.name],
        ).fetchone()
        if row is None:
            return None
        sweep, started_at, complete_since, pass_number, position, is_whole, synced_to, places = row
        return ListProgress(
            sweep=sweep,
            started_at=started_at,
            complete_since=complete_since,
            pass_number=pass_number,
            position=position,
            is_whole=bool(is_whole),
            synced_to=synced_to,
            places=tuple(json.loads(places)),
        )

    def begin(
        self, listing: Listing, *, started_at: int, complete_since: int | None, places: Sequence[str] = ()
    ) -> ListProgress:
        """Begin to read a list from its top. What is known of it stays until the end."""
        before = self.progress(listing)
        sweep = before.sweep + 1 if before else 1
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, 0, NULL, 0, ?, ?)",
                [listing.name, sweep, started_at, complete_since, started_at, json.dumps(places)],
            )
            self._connection.execute("DELETE FROM touched WHERE listing = ?", [listing.name])
        return ListProgress(
            sweep=sweep,
            started_at=started_at,
            complete_since=complete_since,
            pass_number=0,
            position=None,
            is_whole=False,
            synced_to=started_at,
            places=tuple(places),
        )

    def keep_page(self, listing: Listing, objects: Sequence[JSON], *, pass_number: int, position: int | None) -> None:
        """Keep a page and the position after it."""
        with self._transaction():
            self._put(listing, objects)
            self._connection.execute(
                "UPDATE progress SET pass = ?, position = ? WHERE listing = ?", [pass_number, position, listing.name]
            )

    def finish(self, listing: Listing) -> None:
        """The list was read to its end: what it did not show is gone."""
        with self._transaction():
            self._connection.execute(
                "DELETE FROM object WHERE listing = :listing "
                "AND sweep < (SELECT sweep FROM progress WHERE listing = :listing)",
                {"listing": listing.name},
            )
            self._connection.execute("UPDATE progress SET is_whole = 1 WHERE listing = ?", [listing.name])

    def keep(self, listing: Listing, objects: Sequence[JSON]) -> None:
        """Keep objects as they are now; they need not be asked for again."""
        with self._transaction():
            self._put(listing, objects)
            names = [(listing.name, item["id"]) for item in objects]
            self._connection.executemany("DELETE FROM touched WHERE listing = ? AND object_id = ?", names)

    def drop(self, listing: Listing, named: str) -> None:
        """This object is no more."""
        with self._transaction():
            self._connection.execute("DELETE FROM object WHERE listing = ? AND id = ?", [listing.name, named])
            self._connection.execute("DELETE FROM touched WHERE listing = ? AND object_id = ?", [listing.name, named])

    def _put(self, listing: Listing, objects: Sequence[JSON]) -> None:
        (sweep,) = self._connection.execute("SELECT sweep FROM progress WHERE listing = ?", [listing.name]).fetchone()
        rows = [(listing.name, item["id"], json.dumps(item, ensure_ascii=False), sweep) for item in objects]
        self._connection.executemany("INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?)", rows)

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

    def count(self, listing: Listing) -> int:
        """How many objects of a list are kept."""
        (count,) = self._connection.execute("SELECT count(*) FROM object WHERE listing = ?", [listing.name]).fetchone()
        return int(count)

    def batches(self, listing: Listing) -> Iterator[pa.RecordBatch]:
        """The objects of a list as JSON, each on a row."""
        import pyarrow as pa  # noqa: PLC0415 - heavy

        with contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute("SELECT body FROM object WHERE listing = ?", [listing.name])
            while rows := cursor.fetchmany(_BATCH):
                yield pa.record_batch({OBJECT: pa.array([body for (body,) in rows], pa.string())})
