"""``python -m bench.stripe``: reading Stripe, beside what its own SDK takes to list the same objects, in one run.

A test server in a process of its own serves customers, each with a subscription, an invoice and its payment. First the
SDK pages through them by itself; then a whole audit reads them, with no budget of requests to keep; then a thousandth
of the customers changes, and the audit is run again. A tenth of the size shows whether memory is flat. Last, an
export of the demo company is read beside plain SQL over the same lines (``bench/exported.py``).
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.children import run_child
from bench.exported import describe_export, measure_export
from tests.support.stripe.process import StripeProcess, stripe_process

_SDK = """
import json, resource, sys, time
import stripe
url, key = sys.argv[1:]
client = stripe.StripeClient(key, base_addresses={"api": url}, stripe_version="2026-10-28.endive")
asked = [
    (client.v1.customers, {}),
    (client.v1.subscriptions, {"status": "all", "expand": ["data.schedule"]}),
    (client.v1.invoices, {"expand": ["data.payments"]}),
    (client.v1.payment_intents, {}),
]
started, objects = time.perf_counter(), 0
for service, parameters in asked:
    for found in service.list({"limit": 100, **parameters}).auto_paging_iter():
        objects += 1
print(json.dumps({"seconds": time.perf_counter() - started, "objects": objects,
                  "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""

_AUDIT = """
import json, os, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from trueup.actions.audit.run_audit import report_on
from trueup.actions.checks.catalogue import full_catalogue
from trueup.actions.audit.snapshot import copied_books
from trueup.config import load_config
from trueup.model.source import Silent
from trueup.stripe.listings import LISTINGS
checks, now = full_catalogue(None), datetime.now(UTC).replace(tzinfo=None)
config = load_config(Path(sys.argv[1]), os.environ)
started = time.perf_counter()
with copied_books(config, checks=checks, now=now, progress=Silent()) as books:
    copied = time.perf_counter()
    report = report_on(books, checks=checks, policy=config.policy, now=now, progress=Silent())
own = {relation for listing in LISTINGS for relation in listing.relations}
print(json.dumps({"seconds": copied - started, "whole": time.perf_counter() - started,
                  "objects": sum(read.rows for read in report.relations if read.relation in own),
                  "problems": [read.problem for read in report.relations if read.problem],
                  "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""

_CONFIG = """
environment = "bench"
[database]
url = "sqlite:///{database}"
[stripe]
api_key = "{key}"
api_base = "{url}"
since_days = 3650
[relations.account]
table = "users"
[relations.account.columns]
account_id = "id"
stripe_customer_id = "customer"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One process, measured by itself. ``objects`` are rows where it was an audit."""

    seconds: float
    objects: int
    peak_bytes: int
    requests: int


def main() -> None:
    """Measure and print."""
    options = _options()
    if options.customers:
        _print_api(options.customers)
    if options.accounts:
        with tempfile.TemporaryDirectory(prefix="trueup-bench-") as scratch:
            now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
            print(describe_export(measure_export(Path(scratch), accounts=options.accounts, now=now)))


def _print_api(customers: int) -> None:
    small = _measured(customers // 10)
    whole = _measured(customers)
    sdk, first, second = whole
    print(f"{customers:,} customers, each with a subscription, an invoice and its payment")
    print(f"{'':44}{'seconds':>9}{'requests':>10}{'peak MiB':>10}{'of a tenth':>12}")
    names = (
        "the SDK's own paging",
        "trueup: the app's table, and all of Stripe",
        "trueup: again, a thousandth changed",
    )
    for name, found, tenth in zip(names, whole, small, strict=True):
        peaks = f"{found.peak_bytes / 2**20:>10.0f}{tenth.peak_bytes / 2**20:>12.0f}"
        print(f"{name:44}{found.seconds:>9.1f}{found.requests:>10,}{peaks}")
    rates = f"{sdk.objects / sdk.seconds:,.0f} by the SDK, {sdk.objects / first.seconds:,.0f} by the reader"
    print(f"objects a second: {rates}")
    print(f"reader / SDK: {first.seconds / sdk.seconds:.2f} (promised: at most 1.15)")
    print(f"requests of the second / first: {second.requests / first.requests:.1%} (promised: at most 5 %)")


def _measured(customers: int) -> tuple[Measured, Measured, Measured]:
    with stripe_process(customers) as server, tempfile.TemporaryDirectory(prefix="trueup-bench-") as scratch:
        config = _prepared(Path(scratch), server, customers)
        sdk = _child(server, _SDK, server.url, server.key)
        first = _child(server, _AUDIT, str(config))
        server.change(max(1, customers // 1000))
        return sdk, first, _child(server, _AUDIT, str(config))


def _prepared(scratch: Path, server: StripeProcess, customers: int) -> Path:
    """An app whose accounts name the server's customers, and its config."""
    database, config = scratch / "app.db", scratch / "trueup.toml"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY, customer TEXT)")
        rows = ((f"user_{number}", f"cus_{number:06d}") for number in range(customers))
        connection.executemany("INSERT INTO users VALUES (?, ?)", rows)
    connection.close()
    config.write_text(_CONFIG.format(database=database, key=server.key, url=server.url), encoding="utf-8")
    return config


def _child(server: StripeProcess, script: str, *arguments: str) -> Measured:
    server.forget()
    told = run_child(script, *arguments)
    assert not told.get("problems"), told["problems"]
    requests = sum(server.counts().values())
    return Measured(seconds=told["seconds"], objects=told["objects"], peak_bytes=told["peak"], requests=requests)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.stripe", description=__doc__, allow_abbrev=False)
    parser.add_argument("--customers", type=int, default=100_000, help="customers; a tenth of them is measured too")
    parser.add_argument(
        "--accounts", type=int, default=50_000, help="accounts of the exported company; 0 leaves it out"
    )
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    main()
