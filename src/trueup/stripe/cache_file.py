"""The file that keeps what was read of one account in one mode: private, and one reader's at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from trueup.stripe.cache import Cache, is_usable
from trueup.stripe.failures import NotRead

_GLANCE_SECONDS = 0.2
_PRIVATE = 0o600


def cache_path(folder: Path, *, account: str, mode: str) -> Path:
    """Where the objects of this account and mode are kept."""
    return folder / f"trueup-stripe-{account}-{mode}.db"


def refused(folder: Path) -> str | None:
    """Why nothing can be kept in this folder, if it cannot."""
    if not folder.is_dir():
        return f"{folder} is no folder"
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder} may not be written to"


@contextlib.contextmanager
def open_cache(path: Path, *, fingerprint: str, glance: Callable[[], None], patience_seconds: float) -> Iterator[Cache]:
    """The cache in this file, made where there is none, begun anew where it was read in another way or is broken.

    While another audit reads the same account this one waits, calling ``glance``, whose error ends the waiting: what
    that one has read need not be asked for again. Raises ``NotRead`` when it takes longer than ``patience_seconds``,
    and ``OSError`` when the file cannot be made, or belongs to another user.
    """
    with _hold_lock(path, glance, patience_seconds):
        _make_private(path)
        connection = _connect(path)
        try:
            if not is_usable(connection, fingerprint):
                connection.close()
                _forget(path)
                _make_private(path)
                connection = _connect(path)
            yield Cache(connection, fingerprint=fingerprint)
        finally:
            connection.close()


@contextlib.contextmanager
def _hold_lock(path: Path, glance: Callable[[], None], patience_seconds: float) -> Iterator[None]:
    ends_at = time.monotonic() + patience_seconds
    descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, _PRIVATE)
    try:
        while not _try_lock(descriptor):
            if time.monotonic() > ends_at:
                raise NotRead("another audit of the same account was still reading it")
            time.sleep(_GLANCE_SECONDS)
            glance()
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make_private(path: Path) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, _PRIVATE)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.getuid() or not stat.S_ISREG(status.st_mode):
            raise PermissionError(f"{path} belongs to another user")
        os.fchmod(descriptor, _PRIVATE)
    finally:
        os.close(descriptor)


def _connect(path: Path) -> sqlite3.Connection:
    # The books read it from a thread of their own, one statement at a time.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _forget(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
