"""Make ``docs/console``: a picture of every page of the demo company's console, as Debian's Chromium shows it."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.chromium import chromium, served, watching
from trueup.actions.approvals import request_exemption
from trueup.actions.audit import audit_and_record
from trueup.actions.init import install_journal
from trueup.actions.notes import add_note
from trueup.actions.repair import repair
from trueup.actions.store import open_store
from trueup.actions.tokens import create_token
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.demo.create import create_company
from trueup.model.access import Role
from trueup.model.repair import Applied
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
    "selection": "/selection?run={run}&issues=1-4&act=repair",
    "undo": "/undo?repair={repair}",
    "account": f"/accounts/{SHOWN.partition(':')[2]}",
    "runs": "/runs",
    "checks": "/checks",
    "check": "/checks/credit-balance",
    "gates": "/gates",
    "gates-accept": "/gates/accept",
    "exemptions": "/exemptions",
    "approvals": "/approvals",
    "journal": "/journal?verify=true",
    "replay": "/replays",
    "sign-in": "/sign-in",
}


@contextmanager
def company() -> Iterator[tuple[str, str, dict[str, str]]]:
    """The address of a served demo company with some runs and a repair behind it, a token, and the ids of its pages."""
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
                    done = repair(REPAIRED, reason=reason, actor="ada", config=config, catalogue=checks, now=now)
                    repair_id = done.repair_id if isinstance(done, Applied) else ""
                audited = audit_and_record(
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
            request_exemption(
                check="credit-balance",
                subject=SHOWN.partition(":")[2],
                owner="finance",
                reason="until support has written to the customer",
                expires_at=end.date() + timedelta(days=14),
                actor="oidc:grace",
                config=config,
                catalogue=checks,
                store=store,
                now=end - timedelta(minutes=20),
            )
            add_note(
                SHOWN,
                "Asked support on Monday; the customer knows.",
                actor="oidc:grace",
                store=store,
                environment=config.environment,
                now=end - timedelta(hours=3),
            )
            app = create_app(config, store=store, catalogue=checks, clock=lambda: end)
            with app.state.services.stripe_side.books(audited.report.run_id):
                pass  # begun by this, and read while nothing is shown yet
            app.state.services.stripe_side.wait(600)
            with served(app) as origin:
                yield origin, token.text, {"run": audited.report.run_id, "repair": repair_id}
            app.state.services.close()


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    viewport = {"width": 1180, "height": 740}
    with company() as (origin, token, ids), chromium() as browser:
        headers = {"Authorization": f"Bearer {token}"}
        with watching(browser, origin, viewport=viewport, extra_http_headers=headers) as watched:
            for name, address in PAGES.items():
                watched.open(address.format(**ids))
                watched.page.screenshot(path=FOLDER / f"{name}.png")
            watched.open(PAGES["account"])
            watched.page.get_by_role("heading", name="Both sides in order of time").scroll_into_view_if_needed()
            watched.page.screenshot(path=FOLDER / "both-sides.png")
            watched.open(PAGES["finding"])
            watched.page.get_by_role("heading", name="Notes").scroll_into_view_if_needed()
            watched.page.screenshot(path=FOLDER / "notes.png")
        with watching(
            browser, origin, viewport={"width": 390, "height": 740}, color_scheme="dark", extra_http_headers=headers
        ) as watched:
            watched.open("/")
            watched.page.screenshot(path=FOLDER / "overview-phone.png")


if __name__ == "__main__":
    main()
