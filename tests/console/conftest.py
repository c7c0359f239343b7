"""A console that is served to a real browser, with two runs and a repair behind it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import asking
from tests.support.chromium import chromium, served
from trueup.actions.tokens import create_token
from trueup.model.access import Role
from trueup.model.approval import ApprovalSettings
from trueup.web import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TWO_PERSON = "unlimited-credits"
"""The check whose repairs need a second person here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """A served console: its address, its tokens, and the address of each of its pages.

    What a test needs of the API was asked before the browser began: both want this thread's event loop. ``people`` are
    the tokens of two persons, and ``two_person`` is an issue whose repair needs both. ``hold_audits`` keeps audits from
    beginning, until what it returns is called.
    """

    origin: str
    tokens: dict[Role, str]
    pages: tuple[str, ...]
    repairable: tuple[str, ...]
    account: str
    people: dict[str, str]
    two_person: str
    hold_audits: Callable[[], Callable[[], object]]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The console of a demo company."""
    with admin_api(tmp_path_factory.mktemp("console")) as api:
        api.get(REPORT)
        api.clock.forward(days=31)
        sensitive = next(issue for issue in api.repairable() if issue.startswith(f"{TWO_PERSON}:"))
        repaired, *repairable = (issue for issue in api.repairable() if not issue.startswith(f"{TWO_PERSON}:"))
        repair_id = api.post("/api/v1/repairs", {"issueId": repaired, "reason": "before the browser begins"}).json()[
            "repairId"
        ]
        api.post("/api/v1/runs", {})
        api.post("/api/v1/notes", {"issueId": repairable[2], "text": "Asked support; the customer knows."})
        people, app = two_people(api)
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
            f"/selection?run={newest}&issues=1-6",
            f"/selection?run={newest}&issues=1-6&act=repair",
            "/gates/accept",
            f"/undo?repair={repair_id}",
        )
        with served(app) as origin:
            yield Console(
                origin=origin,
                tokens=api.tokens,
                pages=pages,
                repairable=tuple(repairable),
                account=account,
                people=people,
                two_person=sensitive,
                hold_audits=lambda: hold_audits(api),
            )
        app.state.services.close()


def hold_audits(api: AdminApi) -> Callable[[], object]:
    """Hold every audit, as another replica would that makes one; the answer lets them go on."""
    config = api.company.config
    name = f"audit:{config.environment}:{config.policy.period_days}"
    assert api.store.leases.take(name, "another replica", seconds=600, now=api.clock.now)
    return lambda: api.store.leases.release(name, "another replica")


def two_people(api: AdminApi) -> tuple[dict[str, str], FastAPI]:
    """The tokens of two persons, and the app in which one check's repairs need both; one request waits there."""
    new = {
        name: create_token(
            api.store, name=name, role=Role.ADMIN, lifetime_days=1, created_by="command:root", now=api.clock.now
        )
        for name in ("ada", "bob")
    }
    approvals = ApprovalSettings(
        repairs=(TWO_PERSON,), people={name: (f"token:{token.stored.token_id}",) for name, token in new.items()}
    )
    config = dataclasses.replace(api.company.config, approvals=approvals)
    app = create_app(config, store=api.store, catalogue=api.company.checks, clock=api.clock)
    order = {
        "check": "ledger-break",
        "subject": "user_1",
        "owner": "finance",
        "reason": "until the ledger is mended",
        "expires": "2027-06-30",
    }
    with asking(app) as client:
        asked = client.ask("POST", "/api/v1/approval-requests/exemptions", token=new["ada"].text, json=order)
        assert asked.status_code == 201, asked.text
    return {name: token.text for name, token in new.items()}, app


@pytest.fixture(scope="module")
def browser(console: Console) -> Iterator[Browser]:
    """One Chromium for all tests of this folder, started after the console."""
    with chromium() as started:
        yield started
