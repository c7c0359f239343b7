"""``make soak``: hours of random repairs under kills, an application that writes in any order, and its triggers.

Ends with 0 where every promise held, with 1 where one did not, after Ctrl-C as well.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sys
import threading
import time
from collections import Counter

from tests.soak.rounds import Server, Soaked, soak
from tests.support.databases import running_mariadb, running_postgres

DATABASES = ("postgres", "mariadb", "sqlite")


def main() -> int:
    """Soak, and say what came of it."""
    options = _options()
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    write(f"Soaking for {options.minutes:g} minutes, seed {options.seed}; Ctrl-C ends the round and counts.")
    tally: Counter[str] = Counter()
    problems: list[str] = []
    with contextlib.ExitStack() as held:
        servers = {name: _server(name, held) for name in options.databases}
        deadline = time.monotonic() + options.minutes * 60
        rounds = soak(servers, seed=options.seed, deadline=deadline, seconds=options.round_seconds, stop=stop)
        for each in rounds:
            write(each.line())
            tally.update(each.tally)
            problems += [f"{each.name}: {problem}" for problem in each.problems]
    write(Soaked(name=f"In all, seed {options.seed}", tally=tally, problems=problems).line())
    return 1 if problems else 0


def write(line: str) -> None:
    """A line for whoever watches, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _server(name: str, held: contextlib.ExitStack) -> Server:
    match name:
        case "postgres":
            return held.enter_context(running_postgres())
        case "mariadb":
            return held.enter_context(running_mariadb())
        case _:
            return None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__, allow_abbrev=False)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--round-seconds", type=float, default=90, help="how long each round lasts")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
