"""The database that holds our own memory: how it is opened, and the two kinds of transaction on it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from trueup.model.address import Address, parse_address
from trueup.model.errors import ConfigurationError, StoreUnavailable, nearest

BUSY_SECONDS = 30
"""How long a statement waits for another writer of the same SQLite file."""

CONNECT_SECONDS = 10
CONNECTIONS = 10
"""Kept open to Postgres; as many again in a rush."""

_WRITES = "trueup_writes"
_SCHEMES = ("sqlite", "postgresql")


class Database:
    """A pool of connections, safe for any number of threads. ``place`` is its address without the password."""

    def __init__(self, engine: Engine, *, place: str, address: Address | None = None) -> None:
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

        On SQLite it takes the write lock at once: one that read first could no longer get it later.
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
        except (DBAPIError, PoolTimeout, self.engine.dialect.loaded_dbapi.Error) as error:
            raise self.unavailable(error) from error
        except UnicodeEncodeError:  # bytes of a command line that are no text
            raise ConfigurationError(
                "What was given is not valid Unicode text; the store holds nothing else."
            ) from None

    def unavailable(self, error: Exception) -> StoreUnavailable:
        """What the driver's error means to a person, without secrets."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        said = " ".join(str(cause).split()) or type(cause).__name__
        shown = self._address.scrub(said) if self._address else said
        return StoreUnavailable(f"The store {self.place} cannot be used: {shown.rstrip('.')}.")

    def close(self) -> None:
        """Close the connections that are not in use; those in use close when they are given back."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """The database at ``sqlite:///path`` (relative; four slashes are absolute) or ``postgresql://…``.

    Postgres is not connected to yet. A SQLite file that does not exist is made, for its owner alone. Raises
    ``ConfigurationError`` for another kind of address, and ``StoreUnavailable``.
    """
    scheme, separator, rest = url.partition("://")
    kind = scheme.lower().partition("+")[0]
    match kind if separator else "":
        case "sqlite":
            return _sqlite(rest)
        case "postgresql" | "postgres":
            return _postgres(f"postgresql://{rest}")
        case unknown:
            shown = f'"{unknown.partition(":")[0]}://" is no kind of store' if unknown else "The store has no address"
            raise ConfigurationError(
                f"{shown}; write sqlite:///trueup.db or postgresql://…{nearest(unknown, _SCHEMES)}"
            )


def sqlite_path(url: str) -> Path | None:
    """The file of a store in SQLite; None for any other store."""
    scheme, _, rest = url.partition("://")
    return Path(unquote(rest.partition("?")[0])[1:]) if scheme.lower().partition("+")[0] == "sqlite" else None


def _sqlite(rest: str) -> Database:
    path = sqlite_path(f"sqlite://{rest}")
    if path is None or path == Path() or path.name == ":memory:":
        raise ConfigurationError("A store in SQLite needs a file; write sqlite:///trueup.db")
    place = f"sqlite:///{path.as_posix()}"
    _make_private(path, place)
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=CONNECTIONS)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine, place=place)


def _make_private(path: Path, place: str) -> None:
    """Make the file for its owner alone, where there is none; SQLite gives its companions the same rights."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnavailable(f"The store {place} cannot be opened: {error.strerror}.") from None


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Readers do not wait for a writer (WAL), references hold, and transactions begin when we say so."""
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
        """Hand the address to libpq as it is: it alone knows all that may stand in one."""
        arguments[:] = [url]
        options["application_name"] = "trueup"
        if "connect_timeout" not in address.options:
            options["connect_timeout"] = CONNECT_SECONDS

    event.listen(engine, "do_connect", connect_as_written)
    return Database(engine, place=address.place, address=address)
