"""Measuring: the audit in a process of its own, with what it is compared with beside it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from bench.by_hand import QUERIES
from bench.children import run_child
from bench.companies import Prepared
from trueup.actions.audit.column_pruning import needed_mappings
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.mapping.resolve import fit
from trueup.model.source import RelationMapping
from trueup.sources import open_source
from trueup.sources.select import select

_CHILD = """
import json, resource, sys, threading, time
started = time.perf_counter()
from dataclasses import replace
from datetime import datetime
from pathlib import Path
import os
from trueup.actions.audit.run_audit import report_on
from trueup.actions.audit.snapshot import copied_books
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.model.source import Silent
private = 0
def watch():
    global private
    while True:
        with open("/proc/self/status") as status:
            kilobytes = next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
        private = max(private, kilobytes * 1024)
        time.sleep(0.05)
threading.Thread(target=watch, daemon=True).start()
checks = full_catalogue(None)
config = load_config(Path(sys.argv[1]), os.environ)
now = datetime.fromisoformat(sys.argv[2])
keeps = bool(sys.argv[3])
if keeps:
    config = replace(config, books=replace(config.books, keep=True, folder=sys.argv[3]))
copying = time.perf_counter()
with copied_books(config, checks=checks, now=now, progress=Silent(), may_reread=keeps) as books:
    copied = time.perf_counter()
    report = report_on(books, checks=checks, policy=config.policy, now=now, progress=Silent())
    checked = time.perf_counter()
ended = time.perf_counter()
relations = {} if report.rereading is None else report.rereading.relations
print(json.dumps({
    "copy": copied - copying, "checks": checked - copied, "whole": ended - started,
    "processor": sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)),
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "private": private,
    "findings": sum(1 for _ in report.open_findings()),
    "slowest": sorted(((made.milliseconds, made.check) for made in report.outcomes), reverse=True)[:8],
    "changed": {name: read.changed_rows for name, read in relations.items()},
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One audit, measured from outside its parts. ``whole_seconds`` holds imports and clean-up too.

    ``processor_seconds`` are those of our own processes, not of a database's server. ``peak_bytes`` are resident, with
    the pages of files; ``private_bytes`` without those, as far as twenty looks a second show. ``changed`` says of each
    relation, where books were kept, how many rows were read again: None for all of them.
    """

    copy_seconds: float
    checks_seconds: float
    whole_seconds: float
    processor_seconds: float
    peak_bytes: int
    private_bytes: int
    findings: int
    slowest: tuple[tuple[int, str], ...]
    changed: Mapping[str, int | None]


def audit_measured(prepared: Prepared, *, now: datetime, kept: Path | None = None) -> Measured:
    """One audit in a fresh process; ``kept`` is the folder of books that are kept from one audit to the next."""
    answer = run_child(_CHILD, str(prepared.config), now.isoformat(), str(kept or ""))
    return Measured(
        copy_seconds=answer["copy"],
        checks_seconds=answer["checks"],
        whole_seconds=answer["whole"],
        processor_seconds=answer["processor"],
        peak_bytes=answer["peak"],
        private_bytes=answer["private"],
        findings=answer["findings"],
        slowest=tuple((milliseconds, check) for milliseconds, check in answer["slowest"]),
        changed=answer["changed"],
    )


def mappings_of(prepared: Prepared) -> tuple[RelationMapping, ...]:
    """What an audit with every check copies: these relations, and of them these columns."""
    config = load_config(prepared.config, os.environ)
    source = open_source(prepared.url)
    fitted, _ = fit(config.relations, source.tables(), required=config.required, dialect=source.dialect)
    return needed_mappings(tuple(fitted.values()), full_catalogue(None))


def driver_seconds(prepared: Prepared) -> float:
    """The driver's own stream of the same columns, its rows thrown away: what no copy through it can go below."""
    started = time.perf_counter()
    with open_source(prepared.url).snapshot() as snapshot:
        for mapping in mappings_of(prepared):
            with snapshot.read(mapping) as reader:
                for _ in reader:
                    pass
    return time.perf_counter() - started


def client_seconds(prepared: Prepared) -> float:
    """The database's own client reading exactly the columns that the audit copies, its rows thrown away."""
    mappings = mappings_of(prepared)
    command = list(prepared.client)
    if prepared.url.startswith("postgresql"):
        for mapping in mappings:
            command += ["-c", f"COPY ({select(mapping)}) TO STDOUT (FORMAT binary)"]
        return _client_seconds(command, "")
    quote = "`" if prepared.url.startswith("mysql") else '"'
    return _client_seconds(command, "".join(f"{select(mapping, quote=quote)};\n" for mapping in mappings))


def _client_seconds(command: list[str], statements: str) -> float:
    started = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(statements.encode())
        process.stdin.close()
        while process.stdout.read(1 << 20):
            pass
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return time.perf_counter() - started


def by_hand_seconds(prepared: Prepared) -> dict[str, float]:
    """Each of the seven queries by hand, inside Postgres, given as much memory as the audit has."""
    seconds: dict[str, float] = {}
    with psycopg.connect(prepared.url, autocommit=True) as connection:
        connection.execute("SET work_mem = '1GB'")
        for name, sql in QUERIES.items():
            started = time.perf_counter()
            connection.execute(sql.encode()).fetchall()
            seconds[name] = time.perf_counter() - started
    return seconds
