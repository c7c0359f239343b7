"""A disk of a chosen size, which is really full when it is full: a file system in memory."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_PAGE_BYTES = 4096
_ROOMY_BYTES = 256 * 1024 * 1024


class SmallDisk:
    """A mounted file system whose size a test sets while it is in use."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def leave(self, free_bytes: int) -> None:
        """Set the size so that only so much is free: none, where it is 0 and something is there."""
        state = os.statvfs(self.place)
        used = (state.f_blocks - state.f_bfree) * state.f_frsize
        self._resize(used + free_bytes // _PAGE_BYTES * _PAGE_BYTES)

    def leave_enough(self) -> None:
        """Set a size that no test fills."""
        self._resize(_ROOMY_BYTES)

    def _resize(self, size: int) -> None:
        size = max(size, _PAGE_BYTES)  # 0 is without a limit
        subprocess.run(["mount", "-o", f"remount,size={size}", self.place], check=True)


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[SmallDisk]:
    """Mount a disk at this place, with enough room to begin with. The test is skipped where this user cannot mount."""
    place.mkdir(mode=0o700)
    options = f"size={_ROOMY_BYTES},mode=0700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a disk can be mounted by root alone")
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
