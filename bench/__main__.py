"""``make bench``: one run, one table.

For each size and database: the whole audit, its copy and its checks, its processor time and its memory. Beside them in
the same run the limit, the database's own client reading the same columns (``psql`` in binary), and on Postgres the
seven contract queries by hand, and audits that read only what changed. Then detection: recall and precision over the
demo company's truth; and the release gate after an audit.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from datetime import datetime
from importlib import metadata
from pathlib import Path

from bench.companies import Prepared, prepared_mariadb, prepared_postgres, prepared_sqlite
from bench.detection import detection
from bench.gate import gate_lines
from bench.measure import Measured, audit_measured, by_hand_seconds, client_seconds, driver_seconds
from bench.reread import reread_lines
from bench.table import Line, render

ENTRIES_PER_ACCOUNT = 20
_DRIVERS = ("adbc-driver-manager", "adbc-driver-postgresql", "adbc-driver-sqlite", "pymysql", "pyarrow", "duckdb")
NOW = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - naive by definition: UTC


def main() -> None:
    """Measure and print."""
    options = _options()
    print(f"trueup bench: {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print("  " + ", ".join(f"{name} {metadata.version(name)}" for name in _DRIVERS))
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="trueup-bench-") as scratch:
        for millions in options.millions:
            accounts = round(millions * 1_000_000 / ENTRIES_PER_ACCOUNT)
            with prepared_postgres(Path(scratch), accounts=accounts, now=NOW) as prepared:
                lines += _postgres(prepared, options.repeat)
            if not options.skip_sqlite:
                with prepared_sqlite(Path(scratch), accounts=accounts, now=NOW) as prepared:
                    lines += _audits("SQLite", prepared, options.repeat)
            if not options.skip_mariadb:
                with prepared_mariadb(Path(scratch), accounts=accounts, now=NOW) as prepared:
                    lines += _audits("MariaDB", prepared, options.repeat)
    print(render(lines))
    print(detection(now=NOW, seeds=options.seeds))
    print(gate_lines())


def _postgres(prepared: Prepared, repeat: int) -> list[Line]:
    """Ours and what it is compared with, turn by turn, so that a drifting machine drifts under both."""
    ours: list[Measured] = []
    by_hand: list[float] = []
    limit: list[float] = []
    driver: list[float] = []
    for _ in range(repeat):
        limit.append(client_seconds(prepared))
        driver.append(driver_seconds(prepared))
        ours.append(audit_measured(prepared, now=NOW))
        by_hand.append(sum(by_hand_seconds(prepared).values()))
    lines = [Line.of_audit("trueup audit from Postgres", prepared, measured) for measured in _best(ours)]
    lines.append(Line(what="psql, the same columns, binary (the limit)", rows=prepared.ledger_rows, copy=min(limit)))
    lines.append(Line(what="the driver's stream, rows thrown away", rows=prepared.ledger_rows, copy=min(driver)))
    lines.append(Line(what="seven queries by hand in Postgres", rows=prepared.ledger_rows, whole=min(by_hand)))
    copied = min(measured.copy_seconds for measured in ours)
    print(f"  copy / psql: {copied / min(limit):.2f}   copy / driver: {copied / min(driver):.2f}", flush=True)
    return [*lines, *reread_lines(prepared, now=NOW)]


def _audits(name: str, prepared: Prepared, repeat: int) -> list[Line]:
    ours: list[Measured] = []
    limit: list[float] = []
    for _ in range(repeat):
        limit.append(client_seconds(prepared))
        ours.append(audit_measured(prepared, now=NOW))
    client = f"{prepared.client[0]}, the same columns (the limit)"
    copied = min(measured.copy_seconds for measured in ours)
    print(f"  {name}: copy / {prepared.client[0]}: {copied / min(limit):.2f}", flush=True)
    return [
        *(Line.of_audit(f"trueup audit from {name}", prepared, measured) for measured in _best(ours)),
        Line(what=client, rows=prepared.ledger_rows, copy=min(limit)),
    ]


def _best(runs: list[Measured]) -> list[Measured]:
    return sorted(runs, key=lambda measured: measured.whole_seconds)[:1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 10], help="ledger rows, in millions")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the best of each is printed")
    parser.add_argument("--seeds", type=int, default=5, help="demo companies for the detection figures")
    parser.add_argument("--skip-sqlite", action="store_true", help="without SQLite")
    parser.add_argument("--skip-mariadb", action="store_true", help="without MariaDB, which must be installed")
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    main()
