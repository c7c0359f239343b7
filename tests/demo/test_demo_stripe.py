"""The demo company's Stripe side: the same objects as files and through a server, and so the same findings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import pytest

from tests.support.demo import NOW, issues_of
from tests.support.stripe.objects import JSON
from tests.support.stripe.server import stripe_server
from tests.support.stripe.world import KEY, StripeWorld
from trueup.actions.audit.run_audit import audit
from trueup.books.opening import open_books
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.demo import make_company
from trueup.demo.offer import PRODUCTS
from trueup.model.relations import STRIPE, relation_name
from trueup.model.report import Report
from trueup.model.source import Silent

STATED = int(NOW.replace(tzinfo=UTC).timestamp())
OF_NO_OBJECT = {"stripe_product_feature"}
"""The demo's products carry no features."""
NAMED = ("customer", "subscription", "invoice", "payment_intent", "price", "latest_invoice")
GONE_ON_PURPOSE = 1
"""One fault deletes a customer whose payments stay."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an audit said, and the rows of Stripe's side that it said it of."""

    report: Report
    rows: dict[str, list[tuple[object, ...]]]

    @property
    def issues(self) -> str:
        return issues_of(self.report)


@dataclass(frozen=True, kw_only=True)
class Home:
    """A company that was written into a folder."""

    folder: Path
    issue_ids: list[str]

    @property
    def stripe(self) -> Path:
        return self.folder / "stripe"

    def objects(self) -> Iterator[JSON]:
        """Every object that was exported."""
        for path in sorted(self.stripe.iterdir()):
            with path.open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)

    def told(self, name: str, section: str | None = None) -> Told:
        """Audit it; ``section`` replaces the config's ``[stripe]``."""
        text = (self.folder / "trueup.toml").read_text(encoding="utf-8")
        if section is not None:
            text = re.sub(r"\[stripe\]\n.*?\n\n", lambda _: f"[stripe]\n{section}\n", text, count=1, flags=re.DOTALL)
        config, books = self.folder / f"{name}.toml", self.folder / f"{name}.duckdb"
        config.write_text(text, encoding="utf-8")
        loaded = load_config(config, {"KEY": KEY})
        report = audit(loaded, checks=catalogue(), now=NOW, progress=Silent(), keep_books=books)
        with open_books(books) as kept:
            names = {relation_name(relation) for relation in STRIPE} - OF_NO_OBJECT
            rows = {each: sorted(kept.run(f"SELECT * FROM {each}").fetchall(), key=repr) for each in names}
        return Told(report=report, rows=rows)

    def told_by_the_server(self) -> Told:
        """Audit it with the real reader against a server that holds the same objects, and nothing else."""
        world = StripeWorld(now=STATED)
        for one in self.objects():
            world.add(one)
        with stripe_server(world) as server:
            return self.told(
                "asked",
                f'api_key = "${{KEY}}"\napi_base = "{server.url}"\ncache = "off"\nsince_days = 3650\n'
                f"products = {json.dumps(PRODUCTS)}\n",
            )


def founded(folder: Path, *, accounts: int, seed: int) -> Home:
    place = f"sqlite:///{folder / 'app.db'}"
    with make_company(accounts=accounts, seed=seed, now=NOW) as company:
        company.write(place)
        company.write_gates(folder)
        company.write_stripe(folder / "stripe")
        text = company.config_text(place, stripe=folder / "stripe")
        (folder / "trueup.toml").write_text(text, encoding="utf-8")
        return Home(folder=folder, issue_ids=list(company.truth.issue_ids))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return founded(tmp_path_factory.mktemp("demo"), accounts=100, seed=2)


@pytest.mark.slow
def test_the_server_and_the_export_tell_the_same_rows_and_the_same_issues(home: Home) -> None:
    exported, asked = home.told("exported"), home.told_by_the_server()
    assert all(exported.rows.values())
    assert asked.rows == exported.rows
    assert asked.issues == exported.issues
    assert sorted(finding.id for finding in asked.report.findings()) == home.issue_ids


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 4])
def test_they_do_at_the_demo_s_own_size(seed: int, tmp_path: Path) -> None:
    home = founded(tmp_path, accounts=500, seed=seed)
    exported, asked = home.told("exported"), home.told_by_the_server()
    assert asked.rows == exported.rows
    assert asked.issues == exported.issues
    assert sorted(finding.id for finding in asked.report.findings()) == home.issue_ids


def test_no_object_has_the_id_of_another(home: Home) -> None:
    ids = [one["id"] for one in home.objects()]
    assert len(ids) == len(set(ids))


def test_an_object_names_objects_that_are_there(home: Home) -> None:
    known = {one["id"] for one in home.objects()}
    missing = {one[name] for one in home.objects() for name in NAMED if isinstance(one.get(name), str)} - known
    assert len(missing) == GONE_ON_PURPOSE
    told = [one["data"]["object"]["id"] for one in home.objects() if one["object"] == "event"]
    assert {named for named in told if not named.startswith("ch_")} <= known


def test_the_export_is_as_old_as_the_company(home: Home) -> None:
    assert {path.stat().st_mtime for path in home.stripe.iterdir()} == {STATED}
    moments = [one["created"] for one in home.objects()]
    assert max(moments) <= STATED
    assert min(one["created"] for one in home.objects() if one["object"] == "event") >= STATED - 30 * 86_400


def test_the_same_company_has_the_same_export(home: Home, tmp_path: Path) -> None:
    again = founded(tmp_path, accounts=100, seed=2)
    for path in home.stripe.iterdir():
        assert (again.stripe / path.name).read_bytes() == path.read_bytes()
