"""A process of its own that repairs, and that may be killed in the middle.

Each order runs in a fork of a process that has warmed up, because starting one costs more than repairing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.support.attempts import Attempts
from tests.support.repairable import App
from tests.support.wire import Link
from trueup.actions.repair import open_repair_session
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.model.repair import RepairResult

SECONDS = 60

Answer = Mapping[str, Any]
"""A result's fields, with its class's name under ``result``."""


@dataclass(slots=True, kw_only=True)
class Repairer:
    """The process, from the outside; one order at a time."""

    process: subprocess.Popen[str]
    _pid: Future[int] = field(default_factory=Future)

    def repair(
        self, issue_id: str, *, key: str | None, death: Mapping[str, object] | None = None, may_fail: bool = False
    ) -> Answer | None:
        """The result, or None when the process was killed before it had one."""
        outcome = self._ordered({"issue_id": issue_id, "key": key, "death": death, "may_fail": may_fail})
        assert outcome["signal"] in (0, signal.SIGKILL, signal.SIGALRM), outcome
        return None if outcome["signal"] else outcome["answers"][0]

    def race(self, issue_ids: Sequence[str], *, threads: int) -> list[Answer]:
        """Every issue by each of so many threads; all the results, busy ones tried again."""
        self.begin_race(issue_ids, threads=threads)
        return self.end_race()

    def begin_race(self, issue_ids: Sequence[str], *, threads: int) -> None:
        """Let it run; ``end_race`` waits for the results."""
        self._order({"race": list(issue_ids), "threads": threads, "may_fail": True})

    def end_race(self) -> list[Answer]:
        """The results of the race that was begun."""
        answers: list[Answer] = self._said()["answers"]
        return answers

    def kill(self, _: Link | None = None) -> bool:
        """Kill whoever is repairing; the wire is of no use then."""
        self.signal(signal.SIGKILL)
        return False

    def signal(self, number: int) -> None:
        """Send a signal to whoever is repairing."""
        os.kill(self._pid.result(SECONDS), number)

    def _ordered(self, order: Mapping[str, object]) -> dict[str, Any]:
        self._order(order)
        return self._said()

    def _order(self, order: Mapping[str, object]) -> None:
        assert self.process.stdin is not None
        self._pid = Future()
        self.process.stdin.write(f"{json.dumps(order)}\n")
        self.process.stdin.flush()
        self._pid.set_result(self._said()["pid"])

    def _said(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the repairing process is gone"
        said: dict[str, Any] = json.loads(line)
        return said


@contextlib.contextmanager
def repairer(app: App, *, repair_url: str, warm_up: str) -> Iterator[Repairer]:
    """A process that repairs ``app`` at ``repair_url``; it has tried ``warm_up``, an issue, and taken it back."""
    setup = {
        "config": str(app.config.path),
        "place": app.config.database_url,
        "repair_url": repair_url,
        "now": app.now.isoformat(),
        "warm_up": warm_up,
    }
    command = [sys.executable, "-W", "error", "-m", __name__]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, start_new_session=True
    ) as process:
        try:
            made = Repairer(process=process)
            made._ordered(setup)
            yield made
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def answer_of(result: RepairResult) -> Answer:
    """A result as it crosses from one process to another."""
    fields = {name: str(value) if isinstance(value, datetime) else value for name, value in _fields(result).items()}
    return {"result": type(result).__name__, **fields}


def _fields(result: RepairResult) -> dict[str, object]:
    names = (each.name for each in dataclasses.fields(result) if each.name != "plan")
    return {name: getattr(result, name) for name in names}


def _carried_out(order: Mapping[str, Any], by: Attempts) -> list[Answer]:
    """What an order led to."""
    if "race" in order:
        with ThreadPoolExecutor(max_workers=order["threads"]) as callers:
            done = callers.map(lambda _: [by.repair_when_free(each) for each in order["race"]], range(order["threads"]))
            return [answer_of(result) for results in done for result in results]
    if order["death"] is not None:
        _die_at(**order["death"])
    return [answer_of(by.repair(order["issue_id"], key=order["key"]))]


def _main() -> None:
    setup = json.loads(sys.stdin.readline())
    checks = catalogue()
    config = load_config(Path(setup["config"]), {"PLACE": setup["place"]}, known_checks=[c.id for c in checks])
    config = dataclasses.replace(config, repair_url=setup["repair_url"])
    worker = Attempts(session=open_repair_session(config, checks), now=datetime.fromisoformat(setup["now"]))
    _say({"pid": os.getpid()})
    _say({"signal": 0, "answers": [answer_of(worker.repair(setup["warm_up"], dry_run=True))]})
    inherited: list[object] = []
    for line in sys.stdin:
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            order = json.loads(line)
            if order["may_fail"]:  # a failure closes the books, which cannot be done to those of another process
                inherited.append(worker.session._spare)
                worker.session._spare = []
            os.write(writing, json.dumps(_carried_out(order, worker)).encode())
            os._exit(0)
        os.close(writing)
        _say({"pid": pid})
        with os.fdopen(reading, encoding="utf-8") as pipe:
            written = pipe.read()
        _, status = os.waitpid(pid, 0)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        _say({"signal": killed, "answers": json.loads(written) if written else []})


def _say(said: object) -> None:
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()


def _die_at(*, moment: str, position: int = 0, text: str = "", delay_seconds: float = 0) -> None:
    """Die around the ``position``-th statement of this process, COMMIT counted as one, or the first with ``text``.

    ``sent`` is a sudden death ``delay_seconds`` after the statement was begun, whatever is being done at that moment.
    """
    count, is_now = 0, False

    def begun(said: str) -> None:
        nonlocal count, is_now
        count += 1
        is_now = count == position or bool(text and text in said)
        if is_now and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if is_now and moment == "sent":
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, delay_seconds)

    def ended(*_: object) -> None:
        if is_now and moment == "answered":
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", lambda _connection, _cursor, said, *_: begun(said))
    event.listen(Engine, "after_cursor_execute", ended)
    event.listen(Engine, "commit", lambda _: begun("COMMIT"))
    event.listen(Engine, "reset", ended)


if __name__ == "__main__":
    _main()
