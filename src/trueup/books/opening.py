"""Books that are made, opened again, or gone on from: the file, and the limits of the connection to it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.books.credit_scale import CreditScale
from trueup.books.file import Books
from trueup.books.schema import FORMAT, all_tables, empty_tables
from trueup.model.errors import BooksUnreadable, TrueupError
from trueup.model.settings import MEMORY_LIMIT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


_ENGINE_SHARE = 0.8


_CLOSING_TRIES = 100


_SMALL_BLOCK_BYTES = "16384"


_CLOSING_PAUSE_SECONDS = 0.05

_NO_ROOM = tuple(map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)))
"""What the engine says of a disk that is full: the system's own words, within a sentence of its own."""


class BooksTooLarge(TrueupError):
    """The checks need more memory than ``books.memory_limit`` allows."""

    def __init__(self, memory_limit: str) -> None:
        super().__init__(f"The books need more memory than books.memory_limit allows ({memory_limit}); raise it.")


class BooksWithoutRoom(TrueupError):
    """The disk that the books are on is full."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"The books cannot be made in {folder}: {reason}. Free some room, or set TMPDIR to a folder that has it."
        )


@contextlib.contextmanager
def create_books(
    path: Path, *, memory_limit: str = MEMORY_LIMIT, credit_decimals: int | None = None, is_kept: bool = True
) -> Iterator[Books]:
    """New books in a new file, readable by this user only. Raises ``BooksUnreadable`` when the file exists.

    Where the file is not kept, it need not be complete afterwards.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise BooksUnreadable(f"{path} already exists; name another file for the books or remove it.") from None
    except OSError as error:
        raise BooksUnreadable(
            f"The books cannot be made at {path}: {error.strerror}; name a folder you may write to."
        ) from None
    path.unlink()
    with connect_books(path, memory_limit=memory_limit, survives_a_crash=is_kept) as connection:
        path.chmod(0o600)
        scale = CreditScale.of(credit_decimals)
        connection.execute(f"BEGIN; {all_tables(scale)}; COMMIT")  # one write to the disk instead of one for each
        if not is_kept:
            connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        yield Books(connection=connection, scale=scale)
        if is_kept:
            connection.execute("CHECKPOINT")


@contextlib.contextmanager
def open_books(path: Path, *, memory_limit: str = MEMORY_LIMIT, spill: Path | None = None) -> Iterator[Books]:
    """Open kept books, read only. Raises ``BooksUnreadable`` when the file is missing or was not made by trueup."""
    import duckdb  # noqa: PLC0415 - heavy

    if not path.is_file():
        raise BooksUnreadable(f"There are no books at {path}; make them with `trueup audit --keep-books {path}`.")
    try:
        with connect_books(path, memory_limit=memory_limit, read_only=True, spill=spill) as connection:
            row = connection.execute("SELECT format FROM trueup_books").fetchone()
            if row is None or row[0] != FORMAT:
                raise BooksUnreadable(
                    f"{path} has another books format than this trueup reads ({FORMAT}); make the books again."
                )
            yield Books(connection=connection)
    except (duckdb.IOException, duckdb.CatalogException, duckdb.SerializationException) as error:
        raise BooksUnreadable(f"{path} cannot be read as a books file; make it again with --keep-books.") from error


@contextlib.contextmanager
def continued_books(
    path: Path, *, relations: Collection[str], memory_limit: str = MEMORY_LIMIT, credit_decimals: int | None = None
) -> Iterator[Books]:
    """Books that go on from those in this file, which need not be complete afterwards: the rows of ``relations`` are
    there as they were read before, and every other relation is empty.
    """
    with connect_books(path, memory_limit=memory_limit, survives_a_crash=False) as connection:
        scale = CreditScale.of(credit_decimals)
        connection.execute(f"BEGIN; {empty_tables(relations, scale)}; COMMIT")
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        yield Books(connection=connection, scale=scale)


@contextlib.contextmanager
def books_in_memory(*, credit_decimals: int | None = None) -> Iterator[Books]:
    """Empty books that are never written to disk, and work like those of an audit."""
    scale = CreditScale.of(credit_decimals)
    with connect_books(None) as connection:
        connection.execute(all_tables(scale))
        yield Books(connection=connection, scale=scale)


@contextlib.contextmanager
def connect_books(
    path: Path | None,
    *,
    memory_limit: str = MEMORY_LIMIT,
    read_only: bool = False,
    survives_a_crash: bool = True,
    spill: Path | None = None,
) -> Iterator[DuckDBPyConnection]:
    """One connection with the limits that an audit keeps; it never loads or fetches an extension."""
    import duckdb  # noqa: PLC0415 - heavy

    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _engine_share(memory_limit),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if path:
        settings["temp_directory"] = str(spill or path.parent / f"{path.name}.spill")
        if not survives_a_crash:  # of books that nothing reads afterwards, each small table waited for the disk
            settings["fsync_mode"] = "NONE"
    else:  # small: threads would wait for each other longer than they work, and a large block is mostly zeros
        settings |= {"threads": 1, "default_block_size": _SMALL_BLOCK_BYTES}
    with _room_said(path):
        connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=settings)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        # Weighing these against the light methods costs a third of the copy, and reading them back costs more.
        connection.execute("SET disabled_compression_methods = 'fsst,dict_fsst,zstd'")
        with _room_said(path):
            yield connection
    except duckdb.OutOfMemoryException:
        raise BooksTooLarge(memory_limit) from None
    finally:
        _close(connection)


@contextlib.contextmanager
def _room_said(path: Path | None) -> Iterator[None]:
    """Say it in our words where the disk of the books is full, whichever of their statements came upon it."""
    import duckdb  # noqa: PLC0415 - heavy

    try:
        yield
    except duckdb.Error as error:
        reason = next((words for words in _NO_ROOM if words in str(error)), None)
        if path is None or reason is None:
            raise
        raise BooksWithoutRoom(path.parent, reason) from None


def _close(connection: DuckDBPyConnection) -> None:
    """Close it, and first end what a Ctrl-C may have left running in a query's own thread: it would refuse."""
    import duckdb  # noqa: PLC0415 - heavy

    for _ in range(_CLOSING_TRIES):
        try:
            connection.close()
        except duckdb.Error:
            connection.interrupt()
            time.sleep(_CLOSING_PAUSE_SECONDS)
        else:
            return


def _engine_share(memory_limit: str) -> str:
    """What DuckDB may count of the process's limit: the rest is for rows on their way and what it does not count."""
    amount = re.match(r"[0-9.]+", memory_limit)
    return f"{float(amount[0]) * _ENGINE_SHARE:.3f}{memory_limit[amount.end() :]}" if amount else memory_limit
