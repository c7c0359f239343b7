"""SQLite: one writer at a time, so the transaction itself is the lock (``BEGIN IMMEDIATE``)."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from trueup.model.address import sqlite_file
from trueup.model.errors import DatabaseMissing
from trueup.targets.description import describe_columns
from trueup.targets.serialization import Claimed, EntryTable, Serialization, Unserialized
from trueup.targets.sqlite_writes import SQLiteWriteCounter, referring_key, triggers_on
from trueup.targets.target import (
    LOCK_TIMEOUT_SECONDS,
    ColumnDescription,
    TableTrigger,
    TargetUnavailable,
    Trouble,
    followed_column,
)

_UNFIT = (sqlite3.OperationalError, sqlite3.IntegrityError, sqlite3.DataError)


class SQLiteTarget:
    """A SQLite file."""

    dialect = "sqlite"
    quote = "`"
    row_lock = ""
    rest_seconds = (
        0.15  # a writer that waits for a busy file looks again every 100 ms at the latest (sqlite3_busy_timeout)
    )
    row_lock_at_once = ""

    def __init__(self, path: Path) -> None:
        self.place = f"sqlite:///{path}"
        uri = f"file:{quote(str(path.absolute()))}?mode=rw"
        self._engine = _engine(uri, begin="BEGIN IMMEDIATE")
        self._reading_engine = _engine(uri, begin="BEGIN")

    @contextlib.contextmanager
    def transaction(self, serialization: Serialization | None = None) -> Iterator[Connection]:  # noqa: ARG002 - one signature
        """The write lock from the first moment: what is read cannot change before it is written."""
        with self._open(self._engine, "written") as connection:
            yield connection

    def find_serialization(
        self,
        connection: Connection,  # noqa: ARG002 - one signature
        entries: EntryTable,  # noqa: ARG002 - one signature
        key: object,  # noqa: ARG002 - one signature
    ) -> Serialization | Unserialized:
        """The file, which is locked from the first moment."""
        return Serialization.FILE_LOCK

    def claim(self, connection: Connection, entries: EntryTable, key: object) -> Claimed | Unserialized:  # noqa: ARG002 - one signature
        """Nothing more: the transaction has the file."""
        return Claimed(since=time.monotonic())

    @contextlib.contextmanager
    def wait_briefly(self, connection: Connection) -> Iterator[None]:  # noqa: ARG002 - one signature
        """Change nothing: a writer locks the whole file in any case."""
        yield

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that takes no write lock."""
        with self._open(self._reading_engine, "read") as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
            yield connection

    def keep_readings(self, most: int) -> None:
        """Nothing: opening a file takes no time, and a kept connection would not see another file in its place."""

    def close(self) -> None:
        """Nothing is kept."""

    def trouble(self, error: DBAPIError) -> Trouble:
        """What kind of failure this is."""
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return Trouble.BUSY
        if isinstance(error.orig, sqlite3.IntegrityError) and "UNIQUE" in str(error.orig):
            return Trouble.DUPLICATE
        return Trouble.UNFIT if isinstance(error.orig, _UNFIT) else Trouble.LOST

    def describe_error(self, error: DBAPIError) -> str:
        """SQLite's own sentence."""
        return str(error.orig).partition("\n")[0]

    def obstacle(self, connection: Connection, tables: Collection[str]) -> str | None:  # noqa: ARG002 - one signature
        """Nothing: every table of a SQLite file has transactions, and a file that cannot be written says so itself."""
        return None

    def column_obstacle(self, connection: Connection, table: str, column: str) -> str | None:
        """Any key that refers to it: only the application's own connections may have keys switched on, so that here
        it neither writes nor refuses.
        """
        following = referring_key(connection, table, column)
        return followed_column(following, table, column, self.place) if following is not None else None

    def columns(self, connection: Connection, table: str) -> tuple[ColumnDescription, ...]:
        """The columns of a table, as a writer must know them."""
        return describe_columns(connection, table.removeprefix("main."))

    def count_writes(self, connection: Connection) -> SQLiteWriteCounter:
        """All rows together."""
        return SQLiteWriteCounter(connection)

    def settle_constraints(self, connection: Connection) -> None:
        """No trigger waits for COMMIT here, and a key that does is an error there, which takes everything back."""

    def commit(self, connection: Connection) -> None:
        """Commit. No trigger runs in it here."""
        connection.commit()

    @contextlib.contextmanager
    def look_again(self, connection: Connection) -> Iterator[Connection]:  # noqa: ARG002 - one signature
        """A connection of its own, which does not wait for the write lock."""
        with self.reading() as fresh:
            yield fresh

    def triggers(self, connection: Connection, tables: Collection[str]) -> tuple[TableTrigger, ...]:
        """Triggers."""
        return triggers_on(connection, tables)

    @contextlib.contextmanager
    def _open(self, engine: Engine, done: str) -> Iterator[Connection]:
        with contextlib.ExitStack() as undo:
            try:
                opened = undo.enter_context(engine.connect())
                opened.begin()
            except DBAPIError as error:
                raise TargetUnavailable(
                    f"{self.place} cannot be {done}: {self.describe_error(error)}; nothing was changed.",
                    busy=self.trouble(error) is Trouble.BUSY,
                ) from None
            yield opened


def target(url: str) -> SQLiteTarget:
    """The file at ``sqlite:///app.db`` (relative) or ``sqlite:////data/app.db``. Raises ``ConfigurationError``."""
    path = Path(sqlite_file(url, key="database.repair_url"))
    if not path.is_file():
        raise DatabaseMissing(f"There is no SQLite file at {path}; correct database.repair_url.")
    return SQLiteTarget(path)


def _engine(uri: str, *, begin: str) -> Engine:
    def connected() -> sqlite3.Connection:
        return sqlite3.connect(
            uri, uri=True, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )

    engine = create_engine("sqlite://", creator=connected, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
