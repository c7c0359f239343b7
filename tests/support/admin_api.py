"""The admin API over a demo company that can be repaired, asked as somebody of each role."""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from tests.support.api import Client, Clock, asking, token_for
from tests.support.demo import NOW, company_of
from tests.support.repairable import App, app_of, with_repair_url
from trueup.model.access import Role
from trueup.store import Store, open_store
from trueup.web import create_app

REPORT = "/api/admin/billing-assurance"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminApi:
    """One app, its company and its store."""

    app: FastAPI
    company: App
    store: Store
    clock: Clock
    client: Client
    tokens: dict[Role, str]

    def get(self, path: str, *, role: Role = Role.ADMIN, **more: Any) -> httpx.Response:
        """What a GET answers to this role."""
        return self.client.ask("GET", path, token=self.tokens[role], **more)

    def post(self, path: str, body: object, *, role: Role = Role.ADMIN, **more: Any) -> httpx.Response:
        """What a POST answers to this role."""
        return self.client.ask("POST", path, token=self.tokens[role], json=body, **more)

    def delete(self, path: str, *, role: Role = Role.ADMIN) -> httpx.Response:
        """What a DELETE answers to this role."""
        return self.client.ask("DELETE", path, token=self.tokens[role])

    def issues(self, **equal: object) -> list[dict[str, Any]]:
        """The issues of the newest report whose fields have these values."""
        found: list[dict[str, Any]] = self.get(REPORT).json()["issues"]
        return [issue for issue in found if all(issue[name] == value for name, value in equal.items())]

    def repairable(self) -> list[str]:
        """The ids of the issues that can be repaired."""
        return [issue["id"] for issue in self.issues() if issue["repair"] and "kind" in issue["repair"]]


@contextlib.contextmanager
def admin_api(folder: Path, *, place: str = "", store_url: str = "") -> Iterator[AdminApi]:
    """A demo company in ``place``, a store, both in SQLite unless told otherwise, and the app over them."""
    company = demo_company(folder, place)
    clock = Clock(NOW)
    with open_store(store_url or f"sqlite:///{folder}/store.db") as store:
        app = create_app(company.config, store=store, catalogue=company.checks, clock=clock)
        tokens = {role: token_for(store, role, now=NOW, days=90) for role in Role}
        with asking(app) as client:
            yield AdminApi(app=app, company=company, store=store, clock=clock, client=client, tokens=tokens)
        app.state.services.close()


def demo_company(folder: Path, place: str = "") -> App:
    """A demo company in ``place``, or in a SQLite file in ``folder``: those are copies of one that is made once."""
    if place:
        company = company_of(accounts=100)
        company.write(place)
        company.write_gates(folder)
        return app_of(place, with_repair_url(company.config_text("${PLACE}")), folder)
    database, text = _made_once()
    for file in database.parent.iterdir():
        shutil.copy(file, folder)
    return app_of(f"sqlite:///{folder}/app.db", text, folder)


@functools.cache
def _made_once() -> tuple[Path, str]:
    folder = Path(tempfile.mkdtemp(prefix="trueup-company-"))
    atexit.register(shutil.rmtree, folder)
    company = company_of(accounts=100)
    company.write(f"sqlite:///{folder}/app.db")
    company.write_gates(folder)
    return folder / "app.db", with_repair_url(company.config_text("${PLACE}"))
