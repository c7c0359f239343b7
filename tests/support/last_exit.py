"""Leaving a process after everything that an interpreter does at its end but taking apart what it imported.

Imported before anything that registers an ``atexit`` function: those run in reverse order, so that this one is last.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Iterator

_codes: list[int] = []


@contextlib.contextmanager
def leave_last() -> Iterator[None]:
    """Note the exit code that the command leaves with; anything else that it raises ends the interpreter as usual."""
    try:
        yield
    except SystemExit as left:
        if isinstance(left.code, int):
            _codes.append(left.code)
        raise


@atexit.register
def _leave() -> None:
    if not _codes:
        return
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            return  # the interpreter tries again, says so and has an exit code of its own for it
    os._exit(_codes[0])
