"""``trueup serve`` as a process of its own, on a free port of this machine."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support.command import environment

START_SECONDS = 60.0
STOP_SECONDS = 60.0

SERVE = (sys.executable, "-m", "trueup", "serve", "--bind", "127.0.0.1:0")
"""The command, at a free port."""


@dataclass(slots=True, kw_only=True)
class Served:
    """A running server: its address, and what it has written to stderr so far."""

    process: subprocess.Popen[str]
    address: str = ""
    lines: list[str] = field(default_factory=list)

    def get(self, path: str, *, token: str | None = None, timeout_seconds: float = 60) -> httpx.Response:
        """One request over a connection of its own."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(self.address + path, headers=headers, timeout=timeout_seconds)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def events(self) -> list[dict[str, Any]]:
        """The log, without what was printed for people before it began."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def wait_for(self, event: str) -> dict[str, Any]:
        """The first such event, which is waited for."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = next((one for one in self.events() if one["event"] == event), None)
            if found is not None:
                return found
            if self.process.poll() is not None:
                time.sleep(0.2)
                break
            time.sleep(0.05)
        raise AssertionError(f"no {event}: {self.lines}")


@contextlib.contextmanager
def serving(folder: Path, *command: str, **variables: str) -> Iterator[Served]:
    """Run ``command`` (``trueup serve`` here, at a free port, unless given), and kill what is left of it."""
    arguments: Sequence[str] = command or SERVE
    process = subprocess.Popen(
        arguments,
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    served = Served(process=process)
    reader = threading.Thread(target=_read, args=(process, served.lines))
    reader.start()
    try:
        served.address = served.wait_for("serving")["address"]
        served.wait_for("Application startup complete.")
        yield served
    finally:
        process.kill()
        process.wait()
        reader.join()


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stderr is not None
    with process.stderr as written:
        lines.extend(written)
