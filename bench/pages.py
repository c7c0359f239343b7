"""The console's pages over a demo company: what each costs, whether memory stays flat, and a long list of repairs.

Each kind of page is asked for with other subjects each time, in this process, and its processor time is measured, so
the figures hold on a machine with other work too. They contain the client, some three milliseconds. Then pages of all
kinds are asked for in turn while the memory is watched, and at last a frozen list of repairs is applied.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.api import Client, asking
from tests.support.browser import HERE, Browser
from trueup.actions.audit import audit_and_record
from trueup.actions.bulk import MOST_FROZEN
from trueup.actions.init import install_journal
from trueup.actions.store import open_store
from trueup.actions.tokens import create_token
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.demo.create import create_company
from trueup.model.access import Role
from trueup.model.source import Silent
from trueup.web import create_app

if TYPE_CHECKING:
    from fastapi import FastAPI

    from trueup.store import Store

LIMIT_MS = 150
DAYS_BETWEEN = 31
_HTML = {"Accept": "text/html"}
_EDITED = """
UPDATE users SET credits = credits + 7 WHERE id IN (
    SELECT id FROM users WHERE credits > 100 AND active AND NOT unlimited_credits ORDER BY id LIMIT ?)
"""


def main() -> None:
    """Prepare, measure, print."""
    options = _options()
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    with tempfile.TemporaryDirectory(prefix="trueup-pages-") as scratch:
        config = _prepared(Path(scratch), accounts=options.accounts, now=now)
        with open_store(config, may_make=True) as store:
            run_ids = [_audited(config, store, now - timedelta(days=days)) for days in (DAYS_BETWEEN, 0)]
            app = create_app(config, store=store, catalogue=catalogue(), clock=lambda: now)
            token = create_token(store, name="pages", role=Role.ADMIN, lifetime_days=1, created_by="bench", now=now)
            with asking(app, headers={**_HTML, "Authorization": f"Bearer {token.text}"}) as client:
                pages = _pages(client, config, run_ids)
                _read_stripe(app, client, pages)
                for name, paths in pages.items():
                    _measure(client, name, paths, times=options.times)
                _watch_memory(client, [path for paths in pages.values() for path in paths], views=options.views)
            _repair_many(app, token.text)
            app.state.services.close()


def _prepared(folder: Path, *, accounts: int, now: datetime) -> Config:
    """A company, some of whose balances were edited by hand, which may be repaired."""
    path = create_company(folder, url=None, accounts=accounts, seed=1, now=now, progress=Silent())
    with sqlite3.connect(folder / "app.db") as connection:
        connection.execute(_EDITED, [MOST_FROZEN])
    connection.close()
    read = load_config(path, {}, known_checks=[check.id for check in catalogue()])
    install_journal(read.database_url)
    return dataclasses.replace(read, repair_url=read.database_url)


def _audited(config: Config, store: Store, now: datetime) -> str:
    started = time.process_time()
    checks = catalogue()
    audited = audit_and_record(
        config, checks=checks, catalogue=checks, store=store, trigger="bench", now=now, progress=Silent()
    )
    findings = sum(1 for _ in audited.report.findings())
    print(f"  audited, {findings:,} findings, {time.process_time() - started:.0f} processor s", flush=True)
    return audited.report.run_id


def _pages(client: Client, config: Config, run_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The addresses of each kind of page."""
    database = config.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT id, email FROM users ORDER BY random() LIMIT 40").fetchall()
    connection.close()
    findings = _findings(client)
    before, newest = run_ids
    return {
        "/": ["/"],
        "/findings": ["/findings", "/findings?severity=error", "/findings?sort=risk", "/findings?q=user_0001"],
        "/findings/{id}": findings,
        "/repair": [
            f"/repair?issue={path.removeprefix('/findings/')}" for path in findings if "/credit-balance:" in path
        ],
        "/accounts?q=": [f"/accounts?q={email}" for _, email in rows if email],
        "/accounts/{id}": [f"/accounts/{account}" for account, _ in rows],
        "/accounts/{id}, customer": [f"/accounts/{account}?for=customer" for account, _ in rows],
        "/runs": ["/runs", f"/runs/{newest}", f"/runs/{before}..{newest}"],
        "/checks": ["/checks"],
        "/checks/{id}": [f"/checks/{check.id}" for check in catalogue()],
        "/gates": ["/gates", "/gates/accept"],
        "/exemptions": ["/exemptions"],
        "/journal": ["/journal", "/journal?verify=true"],
        "/approvals": ["/approvals"],
        "/replays": ["/replays"],
        "/selection, 500": [f"/selection?run={newest}&issues=1-500&act=repair"],
    }


def _findings(client: Client) -> list[str]:
    """Two findings of each check that has any."""
    paths: list[str] = []
    for check in catalogue():
        page = client.ask("GET", f"/findings?check={check.id}").text
        found = dict.fromkeys(unescape(path) for path in re.findall(r'href="(/findings/[^"?]+)" data-open', page))
        paths += list(found)[:2]
    return paths


def _read_stripe(app: FastAPI, client: Client, pages: Mapping[str, Sequence[str]]) -> None:
    started = time.process_time()
    client.ask("GET", pages["/accounts/{id}"][0])
    app.state.services.stripe_side.wait(3600)
    print(f"  Stripe's side read for the pages, {time.process_time() - started:.1f} processor s", flush=True)


def _measure(client: Client, name: str, paths: Sequence[str], *, times: int) -> None:
    """Ask for each page once, so that nothing is new to the process, and then measure ``times`` of them."""
    for path in paths:
        client.ask("GET", path)
    spent: list[float] = []
    size, status = 0, {200}
    for path in itertools.islice(itertools.cycle(paths), max(times, len(paths))):
        started = time.process_time()
        answer = client.ask("GET", path)
        spent.append((time.process_time() - started) * 1000)
        size, status = max(size, len(answer.content)), status | {answer.status_code}
    spent.sort()
    p50, p95 = (spent[min(len(spent) - 1, int(len(spent) * share))] for share in (0.5, 0.95))
    verdict = "" if p95 <= LIMIT_MS else f"  above {LIMIT_MS} ms"
    odd = f"  statuses {sorted(status - {200})}" if status != {200} else ""
    print(f"  {name:<26} p50 {p50:4.0f}  p95 {p95:4.0f} processor ms, {size / 1024:4.0f} KiB{verdict}{odd}", flush=True)


def _watch_memory(client: Client, paths: Sequence[str], *, views: int) -> None:
    """Ask for pages of all kinds in turn. Flat is what stays the same from the first quarter on."""
    shown = [_resident_mib()]
    endless: Iterator[str] = itertools.cycle(paths)
    for _ in range(4):
        for path in itertools.islice(endless, views // 4):
            client.ask("GET", path)
        shown.append(_resident_mib())
    print(f"  memory over {views:,} views, MiB: {' -> '.join(f'{mib:,.0f}' for mib in shown)}", flush=True)


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _repair_many(app: FastAPI, token: str) -> None:
    """Freeze the hand-edited balances, and repair them as one list."""
    with asking(app, base_url=HERE, address="127.0.0.1", headers=_HTML) as client:
        person = Browser(client=client)
        person.sign_in(token)
        run_id, positions = _repairable(person)
        page = person.open(f"/selection?run={run_id}&issues={','.join(positions)}&act=repair")
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text.partition("panel")[2])
        form = {name: unescape(value) for name, value in hidden} | {"verb": "apply", "reason": "a long list is timed"}
        started, at = time.process_time(), time.perf_counter()
        answer = person.send("/selection/repairs", form)
        spent, seconds = time.process_time() - started, time.perf_counter() - at
    verdict = re.findall(r"(\d+ (?:applied|refused|changed since|failed))", answer.text)
    print(
        f"  a list of {form['count']} repairs: {spent:.1f} processor s, {seconds:.1f} s; {', '.join(verdict)}",
        flush=True,
    )


def _repairable(person: Browser) -> tuple[str, Sequence[str]]:
    """The newest run, and the positions of its repairable balances: as many as one list may hold."""
    address, run_id = "/findings?check=credit-balance&repairable=true", ""
    positions: list[str] = []
    while address and len(positions) < MOST_FROZEN:
        text = person.open(address).text
        run_id = re.findall(r'name="runId" value="([^"]*)"', text)[0]
        positions += re.findall(r'name="issue" value="(\d+)"', text)
        following = re.findall(r'rel="next" href="([^"]*)"', text)
        address = unescape(following[0]) if following else ""
    return run_id, positions[:MOST_FROZEN]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__, allow_abbrev=False)
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=60, help="views of each kind of page that are measured")
    parser.add_argument("--views", type=int, default=10_000, help="views while the memory is watched")
    return parser.parse_args()


if __name__ == "__main__":
    main()
