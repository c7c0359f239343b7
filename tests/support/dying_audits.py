"""Audits in processes of their own that are killed at a chosen moment of their work on the kept books."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from tests.support.histories import config_of
from trueup.actions.audit import copied_books
from trueup.model.source import Silent

_MODULES = ("trueup.actions.audit.kept_reading", "trueup.books.kept", "trueup.books.refresh", "trueup.disk.writing")
_PLACES = tuple(f"/{name.replace('.', '/')}.py" for name in _MODULES)
"""Where a moment is: each call of a function of these modules, and each call that they make of what is written in C,
as a statement of DuckDB's and a system call are."""
_SECONDS = 600
"""An audit takes one or two; a machine that has other things to do may give it little of that."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "trueup.sources.postgres"])


def read_in_a_process(
    url: str,
    folder: Path,
    now: datetime,
    *,
    die_at: int | None = None,
    die_after_seconds: float | None = None,
    most_bytes: int | None = None,
) -> tuple[int, int]:
    """Audit with kept books in another process; return how it ended, and how many moments it lived through.

    ``die_at``: the process kills itself at this moment, counted from 0, without any chance to tidy up.
    ``die_after_seconds``: it is killed from outside, which may be in the middle of a statement or a system call.
    ``most_bytes``: what no file can be larger than.
    """
    receiver, sender = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_read, args=(url, folder, now, die_at, most_bytes, sender))
    process.start()
    sender.close()
    if die_after_seconds is not None:
        process.join(die_after_seconds)
        process.kill()
    process.join(_SECONDS)
    assert process.exitcode is not None, "the audit did not end"
    lived = 0
    with contextlib.suppress(EOFError):
        lived = receiver.recv()
    return process.exitcode, lived


def read_at_once(url: str, folder: Path, now: datetime, *, count: int) -> Sequence[int | None]:
    """Let so many audits with the same kept books run at the same time; return how each ended."""
    processes = [_processes.Process(target=_read, args=(url, folder, now, None, None, None)) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(_SECONDS)
    return [process.exitcode for process in processes]


def _read(url: str, folder: Path, now: datetime, die_at: int | None, most_bytes: int | None, sender: Any) -> None:
    if most_bytes is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    moments = _Moments(die_at)
    config = config_of(url, folder, keep=True)
    threading.setprofile(moments)
    sys.setprofile(moments)
    with copied_books(config, checks=(), now=now, progress=Silent(), everything=True, may_reread=True):
        pass
    sys.setprofile(None)
    if sender is not None:
        sender.send(moments.count)


class _Moments:
    """Counts the moments of this process, and ends it at one of them."""

    def __init__(self, die_at: int | None) -> None:
        self.count = 0
        self._die_at = die_at

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_call") and frame.f_code.co_filename.endswith(_PLACES):
            if self.count == self._die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.count += 1
