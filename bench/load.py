"""The second half of ``make bench``: the admin API under constant arrival, on a company in Postgres.

First the pages of single findings are asked for, by one caller and by eight. Then reads of the report arrive, then
repairs of hand-edited balances, each at its own rate for as long as asked; with ``--together`` both at once. The report
is asked for with a long ``maxAgeSeconds``, so that no audit runs meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import sqlalchemy

from bench.arrivals import Arrivals, Latencies, arrive, ask
from bench.companies import Prepared, prepared_postgres
from trueup import journal
from trueup.config import load_config
from trueup.store import open_store
from trueup.targets import open_target

PATH = "/api/admin/billing-assurance"
HOST = "127.0.0.1"
_MEMORY_SECONDS = 0.5
_PLANTED_AT_LEAST = 50
_CALLERS = (1, 8)
_EDITED = """
WITH chosen AS (
    SELECT u.id FROM users AS u
    WHERE NOT u.unlimited_credits AND u.active AND u.credits > 0
      AND NOT EXISTS (
          SELECT FROM (
              SELECT amount, balance_after, lag(balance_after) OVER (ORDER BY sequence) AS previous
              FROM credit_transactions AS t WHERE t.user_id = u.id AND t.posted
          ) AS step WHERE amount IS NULL OR balance_after IS NULL OR previous + amount <> balance_after
      )
      AND EXISTS (SELECT FROM credit_transactions AS t WHERE t.user_id = u.id)
      AND u.credits = (SELECT t.balance_after FROM credit_transactions AS t WHERE t.user_id = u.id AND t.posted
                       ORDER BY t.sequence DESC LIMIT 1)
    ORDER BY u.id LIMIT %s
)
UPDATE users AS u SET credits = u.credits + 7 FROM chosen WHERE chosen.id = u.id RETURNING u.id
"""


def main() -> None:
    """Prepare, serve, load, print."""
    options = _options()
    now = datetime.now(UTC).replace(tzinfo=None)
    with (
        tempfile.TemporaryDirectory(prefix="trueup-load-") as scratch,
        prepared_postgres(Path(scratch), accounts=options.accounts, now=now) as prepared,
    ):
        repairs = round(options.seconds * options.repairs)
        issues = _planted(prepared, max(repairs, _PLANTED_AT_LEAST))
        port = _free_port()
        token = _opened_up(prepared, port)
        with _served(prepared, port) as process:
            _first_report(port, token)
            _pages(options, token, issues, process, port)
            for kinds in _turns(options, token, issues, port):
                _loaded(kinds, process, port, seconds=options.seconds)
        print(f"  journal rows {_applied(prepared):,}")


def _pages(
    options: argparse.Namespace, token: str, issues: list[str], process: subprocess.Popen[bytes], port: int
) -> None:
    """Ask for findings in full, none of which is repaired yet."""
    head = f"Host: {HOST}:{port}\r\nAuthorization: Bearer {token}\r\n"

    def page(number: int) -> bytes:
        return f"GET /api/v1/findings/{issues[number % len(issues)]} HTTP/1.1\r\n{head}\r\n".encode()

    kind = Arrivals(name="GET finding", per_second=0, request=page, connections=0)
    for callers in _CALLERS if options.pages else ():
        busy, before = _processor_seconds(process), _resident_bytes(process)
        met = asyncio.run(ask(HOST, port, kind, callers=callers, requests=options.pages))
        busy = (_processor_seconds(process) - busy) / options.pages * 1000
        memory = f"{before / 2**20:,.0f} -> {_resident_bytes(process) / 2**20:,.0f} MiB"
        figures = "  ".join(f"p{share} {met.percentile(share / 100):,.0f} ms" for share in (50, 95, 100))
        print(
            f"  {kind.name} by {callers} at once  {figures}  not 200: {met.failures or 'none'}  "
            f"{busy:,.1f} processor ms each; memory {memory}",
            flush=True,
        )


def _turns(options: argparse.Namespace, token: str, issues: list[str], port: int) -> list[list[Arrivals]]:
    kinds = _kinds(options, token, issues, port)
    return [kinds] if options.together else [[kind] for kind in kinds]


def _loaded(kinds: list[Arrivals], process: subprocess.Popen[bytes], port: int, *, seconds: float) -> None:
    busy = _processor_seconds(process)
    found, memory = asyncio.run(_watched(kinds, process, port, seconds=seconds))
    busy = _processor_seconds(process) - busy
    for name, met in found.items():
        figures = "  ".join(f"p{share:g} {met.percentile(share / 100):,.0f} ms" for share in (50, 90, 99, 99.9, 100))
        print(f"  {name:<12} {len(met.seconds):>7,} requests  {figures}  not 200: {met.failures or 'none'}")
    answered = sum(len(met.seconds) for met in found.values())
    each = f"{busy / answered * 1000:,.1f} ms a request" if answered else "no requests"
    print(f"  {seconds:g} s of constant arrival, {busy:,.1f} processor seconds of the server, {each}")
    shown = " -> ".join(f"{resident / 2**20:,.0f}" for resident in _over_time(memory))
    print(f"  server's memory, MiB: {shown}; most {max(memory) / 2**20:,.0f}", flush=True)


async def _watched(
    kinds: list[Arrivals], process: subprocess.Popen[bytes], port: int, *, seconds: float
) -> tuple[dict[str, Latencies], list[int]]:
    """Let them arrive, and look at the server's memory meanwhile."""
    memory = [_resident_bytes(process)]

    async def watch() -> None:
        while True:
            await asyncio.sleep(_MEMORY_SECONDS)
            memory.append(_resident_bytes(process))

    watching = asyncio.create_task(watch())
    try:
        found = await arrive(HOST, port, kinds, seconds=seconds)
    finally:
        watching.cancel()
    return found, memory


def _over_time(memory: list[int]) -> list[int]:
    """At the start, at each quarter, and at the end: flat is what stays the same from the first quarter on."""
    return [memory[round(share * (len(memory) - 1) / 4)] for share in range(5)]


def _kinds(options: argparse.Namespace, token: str, issues: list[str], port: int) -> list[Arrivals]:
    head = f"Host: {HOST}:{port}\r\nAuthorization: Bearer {token}\r\n"

    def report(_number: int) -> bytes:
        return f"GET {PATH}?maxAgeSeconds=86400 HTTP/1.1\r\n{head}\r\n".encode()

    def repair(number: int) -> bytes:
        body = json.dumps({"issueId": issues[number], "reason": "Hand-edited for the benchmark."})
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"POST {PATH} HTTP/1.1\r\n{head}{kind}\r\n{body}".encode()

    kinds = [
        Arrivals(name="GET report", per_second=options.reads, request=report, connections=16),
        Arrivals(name="POST repair", per_second=options.repairs, request=repair, connections=8),
    ]
    return [kind for kind in kinds if kind.per_second > 0]


def _planted(prepared: Prepared, count: int) -> list[str]:
    """Edit so many balances by hand; the issues that makes."""
    with psycopg.connect(prepared.url, autocommit=True) as connection:
        accounts = [row[0] for row in connection.execute(_EDITED.encode(), [count])]
    if len(accounts) < count:
        raise SystemExit(f"Only {len(accounts)} of {count} balances could be edited; give more --accounts.")
    return [f"credit-balance:{account}" for account in accounts]


def _opened_up(prepared: Prepared, port: int) -> str:
    """Switch repairs on, install the journal, listen on ``port``; a token that may do everything."""
    text = prepared.config.read_text(encoding="utf-8")
    text = text.replace("[database]\n", f"[database]\nrepair_url = {json.dumps(prepared.url)}\n", 1)
    prepared.config.write_text(f'{text}\n[server]\nbind = "{HOST}:{port}"\n', encoding="utf-8")
    config = load_config(prepared.config, os.environ)
    with open_target(prepared.url).transaction() as connection:
        journal.install(connection)
        connection.commit()
    with open_store(config.store_url) as store:
        now = datetime.now(UTC).replace(tzinfo=None)
        token, _ = store.tokens.create(name="load", role="super_admin", lifetime_days=1, created_by="bench", now=now)
    return token


@contextmanager
def _served(prepared: Prepared, port: int) -> Iterator[subprocess.Popen[bytes]]:
    log = prepared.config.parent / "serve.log"
    command = [sys.executable, "-m", "trueup", "serve", "--config", str(prepared.config)]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            _wait_for(port, process)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit("The server ended by itself.")
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=2).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
        else:
            return
    raise SystemExit("The server did not begin.")


def _first_report(port: int, token: str) -> None:
    """Let one audit run, so that there is a report to be read."""
    started = time.perf_counter()
    url = f"http://{HOST}:{port}{PATH}?maxAgeSeconds=86400"
    for _ in range(20):
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310 - our own
                size = len(answer.read())
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            time.sleep(2)
        else:
            print(f"  first report after {time.perf_counter() - started:.1f} s, {size:,} bytes", flush=True)
            return
    raise SystemExit("There is no report after twenty tries.")


def _processor_seconds(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_bytes(process: subprocess.Popen[bytes]) -> int:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _applied(prepared: Prepared) -> int:
    with open_target(prepared.url).reading() as connection:
        return int(connection.execute(sqlalchemy.text("SELECT count(*) FROM trueup_journal")).scalar_one())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__, allow_abbrev=False)
    parser.add_argument("--accounts", type=int, default=500_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--reads", type=float, default=100, help="reports asked for per second")
    parser.add_argument("--repairs", type=float, default=10, help="repairs per second")
    parser.add_argument("--pages", type=int, default=500, help="findings asked for by one caller, and then by eight")
    parser.add_argument("--together", action="store_true", help="reads and repairs at the same time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
