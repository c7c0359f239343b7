"""The database that holds the store: how it is opened, and the two kinds of transaction on it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from trueup.model.address import Address, parse_address, sqlite_file
from trueup.model.errors import ConfigurationError, StoreUnavailable, nearest
from trueup.store.cells import CellUnreadable

BUSY_SECONDS = 30
"""How long a statement waits for another writer of the same SQLite file."""

CONNECT_SECONDS = 10
CONNECTIONS = 10
"""Connections kept open to Postgres; as many again in a rush."""

_WRITES = "trueup_writes"
_SCHEMES = ("sqlite", "postgresql")


class Database:
    """A pool of connections, safe for any number of threads. ``place`` is its address without the password."""

    def __init__(self, engine: Engine, *, place: str, address: Address | None = None, is_file: bool = False) -> None:
        self.is_file = is_file
        self.engine = engine
        self.place = place
        self._address = address

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads. Raises ``StoreUnavailable``."""
        with self._transaction(writes=False) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that may write, committed at the end of the block. Raises ``StoreUnavailable``.

        On SQLite it takes the write lock at once: a transaction that read first could no longer get it later.
        """
        with self._transaction(writes=True) as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                connection.execution_options(**{_WRITES: writes})
                with connection.begin():
                    yield connection
        except CellUnreadable as cell:
            raise StoreUnavailable(
                f"The store {self.place} cannot be used: {cell}{self._row_of(cell)}; restore the cell from a "
                "copy of the store, or remove the row."
            ) from cell
        except (DBAPIError, DisconnectionError, PoolTimeout, self.engine.dialect.loaded_dbapi.Error) as error:
            raise self.unavailable(error) from error
        except UnicodeEncodeError:  # bytes of a command line that are not text
            raise ConfigurationError(
                "The input is not valid Unicode text, which is all that the store holds."
            ) from None

    def unavailable(self, error: Exception) -> StoreUnavailable:
        """The driver's error as a message for a person, without secrets."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        message = " ".join(str(cause).split()) or type(cause).__name__
        shown = self._address.scrub(message) if self._address else message
        return StoreUnavailable(f"The store {self.place} cannot be used: {shown.rstrip('.')}.")

    def _row_of(self, cell: CellUnreadable) -> str:
        """The place of the cell: the key of its row, as far as that can be read."""
        keys = ", ".join(column.name for column in cell.table.primary_key)
        look = text(f"SELECT {keys} FROM {cell.table.name} WHERE {cell.column} = :value LIMIT 1")
        with self.engine.connect() as connection:
            row = connection.execute(look, {"value": cell.value}).mappings().first()
        return "" if row is None else f" in the row where {' and '.join(f'{k} is {v}' for k, v in row.items())}"

    def close(self) -> None:
        """Close the idle connections; those in use close when they are returned."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """The database at ``sqlite:///path`` (relative; four slashes are absolute) or ``postgresql://…``.

    Connects to nothing yet, and makes no file. Raises ``ConfigurationError`` for another kind of address.
    """
    scheme, separator, rest = url.partition("://")
    kind = scheme.lower().partition("+")[0]
    match kind if separator else "":
        case "sqlite":
            return _sqlite(cast("Path", sqlite_path(url)))
        case "postgresql" | "postgres":
            return _postgres(f"postgresql://{rest}")
        case unknown:
            shown = (
                f'"{unknown.partition(":")[0]}://" is not a kind of store' if unknown else "The store has no address"
            )
            raise ConfigurationError(
                f"{shown}; write sqlite:///trueup.db or postgresql://…{nearest(unknown, _SCHEMES)}"
            )


def sqlite_path(url: str) -> Path | None:
    """The file of a store in SQLite; None for any other store. Raises ``ConfigurationError`` where it names no file."""
    if url.partition("://")[0].lower().partition("+")[0] != "sqlite":
        return None
    path = Path(unquote(sqlite_file(url, key="store.url")))
    if path == Path() or path.name == ":memory:":
        raise ConfigurationError("A store in SQLite needs a file; write sqlite:///trueup.db")
    return path


def _sqlite(path: Path) -> Database:
    file = _File(path)
    engine = create_engine("sqlite://", creator=file.connected, poolclass=QueuePool, pool_size=CONNECTIONS)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)

    def refuse_another_file(_: object, __: object, ___: object) -> None:
        """A pool for a file: a connection to a file that was moved or replaced would write where no reader looks."""
        if file.trouble() is not None:
            raise DisconnectionError

    event.listen(engine, "checkout", refuse_another_file)
    return Database(engine, place=f"sqlite:///{path.as_posix()}", is_file=True)


class _File:
    """The file that existed at the first connection: no other file is used in its place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first: tuple[int, int] | None = None

    def connected(self) -> sqlite3.Connection:
        """A connection to the file. SQLite's own way would make an empty file where it is gone."""
        trouble = self.trouble()
        if trouble is not None:
            raise sqlite3.OperationalError(trouble)
        uri = f"file:{quote(str(self._path.absolute()))}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)

    def trouble(self) -> str | None:
        """Why the file cannot be used; None when it can."""
        try:
            status = self._path.stat()
        except OSError as error:
            return f"{error.strerror}; restore it"
        self._first = self._first or (status.st_dev, status.st_ino)
        if self._first != (status.st_dev, status.st_ino):
            return "another file has taken its place; restore the first one, or restart the process"
        return None


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Set up a connection: readers do not wait for a writer (WAL), references hold, transactions begin explicitly."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres(url: str) -> Database:
    address = parse_address(url)
    try:
        engine = create_engine(
            "postgresql+psycopg://",
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            pool_pre_ping=True,
            use_native_hstore=False,
        )
    except ImportError:
        raise ConfigurationError(
            "A store in Postgres needs a driver that is not installed; run: pip install 'trueup[postgres]'"
        ) from None

    def connect_as_written(_: object, __: object, arguments: list[Any], options: dict[str, Any]) -> None:
        """Hand the address to libpq unchanged: only libpq knows everything that an address may hold."""
        arguments[:] = [url]
        options["application_name"] = "trueup"
        if "connect_timeout" not in address.options:
            options["connect_timeout"] = CONNECT_SECONDS

    event.listen(engine, "do_connect", connect_as_written)
    return Database(engine, place=address.place, address=address)
