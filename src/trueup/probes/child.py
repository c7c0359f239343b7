"""A process of the app: it gets a question, is read until its time is up, and ends with all it started."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from trueup.probes import asked
from trueup.probes.answers import clean

MOST_BYTES = 4 * 1024 * 1024
_TAIL_BYTES = 2_000
_LOOK_SECONDS = 0.2
_TO_END_SECONDS = 2.0
_CHUNK = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The lines that came, in order, and why there are no more if it should not have ended there."""

    lines: tuple[Mapping[str, Any], ...]
    problem: str | None = None


def converse(python: str, question: Mapping[str, object], *, folder: Path, timeout_seconds: float) -> Said:
    """Run the app's code with ``python`` in ``folder`` and read its answers. No process is left behind.

    Its output is shown only where it failed, and without secrets.
    """
    source = Path(asked.__file__).read_text(encoding="utf-8")
    reading, writing = os.pipe()
    with contextlib.ExitStack() as held:
        held.callback(os.close, reading)
        printed = held.enter_context(tempfile.TemporaryFile())
        try:
            process = subprocess.Popen(  # noqa: S603 - the config's own interpreter, without a shell
                [python, "-c", source, str(writing)],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=subprocess.STDOUT,
                pass_fds=(writing,),
                start_new_session=True,
            )
        except OSError as error:
            return Said(lines=(), problem=f"{python} cannot be started: {error.strerror}")
        finally:
            os.close(writing)
        held.callback(_end, process)
        ends = time.monotonic() + timeout_seconds
        _tell(process, question, ends)
        text, problem = _read(reading, ends, timeout_seconds)
        code = _exit_code(process, _TO_END_SECONDS if problem is None else 0)
        lines, wrong = _lines(text)
        return Said(lines=lines, problem=problem or wrong or _ended_badly(code, lines, printed))


def _tell(process: subprocess.Popen[bytes], question: Mapping[str, object], ends: float) -> None:
    """Send the question until ``ends``. Whether the process has ended, or does not read, shows later."""
    if process.stdin is None:
        return
    descriptor = process.stdin.fileno()
    os.set_blocking(descriptor, False)  # a question of many cells is more than a pipe holds
    rest = memoryview(json.dumps(question).encode("ascii") + b"\n")
    with selectors.DefaultSelector() as waiting, contextlib.suppress(BrokenPipeError):
        waiting.register(descriptor, selectors.EVENT_WRITE)
        while rest and (left := ends - time.monotonic()) > 0:
            if waiting.select(min(left, _LOOK_SECONDS)):
                rest = rest[os.write(descriptor, rest) :]
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()


def _read(descriptor: int, ends: float, timeout_seconds: float) -> tuple[bytes, str | None]:
    """Everything until the other end is closed, or until the end is said; and what was wrong."""
    text = bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_READ)
        while (left := ends - time.monotonic()) > 0:
            if not waiting.select(min(left, _LOOK_SECONDS)):
                continue
            part = os.read(descriptor, _CHUNK)
            text += part
            if not part or text.endswith(b'{"end": true}\n'):
                return bytes(text), None
            if len(text) > MOST_BYTES:
                return bytes(text), f"it answered with more than {MOST_BYTES} bytes"
    return bytes(text), f"it did not answer in full within {timeout_seconds:g} seconds"


def _exit_code(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Return how it ended without reaping it: until it is reaped, no other process gets its id or its group's."""
    ends = time.monotonic() + seconds
    while True:
        status = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if status is not None:
            return status.si_status if status.si_code == os.CLD_EXITED else -status.si_status
        if time.monotonic() >= ends:
            return None
        time.sleep(0.01)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and everything it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _lines(text: bytes) -> tuple[tuple[Mapping[str, Any], ...], str | None]:
    """The complete lines; a last line that was cut off does not count."""
    whole = text[: text.rfind(b"\n") + 1]
    try:
        return tuple(_objects(whole)), None
    except (ValueError, TypeError, RecursionError):
        return (), "other code than trueup's wrote the answers"


def _objects(text: bytes) -> Iterator[Mapping[str, Any]]:
    for line in text.decode("utf-8").splitlines():
        value = json.loads(line)
        if not isinstance(value, dict):
            raise TypeError(line)
        yield value


def _ended_badly(code: int | None, lines: tuple[Mapping[str, Any], ...], printed: IO[bytes]) -> str | None:
    """The problem of a process that ended without an end line."""
    if lines and ("end" in lines[-1] or "problem" in lines[-1]):
        return None
    how = "was ended" if code is None else f"ended with {code}" if code >= 0 else f"was ended by signal {-code}"
    printed.seek(0, os.SEEK_END)
    printed.seek(max(0, printed.tell() - _TAIL_BYTES))
    last_line = printed.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    return clean(
        f"the app's process {how} before it had answered{f'; it last printed: {last_line}' if last_line else ''}"
    )
