"""Reading an export of Stripe's objects, beside the plain SQL that takes the same values out of the same lines.

Processor seconds of processes of their own, in one run. The plain SQL makes a table of each kind's places, and one of
each list's, in memory: no line is judged, nothing is compared, completed or copied into the books.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.children import run_child
from trueup.demo import make_company

_BY_HAND = """
import json, os, sys, time
import duckdb
from trueup.stripe.shapes.fields import AccountFilter
from trueup.stripe.shapes.sql import Extraction, list_places, list_places_of_kind, quote_name, shapes_of
from trueup.model.stripe_objects import OBJECT_KINDS
ours, folder = AccountFilter(livemode=True), sys.argv[1]
started = time.process_time()
connection, rows = duckdb.connect(config={"memory_limit": "4GiB"}), 0
for kind in OBJECT_KINDS:
    path = f"{folder}/{kind}.jsonl"
    if not os.path.exists(path):
        continue
    places = Extraction(list_places_of_kind(kind, ours), ours)
    lines = f"(SELECT {places.take_from('json')} AS f FROM read_ndjson_objects('{path}', maximum_object_size=16777216))"
    connection.execute(f"CREATE TABLE {kind} AS SELECT {', '.join(places.list_columns('f'))} FROM {lines}")
    rows += connection.execute(f"SELECT count(*) FROM {kind}").fetchone()[0]
    for shape in shapes_of(kind):
        if shape.part_of is not None:
            own = Extraction([p for p in list_places(shape, ours) if not p.startswith("^")], ours)
            data = f"unnest(json_extract({quote_name(shape.part_of.list + '.data')}, '$[*]'))"
            parts = f"(SELECT {own.take_from('part')} AS f FROM (SELECT {data} AS part FROM {kind}))"
            columns = ", ".join(own.list_columns("f"))
            connection.execute(f"CREATE TABLE {shape.relation} AS SELECT {columns} FROM {parts}")
print(json.dumps({"seconds": time.process_time() - started, "objects": rows}))
"""

_READ = """
import json, os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from trueup.actions.audit.snapshot import copied_books
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.model.source import Silent
from trueup.stripe import exported_objects
seconds = {}
def timed(function):
    def run(*arguments, **named):
        started = time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            seconds["taken"] = seconds.get("taken", 0.0) + time.process_time() - started
    return run
exported_objects.ObjectTables.take = timed(exported_objects.ObjectTables.take)
exported_objects.ObjectTables.finish = timed(exported_objects.ObjectTables.finish)
config, now = load_config(Path(sys.argv[1]), os.environ), datetime.fromisoformat(sys.argv[2])
started = time.process_time()
with copied_books(config, checks=full_catalogue(None), now=now, progress=Silent()) as books:
    whole = time.process_time() - started
    problems = [read.problem for read in books.copies() if read.problem]
private = sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Private_"))
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"seconds": whole, "taken": seconds["taken"], "peak": peak * 1024, "private": private * 1024,
                  "problems": problems}))
"""

_CONFIG = """
environment = "bench"
[database]
url = "sqlite:///{folder}/app.db"
[gates]
enabled = false
[stripe]
supplier = "files"
url = "{folder}/stripe"
stale_after_hours = 8760
[relations.account]
table = "users"
[relations.account.columns]
account_id = "id"
stripe_customer_id = "customer"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredExport:
    """What reading an export took, in processor seconds. ``whole_seconds`` includes the copy into the books."""

    objects: int
    megabytes: float
    by_hand_seconds: float
    taken_seconds: float
    whole_seconds: float
    peak_bytes: int


def measure_export(scratch: Path, *, accounts: int, now: datetime) -> MeasuredExport:
    """Write the demo company's objects and read them both ways."""
    with make_company(accounts=accounts, seed=1, now=now) as company:
        company.write_stripe(scratch / "stripe")
    (scratch / "trueup.toml").write_text(_CONFIG.format(folder=scratch), encoding="utf-8")
    with contextlib.closing(sqlite3.connect(scratch / "app.db")) as connection, connection:
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY, customer TEXT)")
        connection.execute("INSERT INTO users VALUES ('user_1', NULL)")
    by_hand = run_child(_BY_HAND, str(scratch / "stripe"))
    read = run_child(_READ, str(scratch / "trueup.toml"), now.isoformat())
    assert not read["problems"], read["problems"]
    return MeasuredExport(
        objects=int(by_hand["objects"]),
        megabytes=sum(path.stat().st_size for path in (scratch / "stripe").iterdir()) / 1e6,
        by_hand_seconds=by_hand["seconds"],
        taken_seconds=read["taken"],
        whole_seconds=read["seconds"],
        peak_bytes=int(read["peak"]),
    )


def describe_export(measured: MeasuredExport) -> str:
    """Return the lines of the table."""
    ratio = measured.taken_seconds / measured.by_hand_seconds
    peak = f"peak {measured.peak_bytes / 2**20:,.0f} MiB"
    return "\n".join(
        [
            f"An export of {measured.objects:,} objects, {measured.megabytes:,.0f} MB, in processor seconds",
            f"  plain SQL over the same lines       {measured.by_hand_seconds:6.1f}",
            f"  trueup, the same and each judged    {measured.taken_seconds:6.1f}",
            f"  trueup, and into the books          {measured.whole_seconds:6.1f}   {peak}",
            f"  reader / plain SQL: {ratio:.2f} (promised: at most 3)",
        ]
    )
