"""Measure audits that read only what changed: a ledger in a private Postgres, from 0.01 to 10 % changed, beside COPY.

``python -m bench.reread --entries 1000000`` prints seconds on the clock and of this process, for reading alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.support.databases import running_postgres
from tests.support.histories import TABLES, config_of
from trueup.actions.audit import copied_books
from trueup.config import Config
from trueup.model.source import Silent
from trueup.sources.stream import this_moment

SHARES = (0.0, 0.0001, 0.001, 0.01, 0.1)
READ = "id, user_id, kind, amount, balance, created_at"


def main() -> None:
    """Measure, and print one line for each share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries = parser.parse_args().entries
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        url = server.create_database()
        with psycopg.connect(url, autocommit=True) as connection:
            _fill(connection, entries)
            config = config_of(url, Path(folder), keep=True)
            _say("psycopg COPY, binary", _measure(lambda: _copy(connection)))
            _say("every row, and kept", _measure(lambda: _read(config)))
            for share in SHARES:
                changed = round(entries * share)
                connection.execute(
                    "UPDATE entries SET amount = amount + 1 "
                    f"WHERE id IN (SELECT 1 + (n * 7919) % {entries} FROM generate_series(1, {changed}) AS n)".encode()
                )
                _say(f"{share:.2%} changed ({changed:,})", _measure(lambda: _read(config)))


def _fill(connection: psycopg.Connection, entries: int) -> None:
    for table in TABLES:
        connection.execute(table.format(number="numeric", moment="timestamptz").encode())
    accounts = max(entries // 20, 1)
    connection.execute(
        f"INSERT INTO users SELECT 'u' || n, 'FREE', 1, '2026-01-01' FROM generate_series(1, {accounts}) AS n".encode()
    )
    connection.execute(
        f"INSERT INTO entries SELECT n, 'u' || 1 + n % {accounts}, 'spent', n % 100, n % 1000, "
        f"'2026-01-01'::timestamptz + n * interval '1 second', NULL FROM generate_series(1, {entries}) AS n".encode()
    )
    connection.execute(b"VACUUM ANALYZE")


def _copy(connection: psycopg.Connection) -> None:
    with connection.cursor().copy(f"COPY (SELECT {READ} FROM entries) TO STDOUT (FORMAT binary)".encode()) as rows:
        for _ in rows:
            pass


def _read(config: Config) -> None:
    with copied_books(config, checks=(), now=this_moment(), progress=Silent(), everything=True, may_reread=True):
        pass


def _measure(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds on the clock, and seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _say(what: str, seconds: tuple[float, float]) -> None:
    sys.stdout.write(f"{what:<32} {seconds[0]:6.2f} s  {seconds[1]:6.2f} s of this process\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
