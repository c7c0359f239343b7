"""Measure what checksums over a table would cost in MariaDB and SQLite, beside reading its rows and copying them.

``python -m bench.checksums --entries 1000000`` prints processor seconds: of the server or the reading process, and of
ours. A checksum that finds every edited cell hashes each mapped value of each row, so it is asked for here over the
whole table, without ranges: with them it costs more.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bench.companies import Prepared, prepared_mariadb, prepared_sqlite
from bench.measure import mappings_of
from trueup.actions.audit import copied_books
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import Config, load_config
from trueup.model.source import RelationMapping, Silent
from trueup.sources.select import quoted, select

NOW = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - naive by definition: UTC
_RUNS = 2
_PARENT, _TIMES = 1, slice(11, 13)
"""Where a process's state says its parent and its user and system time, counted after its name."""
_MARIADB = {
    "every value looked at, none hashed": "SUM(LENGTH({row}))",
    "32 bits for each row (CRC32)": "SUM(CRC32({row}))",
    "64 bits for each row (half of MD5)": "BIT_XOR(CAST(CONV(LEFT(MD5({row}), 16), 16, 10) AS UNSIGNED))",
    "128 bits for each row (both halves of MD5)": (
        "BIT_XOR(CAST(CONV(LEFT(MD5({row}), 16), 16, 10) AS UNSIGNED)), "
        "BIT_XOR(CAST(CONV(RIGHT(MD5({row}), 16), 16, 10) AS UNSIGNED))"
    ),
}
_SQLITE = {
    "every value looked at, none hashed": "sum(length({row}))",
    "256 bits for each row (sha3, of the command line)": "count(sha3({row}, 256))",
}

_IN_PYTHON = """
import hashlib, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.create_function("hashed", 1, lambda row: hashlib.blake2b(row.encode(), digest_size=16).digest())
print(connection.execute(sys.stdin.read()).fetchall())
"""


def main() -> None:
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    accounts = parser.parse_args().entries // 20
    with tempfile.TemporaryDirectory(prefix="trueup-bench-") as folder:
        with prepared_mariadb(Path(folder), accounts=accounts, now=NOW) as prepared:
            _measure("MariaDB", prepared, _MARIADB, "`")
        with prepared_sqlite(Path(folder), accounts=accounts, now=NOW) as prepared:
            _measure("SQLite", prepared, _SQLITE, '"')
            sql = _asking(_ledger(prepared), "count(hashed({row}))", '"')
            python = replace(prepared, client=(sys.executable, "-c", _IN_PYTHON, prepared.client[-1]))
            _say("128 bits for each row (blake2b, from Python)", functools.partial(_run, python, sql))


def _measure(name: str, prepared: Prepared, checksums: Mapping[str, str], quote: str) -> None:
    mapping = _ledger(prepared)
    print(f"{name}, {prepared.ledger_rows:,} entries, {len(mapping.columns)} columns; processor seconds", flush=True)
    config = load_config(prepared.config, os.environ)
    only = replace(config, relations={mapping.relation: config.relations[mapping.relation]})
    for what, checksum in checksums.items():
        sql = _asking(mapping, checksum, quote)
        _say(what, functools.partial(_run, prepared, sql))
    _say(f"{prepared.client[0]}, every row", functools.partial(_run, prepared, f"{select(mapping, quote=quote)};"))
    _say("our copy, every row", functools.partial(_copy, only))


def _ledger(prepared: Prepared) -> RelationMapping:
    return next(mapping for mapping in mappings_of(prepared) if mapping.relation == "ledger_entry")


def _asking(mapping: RelationMapping, checksum: str, quote: str) -> str:
    values = [f"coalesce({quoted(name, quote)}, '~')" for name in mapping.columns]
    row = f"concat_ws('|', {', '.join(values)})" if quote == "`" else " || '|' || ".join(values)
    return f"SELECT {checksum.format(row=row)} FROM ({select(mapping, quote=quote)}) AS source_rows;"


def _run(prepared: Prepared, sql: str) -> None:
    subprocess.run(prepared.client, input=sql.encode(), stdout=subprocess.DEVNULL, check=True)


def _copy(config: Config) -> None:
    with copied_books(config, checks=full_catalogue(None), now=NOW, progress=Silent()):
        pass


def _say(what: str, work: Callable[[], None]) -> None:
    """The least of some runs: what others do on the machine only ever adds."""
    runs = [_spent(work) for _ in range(_RUNS)]
    server, ours = min(runs, key=sum)
    print(f"  {what:<52} {server:5.2f} of the server, {ours:5.2f} of the client or ours", flush=True)


def _spent(work: Callable[[], None]) -> tuple[float, float]:
    server, ours = _of_live_children(), _of_us_and_the_dead()
    work()
    return _of_live_children() - server, _of_us_and_the_dead() - ours


def _of_us_and_the_dead() -> float:
    """Seconds of this process, and of its processes that have ended."""
    return sum(sum(resource.getrusage(which)[:2]) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _of_live_children() -> float:
    """Seconds of the processes that this one started and that still run: the server."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[_PARENT]) == os.getpid():
                total += sum(map(int, fields[_TIMES]))
    return total / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
