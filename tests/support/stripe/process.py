"""The server as a process of its own, for a client that must not share its interpreter."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.stripe.world import KEY

ROOT = Path(__file__).parents[3]
STOP_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeProcess:
    """A running server with a population."""

    url: str
    process_id: int
    key: str = KEY

    def counts(self) -> dict[str, int]:
        """How often each route was asked."""
        return dict(httpx.get(f"{self.url}/test/counts").json())

    def forget(self) -> None:
        """Count from nothing again."""
        self._post("forget")

    def change(self, count: int) -> list[str]:
        """Let this many customers change, with an event for each change; their ids."""
        return list(self._post(f"change/{count}"))

    def _post(self, path: str) -> Any:
        return httpx.post(f"{self.url}/test/{path}", timeout=60).raise_for_status().json()


@contextlib.contextmanager
def stripe_process(customers: int, *, invoices_each: int = 1) -> Iterator[StripeProcess]:
    """Serve a population of this size from a process of its own."""
    command = (
        sys.executable,
        "-m",
        "tests.support.stripe",
        "--objects",
        str(customers),
        "--invoices",
        str(invoices_each),
    )
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, "the server did not start"
            yield StripeProcess(url=url, process_id=process.pid)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
