"""Stripe's objects and our own repairs on the pages of an account and of a finding."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.support.api import Client, Clock, asking, token_for
from tests.support.demo import NOW
from tests.support.pages import HTML, Page
from trueup.actions.audit import audit_and_record, needed_of_stripe
from trueup.actions.init import install_journal
from trueup.actions.repair import repair
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.demo.create import create_company
from trueup.model.access import Role
from trueup.model.finding import Finding
from trueup.model.repair import Applied
from trueup.model.source import Silent
from trueup.store import Store, open_store
from trueup.web import create_app

CHECKS = catalogue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A demo company with Stripe's side, and a reader of its console."""

    config: Config
    store: Store
    clock: Clock
    app: FastAPI
    client: Client
    token: str

    def audit(self) -> tuple[Finding, ...]:
        """Audit, and return what was found."""
        audited = audit_and_record(
            self.config,
            checks=CHECKS,
            catalogue=CHECKS,
            store=self.store,
            trigger="test",
            now=self.clock(),
            progress=Silent(),
        )
        return tuple(audited.report.findings())

    def page(self, path: str, *, waits: bool = True) -> Page:
        """A page, once Stripe's side was read if it ``waits`` for that."""
        answer = self.client.ask("GET", path, token=self.token, headers=HTML)
        assert answer.status_code == 200, (path, answer.text[:300])
        if waits:
            self.app.state.services.stripe_side.wait(120)
            return self.page(path, waits=False)
        return Page(answer.text, answer.status_code)


@contextmanager
def company(folder: Path) -> Iterator[Company]:
    """A company of a hundred accounts that may be repaired."""
    path = create_company(folder, url=None, accounts=100, seed=1, now=NOW, progress=Silent())
    read = load_config(path, {}, known_checks=[check.id for check in CHECKS])
    install_journal(read.database_url)
    config = dataclasses.replace(read, repair_url=read.database_url)
    clock = Clock(NOW)
    with open_store(f"sqlite:///{folder}/store.db") as store:
        app = create_app(config, store=store, catalogue=CHECKS, clock=clock)
        with asking(app) as client:
            token = token_for(store, Role.ADMIN, now=NOW)
            yield Company(config=config, store=store, clock=clock, app=app, client=client, token=token)
        app.state.services.close()


def of_stripe(page: Page) -> set[str]:
    """The ids of Stripe's objects that lead from the page to Stripe's dashboard."""
    return {link.rpartition("/")[2] for link in page.links if link.startswith("https://dashboard.stripe.com/")}


@pytest.mark.slow
def test_an_account_and_a_finding_show_stripe_s_objects_and_our_repairs(tmp_path: Path) -> None:
    with company(tmp_path) as own:
        findings = own.audit()
        by_check = {check.id: bool(needed_of_stripe((check,), everything=False)) for check in CHECKS}
        asked_of_stripe = next(
            finding for finding in findings if by_check[finding.check] and finding.evidence.get("account_id")
        )
        account = str(asked_of_stripe.evidence["account_id"])
        first = own.page(f"/accounts/{account}", waits=False)
        assert "is being read for the first time" in first.text or "Stripe's side as of" in first.text
        page = own.page(f"/accounts/{account}")
        assert "Stripe's side as of" in page.text
        assert "Stripe was not read here" not in page.text
        assert any(each.startswith("cus_") for each in of_stripe(page))

        page = own.page(f"/findings/{asked_of_stripe.id}")
        assert "the database cannot say now" in page.text
        assert "What happened" in page.text
        assert any(each.startswith("cus_") for each in of_stripe(page))

        issue = next(finding for finding in findings if finding.check == "credit-balance")
        done = repair(
            issue.id, reason="asked by support", actor="ada", config=own.config, catalogue=CHECKS, now=own.clock()
        )
        assert isinstance(done, Applied)
        lines = own.page(f"/accounts/{issue.subject}").text
        assert "trueup: balance sync" in lines
        assert "ada: asked by support" in lines

        read_at = own.app.state.services.stripe_side.state.read_at
        own.clock.forward(hours=1)
        assert own.page(f"/accounts/{account}").text.count("Stripe's side as of") == 1
        assert own.app.state.services.stripe_side.state.read_at == read_at
        own.audit()
        (tmp_path / "stripe").rename(tmp_path / "gone")
        page = own.page(f"/accounts/{account}")
        assert "Stripe's side could not be read" in page.text
        assert any(each.startswith("cus_") for each in of_stripe(page))
