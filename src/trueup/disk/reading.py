"""The only way to read a file that a person named: a regular file of a bounded size, or a reason in words."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB

_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a named pipe, which may never end"),
    (stat.S_ISCHR, "it is a device, which may never end"),
    (stat.S_ISBLK, "it is a device"),
    (stat.S_ISSOCK, "it is a socket"),
)


class FileRefused(OSError):
    """The file is not a regular one, or is larger than allowed for its kind; ``strerror`` says which."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(errno.EINVAL, reason, str(path))


def read_file(path: Path, *, most_bytes: int) -> bytes:
    """Return the content of the regular file at ``path``.

    Raises ``FileNotFoundError``, ``FileRefused`` for what is not a regular file or holds more than ``most_bytes``, and
    ``OSError`` for everything else that keeps it from being read. A pipe that nothing writes to is never waited for.
    """
    with os.fdopen(_open_file(path), "rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise FileRefused(path, f"it is larger than {size_text(most_bytes)}")
    return content


def refuse_other_than_file(path: Path, *, most_bytes: int | None = None) -> None:
    """Raise as ``read_file`` does, for a file that a library opens by its name."""
    descriptor = _open_file(path)
    try:
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    if most_bytes is not None and size > most_bytes:
        raise FileRefused(path, f"it is larger than {size_text(most_bytes)}")


def size_text(count: int) -> str:
    """Return the number of bytes in words.

    >>> size_text(1024 * 1024), size_text(65536), size_text(1000)
    ('1 MiB', '64 KiB', '1000 bytes')
    """
    for unit, name in ((MIB, "MiB"), (KIB, "KiB")):
        if count >= unit and count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count} bytes"


def _open_file(path: Path) -> int:
    try:
        # Without O_NONBLOCK, opening a pipe waits until something opens its other end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:  # a NUL character in the name
        raise FileRefused(path, "its name holds a NUL character") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "it is something else")
        raise FileRefused(path, f"{kind}, and not a regular file")
    return descriptor
