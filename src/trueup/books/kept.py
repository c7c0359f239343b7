"""Books that are kept from one audit to the next: a file of this user only, what it is of, and its lock.

The file is the state right after the app's relations were read, before anything was worked out from them, so that an
audit that begins with it goes on exactly as one that read everything. What it is of is written in the file itself: a
new file takes the place of the old one in one step, and neither is ever changed where it is.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trueup import __version__
from trueup.books.opening import connect_books
from trueup.books.place import private_folder
from trueup.books.schema import FORMAT
from trueup.disk import move_whole

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueup.books.file import Books

_TABLES = """
CREATE OR REPLACE TABLE kept_books (place VARCHAR, version VARCHAR, as_of TIMESTAMP, whole_at TIMESTAMP,
                                    refreshes INTEGER, decimals INTEGER);
CREATE OR REPLACE TABLE kept_relation (relation VARCHAR, fingerprint VARCHAR, mapping VARCHAR, rows BIGINT,
                                       mark VARCHAR);
"""
_VERSION = f"{__version__} ({FORMAT})"
_BLOCK_BYTES = 64 * 1024 * 1024
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRelation:
    """What is known of one kept relation. ``mark`` is the source's own; None where it does not notice changes.

    ``fingerprint`` is of all that its rows depend on besides the source's rows, ``mapping`` the part of that which the
    config says, as JSON.
    """

    fingerprint: str
    mapping: str
    rows: int
    mark: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptState:
    """What kept books are of. Moments are naive UTC; ``refreshes`` is how often they were refreshed since ``whole_at``,
    when every row was read. ``decimals`` are those of their credits.
    """

    place: str
    as_of: datetime
    whole_at: datetime
    refreshes: int
    decimals: int
    is_of_this_version: bool = True
    relations: Mapping[str, KeptRelation] = field(default_factory=dict)


class KeptFile:
    """The place of one environment's kept books, in a folder of this user only."""

    def __init__(self, folder: Path, environment: str) -> None:
        name = re.sub(r"[^A-Za-z0-9]+", "-", environment)[:40].strip("-")
        digest = hashlib.sha256(environment.encode()).hexdigest()[:12]
        self.folder = folder
        self.path = folder / f"{name}-{digest}.duckdb"
        self._lock = folder / f"{name}-{digest}.lock"

    @contextlib.contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the books' lock while the block runs; False, and no lock, where another audit holds it.

        Raises ``OSError`` where the folder cannot be made or written to.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        descriptor = os.open(self._lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            yield _take(descriptor)
        finally:
            os.close(descriptor)

    def state(self) -> KeptState | str | None:
        """What the kept books are of; None where there are none, and why they cannot be used where that is so."""
        import duckdb  # noqa: PLC0415 - heavy

        if not self.path.is_file():
            return None
        try:
            with connect_books(self.path, read_only=True) as connection:
                return _read_state(connection)
        except (duckdb.Error, ValueError):
            return "the kept books cannot be read"

    def copy_to(self, place: Path) -> None:
        """Copy the kept books, for an audit to work on. Raises ``OSError``."""
        _copy_file(self.path, place)

    @contextlib.contextmanager
    def attached(self, books: Books) -> Iterator[None]:
        """Let the statements of these books read the kept ones as ``before``."""
        books.connection.execute(f"ATTACH {_literal(self.path)} AS before (READ_ONLY)")
        try:
            yield
        finally:
            books.connection.execute("DETACH before")

    def keep(self, books: Books, file: Path, state: KeptState) -> None:
        """Put the books as they are now in place of those kept before, whole or not at all. Raises ``OSError``.

        ``file`` is that of the open books, which are not changed meanwhile.
        """
        _write_state(books.connection, state)
        books.connection.execute("CHECKPOINT")
        with private_folder(self.folder) as scratch:
            beside = scratch / self.path.name
            _copy_file(file, beside)
            move_whole(beside, self.path)

    def forget(self, account_id: str) -> int:
        """Write the books anew without the rows of this account; return how many there were. The lock must be held.

        The rows are left out of a new file, since a deleted row stays in the old one. Every mark goes with them: what
        is missing now is only read again by an audit that reads everything. Raises ``OSError``.
        """
        with private_folder(self.folder) as scratch:
            beside = scratch / self.path.name
            with connect_books(beside) as connection:
                connection.execute(f"ATTACH {_literal(self.path)} AS before (READ_ONLY)")
                connection.execute(f"COPY FROM DATABASE before TO {_name_of(connection)} (SCHEMA)")
                rows = sum(_copy_others(connection, table, account_id) for table in _tables_of(connection))
                connection.execute("UPDATE kept_relation SET mark = NULL")
                connection.execute("DETACH before")
                connection.execute("CHECKPOINT")
            beside.chmod(0o600)
            move_whole(beside, self.path)
        return rows

    def drop(self) -> None:
        """Delete the kept books."""
        self.path.unlink(missing_ok=True)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_state(connection: DuckDBPyConnection) -> KeptState | str:
    row = connection.execute("SELECT * FROM kept_books").fetchone()
    if row is None:
        return "the kept books cannot be read"
    place, version, as_of, whole_at, refreshes, decimals = row
    if not version.endswith(f" ({FORMAT})"):
        return "the kept books are of another version of trueup"
    relations = connection.execute("SELECT relation, fingerprint, mapping, rows, mark FROM kept_relation").fetchall()
    return KeptState(
        place=place,
        as_of=as_of,
        whole_at=whole_at,
        refreshes=refreshes,
        decimals=decimals,
        is_of_this_version=version == _VERSION,
        relations={
            name: KeptRelation(fingerprint=fingerprint, mapping=mapping, rows=rows, mark=mark)
            for name, fingerprint, mapping, rows, mark in relations
        },
    )


def _write_state(connection: DuckDBPyConnection, state: KeptState) -> None:
    connection.execute(_TABLES)
    connection.execute(
        "INSERT INTO kept_books VALUES (?, ?, ?, ?, ?, ?)",
        [state.place, _VERSION, state.as_of, state.whole_at, state.refreshes, state.decimals],
    )
    for name, kept in state.relations.items():
        values = [name, kept.fingerprint, kept.mapping, kept.rows, kept.mark]
        connection.execute("INSERT INTO kept_relation VALUES (?, ?, ?, ?, ?)", values)


def _tables_of(connection: DuckDBPyConnection) -> Sequence[tuple[str, Sequence[str] | None]]:
    """The tables of the books that are attached as ``before``, and their columns that name an account."""
    return connection.execute(
        "SELECT table_name, list(column_name) FILTER (WHERE column_name IN ('account_id', 'member_id')) "
        "FROM duckdb_columns() WHERE database_name = 'before' AND NOT internal GROUP BY table_name ORDER BY table_name"
    ).fetchall()


def _copy_others(connection: DuckDBPyConnection, table: tuple[str, Sequence[str] | None], account_id: str) -> int:
    """Copy the rows that do not name the account. All spellings that may be the same are left out."""
    name, columns = table
    tests = [f"lower(trim({column})) IS DISTINCT FROM lower(trim($account))" for column in columns or ()]
    condition = f"WHERE {' AND '.join(tests)}" if tests else ""
    bound = {"account": account_id} if tests else {}
    connection.execute(f"INSERT INTO {name} SELECT * FROM before.{name} {condition}", bound)
    ((left_out,),) = connection.execute(
        f"SELECT (SELECT count(*) FROM before.{name}) - (SELECT count(*) FROM {name})"
    ).fetchall()
    return int(left_out)


def _name_of(connection: DuckDBPyConnection) -> str:
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    return '"' + str(name).replace('"', '""') + '"'


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _copy_file(source: Path, place: Path) -> None:
    """Copy a file to a new one of this user only; a file system that can share blocks copies none of them."""
    with source.open("rb") as reader, os.fdopen(os.open(place, _NEW, 0o600), "wb") as writer:
        try:
            while os.copy_file_range(reader.fileno(), writer.fileno(), _BLOCK_BYTES):
                pass
        except (AttributeError, OSError):  # not every system or pair of file systems can
            reader.seek(0)
            writer.seek(0)
            shutil.copyfileobj(reader, writer, _BLOCK_BYTES)
