"""The place of the books while an audit runs: a private folder that outlives neither the audit nor a kill.

Books hold personal data. The folder is 0700, it is deleted when the audit ends, and what a killed run left behind is
swept by the next one: a run holds a lock on its folder for as long as it lives, and a folder without a lock is dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from trueup.model.errors import ConfigurationError
from trueup.model.finding import printable

_PREFIX = "trueup-books-"
_LOCK = "held"
_NAMED_IN = ("TMPDIR", "TEMP", "TMP")  # as tempfile looks for them


@contextlib.contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder that only this user can read, gone afterwards; folders of dead runs beside it are swept first."""
    parent = parent or temporary_folder()
    sweep(parent)
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    except OSError as error:
        raise ConfigurationError(
            f"The books cannot be made in {parent}: {error.strerror or 'no reason given'}; set TMPDIR to a folder "
            "that this user may write to."
        ) from None
    try:
        with (folder / _LOCK).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def temporary_folder() -> Path:
    """Return the folder for files that an audit needs only while it runs: ``TMPDIR``, or the system's.

    Raises ``ConfigurationError`` where the named one is not a folder. Python would take ``/tmp`` in silence, and books
    hold personal data: a folder that was named was named for a reason.
    """
    for name in _NAMED_IN:
        if named := os.environ.get(name):
            if not os.path.isdir(named):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
                raise ConfigurationError(
                    f"{name} is {printable(named)}, which is not a folder; make it, or unset {name}."
                )
            return Path(named)
    return Path(tempfile.gettempdir())


def sweep(parent: Path) -> int:
    """Delete the folders that dead runs of this user left in ``parent``; how many there were."""
    swept = 0
    for folder in parent.glob(f"{_PREFIX}*"):
        if _is_ours(folder) and _is_dead(folder):
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
    return swept


def _is_ours(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid()
    return False


def _is_dead(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("r+") as lock:
            return _lockable(lock)
    except OSError:
        return False


def _lockable(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
