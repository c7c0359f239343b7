"""Replicas that can be killed: each decides the newest run and delivers what waits, over and over, until SIGKILL.

``python -m tests.support.replicas STORE_URL PORT CHANNEL…`` forks one replica for each line on its standard input and
prints the replica's process id. It loads everything once, so that a replica is at work a moment after its fork.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tests.support.alerting import ENVIRONMENT
from tests.support.sink import Sink
from trueup.actions.alerts import deliver, notify
from trueup.model.settings import AlertSettings
from trueup.store import open_store

CLAIM_SECONDS = 1.0
"""Short, so that what a killed replica held is taken over soon. Posts to the sink take a few milliseconds."""


def work(url: str, settings: AlertSettings) -> None:
    """Be a replica."""
    with open_store(url) as store:
        while True:
            now = datetime.now(UTC).replace(tzinfo=None)
            run = store.runs.newest(ENVIRONMENT)
            if run is not None:
                notify(store, environment=ENVIRONMENT, run_id=run.run_id, settings=settings, now=now)
            worker = str(os.getpid())
            deliver(
                store, settings, environment=ENVIRONMENT, now=now, worker=worker, limit=5, claim_seconds=CLAIM_SECONDS
            )
            time.sleep(0.005)


class Replicas:
    """So many replicas at work. ``kill_one`` ends one at once, as a machine does that goes away, and starts another."""

    def __init__(self, mother: subprocess.Popen[str], count: int) -> None:
        self._mother = mother
        self._alive = [self._start() for _ in range(count)]
        self.kills = 0

    def _start(self) -> int:
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write("one more\n")
        self._mother.stdin.flush()
        return int(self._mother.stdout.readline())

    def kill_one(self, chance: random.Random) -> None:
        """Kill any of them, and start another in its place."""
        place = chance.randrange(len(self._alive))
        os.kill(self._alive[place], signal.SIGKILL)
        self.kills += 1
        self._alive[place] = self._start()

    def kill_all(self) -> None:
        """Kill what is left."""
        for process in self._alive:
            os.kill(process, signal.SIGKILL)

    @contextlib.contextmanager
    def dying(self, chance: random.Random, *, progress: Callable[[], int], within_seconds: float) -> Iterator[None]:
        """Kill one after the other at random moments until the end of the block.

        Each dies up to ``within_seconds`` after the last progress: on a machine so busy that nobody gets anything done
        between two kills, none of them would prove anything.
        """
        enough = threading.Event()

        def reap() -> None:
            seen = progress()
            while not enough.wait(0.002):
                if progress() != seen and not enough.wait(chance.uniform(0, within_seconds)):
                    self.kill_one(chance)
                    seen = progress()

        thread = threading.Thread(target=reap)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()


@contextlib.contextmanager
def running_replicas(url: str, sink: Sink, *channels: str, count: int) -> Iterator[Replicas]:
    """Replicas on this store that send to this sink; the last ones are killed at the end of the block."""
    command = [sys.executable, "-m", "tests.support.replicas", url, str(sink.port), *channels]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as mother:
        replicas = Replicas(mother, count)
        try:
            yield replicas
        finally:
            replicas.kill_all()
            mother.communicate()


def main(url: str, port: str, *channels: str) -> None:
    """Fork one replica per line of standard input. The kernel buries the dead ones."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    settings = Sink(port=int(port)).settings(*channels)
    for _ in sys.stdin:
        process = os.fork()
        if process == 0:
            work(url, settings)
        sys.stdout.write(f"{process}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
