"""The real command line in a process of its own, as a person or a pipeline runs it, forked from one that is warm."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO

ROOT = Path(__file__).parents[2]

TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """How a command ended, what it took of the processor and, at most, of memory; ``is_late``: it had to be killed."""

    code: int
    is_late: bool
    seconds: float
    mebibytes: int


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without what would colour or configure trueup, with these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRUEUP_", "DATABASE_"))}
    return {**kept, "COLUMNS": "100", **variables}


def trueup(*arguments: str, cwd: Path, **variables: str) -> Ran:
    """Run ``trueup`` with these arguments in ``cwd``; a traceback reaching the user fails right here."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        used = _forks().run(arguments, cwd=cwd, variables=environment(**variables), out=out, err=err)
        done = Ran(code=used.code, out=_written(out), err=_written(err))
    assert "Traceback" not in done.out + done.err, done.err
    return done


def trueup_within(
    *arguments: str,
    cwd: Path,
    variables: Mapping[str, str],
    limits: Mapping[str, int],
    deadline_seconds: float,
    out: IO[bytes],
) -> tuple[Used, str]:
    """Run ``trueup`` within limits, its standard output going to ``out``; what it took, and what it said on stderr."""
    with tempfile.TemporaryFile() as err:
        used = _forks().run(
            arguments,
            cwd=cwd,
            variables=environment(**variables),
            out=out,
            err=err,
            limits=limits,
            deadline_seconds=deadline_seconds,
        )
        return used, _written(err)


def trueup_typed(
    arguments: Sequence[str],
    *,
    cwd: Path,
    variables: Mapping[str, str],
    stdin: IO[bytes],
    out: IO[bytes],
    err: IO[bytes],
) -> int:
    """Run ``trueup`` with exactly this environment and these streams, as a shell would; its exit code."""
    return _forks().run(arguments, cwd=cwd, variables=variables, out=out, err=err, stdin=stdin).code


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").replace("\r\n", "\n")


class _Forks:
    """The process of ``tests.support.forked``; one command at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._orders, theirs = socket.socketpair()
        self._orders.settimeout(TIMEOUT_SECONDS)
        self._answers = self._orders.makefile("rb")
        command = [sys.executable, "-m", "tests.support.forked", str(theirs.fileno())]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment(), pass_fds=[theirs.fileno()])
        theirs.close()

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        variables: Mapping[str, str],
        out: IO[bytes],
        err: IO[bytes],
        limits: Mapping[str, int] = MappingProxyType({}),
        deadline_seconds: float | None = None,
        stdin: IO[bytes] | None = None,
    ) -> Used:
        """How ``trueup`` with these arguments ended."""
        asked = {
            "arguments": list(map(str, arguments)),
            "cwd": str(cwd),
            "environment": dict(variables),
            "limits": dict(limits),
            "deadline_seconds": deadline_seconds,
        }
        order = json.dumps(asked)
        with self._turn:
            files = [file.fileno() for file in (out, err, stdin) if file is not None]
            socket.send_fds(self._orders, [order.encode()], files)
            process = int(self._answers.readline())
            try:
                return Used(**json.loads(self._answers.readline()))
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise

    def close(self) -> None:
        """Let the process end."""
        self._answers.close()
        self._orders.close()
        self._process.wait(TIMEOUT_SECONDS)


@functools.cache
def _forks() -> _Forks:
    forks = _Forks()
    atexit.register(forks.close)
    return forks
