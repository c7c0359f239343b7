"""Whether there is a store at a place, and whether it is a store of trueup."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy import Connection, inspect

from trueup.model.errors import StoreUnavailable
from trueup.model.finding import printable

VERSION_TABLE = "trueup_store_version"
FIRST_TABLES = ("trueup_run", "trueup_issue", "trueup_finding", "trueup_transition", "trueup_exemption", "trueup_token")
"""Some of the tables that every store has had since the first revision."""

SHOWN_TABLES = 3

HOW_TO_MAKE = "make it with `trueup store init`, or let the first `trueup audit` do it"


def holds_store(connection: Connection, place: str) -> bool:
    """Whether this database holds a store; False where it holds nothing at all.

    Raises ``StoreUnavailable`` for a store without some of its tables, and for a database of another program.
    """
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        missing = [name for name in FIRST_TABLES if name not in tables]
        if missing:
            raise StoreUnavailable(
                f"The store {place} is not complete: it has no table {missing[0]}; restore a complete copy of it."
            )
        return True
    if tables:
        shown = ", ".join(printable(name) for name in sorted(tables)[:SHOWN_TABLES])
        more = ", …" if len(tables) > SHOWN_TABLES else ""
        raise StoreUnavailable(
            f"The store {place} is not a store of trueup: it holds other tables ({shown}{more}); give the store its "
            "own database, or in Postgres its own schema (?options=-csearch_path%3Dtrueup), in store.url."
        )
    return False


def absent(place: str) -> StoreUnavailable:
    """The error where there is no store and none may be made."""
    return StoreUnavailable(f"There is no store {place}; {HOW_TO_MAKE}.")


def empty(place: str) -> StoreUnavailable:
    """The error where there is an empty file."""
    return StoreUnavailable(
        f"The store {place} is an empty file: restore the store that was there, or delete the file and {HOW_TO_MAKE}."
    )


def marker_of(path: Path) -> Path:
    """The file beside a store in SQLite that records that there is one."""
    return path.with_name(f"{path.name}-made")


def mark(path: Path) -> None:
    """Record beside a store that it exists, for the time when it may be gone. If that cannot be written, skip it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(marker_of(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as marker:
            marker.write(f"There is a store in {path.name}. While this file is here, trueup does not make a new one.\n")


def is_there(path: Path, place: str) -> bool:
    """Whether the file exists; False where a first one may be made.

    Raises ``StoreUnavailable`` for anything but a regular file with content, and where a store was before but is gone.
    """
    try:
        status = _stat(path)
        if status is None and marker_of(path).exists():
            status = _stat(path)  # another process may have made both meanwhile
            if status is None:
                raise StoreUnavailable(
                    f"The store {place} is gone, and trueup does not replace it with an empty one: restore it; if it "
                    f"cannot be restored, delete {marker_of(path)} and run `trueup store init`."
                )
    except (OSError, ValueError) as error:
        raise StoreUnavailable(f"The store {place} cannot be opened: {_reason(error)}.") from None
    if status is None:
        return False
    if not stat.S_ISREG(status.st_mode):
        raise StoreUnavailable(f"The store {place} cannot be opened: it is not a regular file.")
    if status.st_size == 0:
        raise empty(place)
    return True


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def make_whole(path: Path, place: str, fill: Callable[[Path], None]) -> None:
    """Make the file for its owner alone, complete or not at all; if another process was quicker, its file counts.

    ``fill`` gets an empty file of another name. Raises ``StoreUnavailable``.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        fill(beside)
        _sync(beside)
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
        mark(path)
    except OSError as error:
        raise StoreUnavailable(f"The store {place} cannot be opened: {_reason(error)}.") from None
    finally:
        _remove(beside.with_name(f"{beside.name}{ending}") for ending in ("", "-wal", "-shm", "-journal"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
