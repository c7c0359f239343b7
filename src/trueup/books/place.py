"""Where books live while an audit runs: a private folder that outlives neither the audit nor a kill.

Books hold personal data. The folder is 0700, it is deleted when the audit ends, and what a killed run left behind is
swept by the next one: a run holds a lock on its folder for as long as it lives, and a folder nobody holds is dead.
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

_PREFIX = "trueup-books-"
_LOCK = "held"


@contextlib.contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder that only this user can read, gone afterwards; folders of dead runs beside it are swept first."""
    parent = parent or Path(tempfile.gettempdir())
    sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        with (folder / _LOCK).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
