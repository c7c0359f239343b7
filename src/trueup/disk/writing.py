"""Files that are written completely or not at all: written beside the target, synced, and then renamed into place."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

_FIRST_MODE = 0o666  # what a new file gets before the umask, as with every other program


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Open a text file that takes the place of ``path`` when the block ends, and leaves it as it was when it fails.

    A link is followed, and the mode of the file before is kept. A file that is not regular (a terminal, a pipe,
    ``/dev/null``) cannot be replaced and is written to directly. Raises ``OSError``.
    """
    place = _followed(path)
    mode = _mode_before(place)
    if mode is not None and not stat.S_ISREG(mode):
        with place.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    beside = _beside(place)
    with _new_file(beside, _FIRST_MODE) as descriptor:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            if mode is not None:
                os.fchmod(stream.fileno(), stat.S_IMODE(mode))
            os.fsync(stream.fileno())
        beside.replace(place)
    _sync(place.parent, os.O_RDONLY | os.O_DIRECTORY)


def move_whole(source: Path, place: Path) -> None:
    """Move a file to ``place``, completely or not at all, also to another disk. Raises ``OSError``."""
    try:
        _sync(source, os.O_RDONLY)
        source.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_beside(source, place)
        source.unlink()
    _sync(place.parent, os.O_RDONLY | os.O_DIRECTORY)


def _copy_beside(source: Path, place: Path) -> None:
    beside = _beside(place)
    with _new_file(beside, stat.S_IMODE(source.stat().st_mode)) as descriptor:
        with os.fdopen(descriptor, "wb") as copy, source.open("rb") as original:
            shutil.copyfileobj(original, copy)
            copy.flush()
            os.fsync(copy.fileno())
        beside.replace(place)


@contextlib.contextmanager
def _new_file(path: Path, mode: int) -> Iterator[int]:
    """Make a file, and remove it at the end of the block if it still has this name: it was not moved to its place."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode)
    try:
        yield descriptor
    finally:
        path.unlink(missing_ok=True)


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name[:200]}.{secrets.token_hex(6)}.part")


def _followed(path: Path) -> Path:
    try:
        return path.resolve(strict=False) if path.is_symlink() else path
    except RuntimeError:  # a loop of links, in Python 3.11 and 3.12
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from None


def _mode_before(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _sync(path: Path, flags: int) -> None:
    """Sync a file, or the names in a folder. Some file systems cannot; then the operating system writes it later."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, flags | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
