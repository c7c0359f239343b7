"""Make ``docs/console``: a picture of every page of the demo company's console, as Debian's Chromium shows it."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.chromium import chromium, served, watching
from trueup.actions.audit import audit_and_record
from trueup.actions.init import install_journal
from trueup.actions.repair import repair
from trueup.actions.store import open_store
from trueup.actions.tokens import create_token
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.demo.create import create_company
from trueup.model.access import Role
from trueup.model.source import Silent
from trueup.web import create_app

FOLDER = Path(__file__).parent / "console"
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC).replace(tzinfo=None)
RUNS = 5
REPAIRED = "credit-balance:user_000163"
SHOWN = "credit-balance:user_000298"
PAGES = {
    "overview": "/",
    "findings": "/findings",
    "finding": f"/findings/{SHOWN}",
    "repair": f"/repair?issue={SHOWN}",
    "account": f"/accounts/{SHOWN.partition(':')[2]}",
    "runs": "/runs",
    "checks": "/checks",
    "check": "/checks/credit-balance",
    "gates": "/gates",
    "exemptions": "/exemptions",
    "approvals": "/approvals",
    "journal": "/journal?verify=true",
    "replay": "/replays",
}


@contextmanager
def company() -> Iterator[tuple[str, str]]:
    """The address of a served demo company with some runs and a repair behind it, and a token."""
    checks = catalogue()
    with tempfile.TemporaryDirectory() as folder:
        path = create_company(Path(folder), url=None, accounts=500, seed=1, now=NOW, progress=Silent())
        read = load_config(path, {}, known_checks=[check.id for check in checks])
        install_journal(read.database_url)
        config: Config = dataclasses.replace(read, repair_url=read.database_url)
        with open_store(config, may_make=True) as store:
            for number in range(RUNS):
                if number == RUNS - 1:
                    reason = "the ledger is right, support confirmed"
                    now = NOW + timedelta(days=number)
                    repair(REPAIRED, reason=reason, actor="ada", config=config, catalogue=checks, now=now)
                audit_and_record(
                    config,
                    checks=checks,
                    catalogue=checks,
                    store=store,
                    trigger="schedule",
                    now=NOW + timedelta(days=number),
                    progress=Silent(),
                )
            end = NOW + timedelta(days=RUNS - 1, minutes=4)
            token = create_token(store, name="docs", role=Role.ADMIN, lifetime_days=1, created_by="docs", now=end)
            app = create_app(config, store=store, catalogue=checks, clock=lambda: end)
            with served(app) as origin:
                yield origin, token.text
            app.state.services.close()


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    viewport = {"width": 1180, "height": 740}
    with company() as (origin, token), chromium() as browser:
        headers = {"Authorization": f"Bearer {token}"}
        with watching(browser, origin, viewport=viewport, extra_http_headers=headers) as watched:
            for name, address in PAGES.items():
                watched.open(address)
                watched.page.screenshot(path=FOLDER / f"{name}.png")
        with watching(
            browser, origin, viewport={"width": 390, "height": 740}, color_scheme="dark", extra_http_headers=headers
        ) as watched:
            watched.open("/")
            watched.page.screenshot(path=FOLDER / "overview-phone.png")


if __name__ == "__main__":
    main()
