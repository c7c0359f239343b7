"""A round: everybody at once for a while, then silence, and everything is counted."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.soak.callers import Door, ask_the_server, end_backends, run_the_command, run_to_its_end, serve_and_die
from tests.soak.invariants import broken_promises, wrong_balances
from tests.soak.people import Stage, edit_balances, move_credits, switch_triggers
from tests.soak.place import HONEST, VANDALISED, Place, founded, repairing_backends
from tests.support.databases import MariaDBServer, PostgresServer

SILENCE_SECONDS = 60
WRITERS = 3
LAST_REPAIRS = 5
"""How often the last repairs are run: on a busy machine, one that decides too slowly under its claim gives it up."""

Server = PostgresServer | MariaDBServer | None


@dataclass(slots=True, kw_only=True)
class Soaked:
    """What came of one round."""

    name: str
    tally: Counter[str]
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The round in a line."""
        counted = ", ".join(f"{name} {count:,}" for name, count in sorted(self.tally.items()))
        return f"{self.name}: {'; '.join(self.problems) or 'all held'} ({counted})"


def soak(
    servers: dict[str, Server], *, seed: int, deadline: float, seconds: float, stop: threading.Event
) -> Iterator[Soaked]:
    """Round after round, each in the next database, with keys and without, until the deadline or ``stop``."""
    chance = random.Random(seed)
    kinds = [(kind, with_keys) for with_keys in (False, True) for kind in servers]
    number = 0
    while time.monotonic() < deadline and not stop.is_set():
        kind, with_keys = kinds[number % len(kinds)]
        number += 1
        name = f"round {number}, {kind} {'with' if with_keys else 'without'} keys"
        with (
            tempfile.TemporaryDirectory(prefix="trueup-soak-") as folder,
            founded(kind, servers[kind], Path(folder), with_keys=with_keys) as place,
        ):
            stage = Stage(place=place, chance=random.Random(chance.getrandbits(64)))
            _play(stage, servers[kind], seconds=min(seconds, deadline - time.monotonic()), stop=stop)
            yield Soaked(name=name, tally=stage.tally, problems=_counted(stage))


def _play(stage: Stage, server: Server, *, seconds: float, stop: threading.Event) -> None:
    """Let everybody do as they like for so long."""
    door = Door()
    accounts = (*VANDALISED, *HONEST)
    parts: list[Callable[[], None]] = [
        partial(move_credits, stage, accounts[place::WRITERS]) for place in range(WRITERS)
    ]
    parts += [partial(each, stage) for each in (edit_balances, switch_triggers, run_the_command)]
    parts += [partial(serve_and_die, stage, door), *[partial(ask_the_server, stage, door)] * 2]
    if server is not None:
        parts.append(partial(end_backends, stage, server))
    failures: list[str] = []
    threads = [threading.Thread(target=_reported, args=(part, failures)) for part in parts]
    for thread in threads:
        thread.start()
    stop.wait(seconds)
    stage.ended.set()
    for thread in threads:
        thread.join()
    _wait_for_silence(stage.place, server)
    if failures:
        raise AssertionError("; ".join(failures))


def _reported(part: Callable[[], None], failures: list[str]) -> None:
    try:
        part()
    except BaseException as error:
        failures.append(f"{part}: {error!r}")
        raise


def _wait_for_silence(place: Place, server: Server) -> None:
    """Wait until the database has let go of whatever was killed."""
    deadline = time.monotonic() + SILENCE_SECONDS
    while repairing_backends(place, server):
        assert time.monotonic() < deadline, "a connection that repairs is still there"
        time.sleep(0.05)


def _counted(stage: Stage) -> list[str]:
    """What does not hold, before and after the last repairs; and the journal by its own command."""
    problems = broken_promises(stage)
    for _ in range(LAST_REPAIRS):
        last = run_to_its_end(stage, "repair", "--safe", "--reason", "The last repairs of the soak test.")
        stage.tally["repaired at the end"] += last.stdout.count("applied  ")
        if not wrong_balances(stage):
            break
    problems += [*broken_promises(stage), *wrong_balances(stage)]
    verified = run_to_its_end(stage, "journal", "verify")
    if verified.returncode != 0 or not verified.stdout.startswith("whole: "):
        problems.append(f"the journal: {verified.stdout}{verified.stderr}")
    with stage.place.database.session() as session:
        (rows,) = session.execute("SELECT count(*) FROM trueup_journal").fetchone()
    stage.tally["journal rows"] += int(rows)
    return list(dict.fromkeys(problems))
