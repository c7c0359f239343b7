"""The folder in memory, for what tests write: a commit to a disk waits for the disk, thousands of times."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a random name is made in it
_PLENTY_BYTES = 4 * 2**30


def memory_folder() -> Path | None:
    """Return the folder in memory where there is plenty and programs may run in it, as they do in containers' folders.

    Its ``None`` is the usual folder for temporary files.
    """
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _PLENTY_BYTES:
        return None
    return None if os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC else _MEMORY
