"""A console that is served to a real browser, with two runs and a repair behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.admin_api import REPORT, admin_api
from tests.support.chromium import chromium, served
from trueup.model.access import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """A served console: its address, its tokens, and the address of each of its pages.

    What a test needs of the API was asked before the browser began: both want this thread's event loop.
    """

    origin: str
    tokens: dict[Role, str]
    pages: tuple[str, ...]
    repairable: tuple[str, ...]
    account: str


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The console of a demo company."""
    with admin_api(tmp_path_factory.mktemp("console")) as api:
        api.get(REPORT)
        api.clock.forward(hours=1)
        repaired, *repairable = api.repairable()
        api.post("/api/v1/repairs", {"issueId": repaired, "reason": "before the browser begins"})
        api.post("/api/v1/runs", {})
        newest, before = (run["runId"] for run in api.get("/api/v1/runs").json()["runs"][:2])
        account = api.issues(check="credit-balance")[0]["subject"]
        event = api.issues(check="duplicate-event-grant")[0]["id"]
        pages = (
            "/",
            "/findings",
            "/findings?state=resolved",
            "/findings?q=xyzzy",
            f"/findings/{repairable[2]}",
            f"/findings/{event}",
            f"/repair?issue={repairable[2]}",
            "/accounts",
            "/accounts?q=xyzzy",
            f"/accounts/{account}",
            f"/accounts/{account}?for=customer",
            "/runs",
            f"/runs/{newest}",
            f"/runs/{before}..{newest}",
            "/checks",
            "/checks/credit-balance",
            "/gates",
            "/exemptions",
            "/approvals",
            "/exemptions/end?check=credit-balance&subject=user_1",
            "/journal",
            "/journal?verify=true",
            "/replays",
        )
        with served(api.app) as origin:
            yield Console(origin=origin, tokens=api.tokens, pages=pages, repairable=tuple(repairable), account=account)


@pytest.fixture(scope="module")
def browser(console: Console) -> Iterator[Browser]:
    """One Chromium for all tests of this folder, started after the console."""
    with chromium() as started:
        yield started
