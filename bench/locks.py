"""How many balances a second are synced, one after another, and how long the application's own writer waits meanwhile.

A writer appends entries of other accounts all the while, each in a transaction of its own. What keeps its uncommitted
entries from being overlooked differs: a foreign key, a lock of the ledger's table, locks of the account's entries, or
the one writer of a SQLite file.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.databases import running_mariadb, running_postgres
from tests.support.one_ledger import CONFIG, KEY, OneLedger, add, append, one_ledger
from trueup.model.repair import Applied

WRITER = "writer"
PAUSE_SECONDS = 0.002
UNCAPPED = f"{CONFIG}\n[repairs]\nmost_per_run = 1000\nmost_per_day = 1000\n"


class Writer(threading.Thread):
    """The application: it appends and commits until it is told to stop, and notes how long each took."""

    def __init__(self, ledger: OneLedger) -> None:
        super().__init__(daemon=True)
        self.waited: list[float] = []
        self._ledger = ledger
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Write until ``end``."""
        with self._ledger.writing() as connection:
            while not self._stop_asked.wait(PAUSE_SECONDS):
                started = time.monotonic()
                append(connection, 1, account=WRITER)
                add(connection, 1, account=WRITER)
                connection.commit()
                self.waited.append(time.monotonic() - started)

    def end(self) -> None:
        """Stop after the transaction that is under way."""
        self._stop_asked.set()
        self.join()


def main() -> None:
    """Measure each way, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m bench.locks", description=__doc__, allow_abbrev=False)
    parser.add_argument("--syncs", type=int, default=40, help="how many balances are synced in each setting")
    count = parser.parse_args().syncs
    print(f"{count} balances synced in one batch, beside an application that appends all the while:")
    for name, url, statements in _settings():
        with tempfile.TemporaryDirectory(prefix="trueup-locks-") as folder:
            print(f"  {name:<28} {_measured(url, Path(folder), statements, count)}", flush=True)


def _settings() -> Iterator[tuple[str, str, Sequence[str]]]:
    with running_postgres() as postgres:
        yield "Postgres, a foreign key", postgres.create_database(), (KEY,)
        yield "Postgres, no foreign key", postgres.create_database(), ()
    with running_mariadb() as mariadb:
        yield "MariaDB, a foreign key", mariadb.create_database(), (KEY,)
        yield "MariaDB, no foreign key", mariadb.create_database(), ()
    with tempfile.TemporaryDirectory(prefix="trueup-locks-") as folder:
        path = Path(folder) / "app.db"
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = wal")
        yield "SQLite", f"sqlite:///{path}", ()


def _measured(url: str, folder: Path, statements: Sequence[str], count: int) -> str:
    accounts = [f"account_{number}" for number in range(count)]
    with one_ledger(url, folder, *statements, accounts=["warm", WRITER, *accounts], config=UNCAPPED) as ledger:
        ledger.sync("warm")
        writer = Writer(ledger)
        writer.start()
        started = time.monotonic()
        busy = sum(not isinstance(result, Applied) for result in ledger.sync_all(accounts))
        seconds = time.monotonic() - started
        writer.end()
    return (
        f"{(count - busy) / seconds:5.1f} a second, {busy} busy; "
        f"the writer's {len(writer.waited):,} transactions took {max(writer.waited) * 1000:4.0f} ms at most"
    )


if __name__ == "__main__":
    main()
