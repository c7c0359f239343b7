"""The runbook can be followed: each of its commands is run, in order, and what it names exists."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.support.api import Clock, asking, config_in, token_for
from tests.support.console import Console, Fence, commands, fences
from tests.support.databases import PostgresServer
from tests.support.deployed import DEPLOY, ROOT, variables
from tests.support.serving import Served, serving
from trueup.actions.serve.background import STOP_SECONDS
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.model.settings import RepairSettings
from trueup.model.severity import Severity
from trueup.store import open_store
from trueup.store.records import Delivery
from trueup.web import create_app
from trueup.web.server import DRAIN_SECONDS, GRACE_SECONDS

FILE = ROOT / "docs" / "operate.md"
PAGE = FILE.read_text("utf-8")
FENCES = fences(PAGE)
PASSWORD = "only-for-tests"


def addresses() -> dict[str, str]:
    """The variables that the page tells to export, and what it says they are."""
    (block,) = [fence.text for fence in FENCES if fence.language == "sh" and "export" in fence.text]
    return dict(re.findall(r"export (\w+)='(\S+)'", block))


@pytest.fixture
def shop(postgres_server: PostgresServer) -> Iterator[dict[str, str]]:
    """An empty app database, an empty copy and an empty store, and the addresses under which the page knows them."""

    def url(database: str, user: str) -> str:
        return postgres_server.url(database, user=user, password=PASSWORD)

    with contextlib.closing(psycopg.connect(postgres_server.admin_url, autocommit=True)) as admin:
        admin.execute(f"CREATE ROLE shop_owner LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
        admin.execute(f"CREATE ROLE trueup LOGIN PASSWORD '{PASSWORD}'")
        owners = {"shop": "shop_owner", "shop_copy": "shop_owner", "trueup": "trueup"}
        for database, owner in owners.items():
            admin.execute(f"CREATE DATABASE {database} OWNER {owner}".encode())
        yield {
            "OWNER_URL": url("shop", "shop_owner"),
            "DATABASE_URL": url("shop", "trueup_audit"),
            "TRUEUP_REPAIR_URL": url("shop", "trueup_repair"),
            "TRUEUP_STORE_URL": url("trueup", "trueup"),
            "COPY_URL": url("shop_copy", "shop_owner"),
            "COPY_AUDIT_URL": url("shop_copy", "trueup_audit"),
            "COPY_REPAIR_URL": url("shop_copy", "trueup_repair"),
        }
        for database in owners:
            admin.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())
        for role in ("shop_owner", "trueup", "trueup_audit", "trueup_repair"):
            admin.execute(f"DROP ROLE IF EXISTS {role}".encode())


def add_to_config(path: Path, block: str) -> None:
    """What the page says to add: ``repair_url`` is uncommented, tables go to the end."""
    text = path.read_text("utf-8")
    assert '# repair_url = "${TRUEUP_REPAIR_URL}"' in text
    path.write_text(text.replace("# repair_url", "repair_url") + block[block.index("[store]") :], "utf-8")


def run_sql(server: PostgresServer, block: str) -> None:
    """A block of SQL in the app's database, as a superuser."""
    with psycopg.connect(server.admin_url.replace("/postgres?", "/shop?"), autocommit=True) as connection:
        if "DROP" in block:
            connection.execute("DROP DATABASE shop_copy WITH (FORCE)")  # it knows the same roles
            connection.execute("CREATE DATABASE shop_copy")
        connection.execute(block.replace("'…'", f"'{PASSWORD}'").encode())


@pytest.mark.slow
def test_every_command_does_what_the_page_says(
    postgres_server: PostgresServer, shop: dict[str, str], tmp_path: Path
) -> None:
    assert addresses().keys() == shop.keys() - {"COPY_URL", "COPY_AUDIT_URL", "COPY_REPAIR_URL"}
    programs = Path(shlex.split((postgres_server.socket_folder / "postmaster.opts").read_text())[0]).parent
    console = Console(folder=tmp_path, tools=(programs,), variables=shop)
    with contextlib.ExitStack() as running:
        served: Served | None = None
        for fence in FENCES:
            match fence.language:
                case "toml" if "[store]" not in fence.text:
                    pass  # test_tables_that_one_may_add_are_right reads it
                case "toml":
                    add_to_config(tmp_path / "trueup.toml", fence.text)
                case "sql" if "DROP" in fence.text and served is not None:
                    assert served.stop() == 0
                    run_sql(postgres_server, fence.text)
                case "sql":
                    run_sql(postgres_server, fence.text)
                case "console" if fence.text == "$ trueup serve\n":
                    served = running.enter_context(serving(tmp_path, **shop))
                case "console":
                    _run(console, fence, served)
    with psycopg.connect(shop["OWNER_URL"]) as connection:
        left = connection.execute("SELECT relname FROM pg_class WHERE relname LIKE 'trueup%'").fetchall()
        functions = connection.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'trueup%'").fetchall()
    assert (left, functions) == ([], [])


def _run(console: Console, fence: Fence, served: Served | None) -> None:
    text = fence.text if served is None else fence.text.replace("http://127.0.0.1:8321", served.address)
    for command in commands(Fence(language=fence.language, text=text, line=fence.line)):
        console.run(command)


def test_tables_that_one_may_add_are_right(tmp_path: Path) -> None:
    blocks = [fence.text for fence in FENCES if fence.language == "toml" and "[store]" not in fence.text]
    assert len(blocks) == 2
    known = [check.id for check in catalogue()]
    for block in blocks:
        path = config_in(tmp_path).path
        path.write_text(path.read_text() + block)
        config = load_config(path, {"OIDC_SECRET": "x"}, known_checks=known)
        assert config.server.oidc or config.approvals.people


def test_every_block_is_either_run_or_looked_at() -> None:
    assert {fence.language for fence in FENCES} == {"console", "sh", "sql", "toml", "yaml"}
    assert sum(1 for fence in FENCES if fence.language == "console" for _ in commands(fence)) > 40


def test_severities_ask_what_the_program_says_they_ask() -> None:
    assert dict(re.findall(r"^\| (\w+) \| ([A-Z][^|]+\.|Context[^|]+) \|$", PAGE, re.MULTILINE)) == {
        severity.value: severity.asks for severity in Severity
    }


def test_the_repairs_are_those_of_the_catalogue() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| .* \| .* \| (yes|only by name) \|$", PAGE, re.MULTILINE)
    assert {check for check, _ in told} == {check.id for check in catalogue() if check.repair is not None}
    assert [check for check, alone in told if alone != "yes"] == ["paid-without-customer"]


def test_numbers_are_the_programs() -> None:
    usual = RepairSettings()
    assert f"`repairs.most_per_run` ({usual.most_per_run})" in PAGE
    assert f"`repairs.most_per_day` ({usual.most_per_day})" in PAGE
    assert f"says 503 for {DRAIN_SECONDS:.0f} seconds" in PAGE
    assert f"may end within {GRACE_SECONDS}\nseconds" in PAGE
    assert f"takes {DRAIN_SECONDS + GRACE_SECONDS + STOP_SECONDS:.0f} seconds at most: give it 75" in PAGE
    assert all(state.value in PAGE for state in Delivery)


def test_links_lead_somewhere() -> None:
    anchors = {
        re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        else:
            assert (FILE.parent / target).exists(), target


def test_containers_are_started_with_files_and_secrets_that_exist() -> None:
    (block,) = [fence.text for fence in FENCES if fence.language == "sh" and "docker" in fence.text]
    for path in re.findall(r"(deploy/\S+)", block):
        assert (ROOT / path).exists(), path
    named = re.findall(r"# ([A-Z_]+(?:, [A-Z_]+)*)$", block, re.MULTILINE)
    assert set(named[0].split(", ")) == variables(DEPLOY / "kubernetes" / "base" / "trueup.toml")


def rules() -> list[dict[str, Any]]:
    """The alerting rules of the page."""
    (block,) = [yaml.safe_load(fence.text) for fence in FENCES if fence.language == "yaml" and "rules" in fence.text]
    return [rule for group in block["groups"] for rule in group["rules"]]


def test_every_metric_that_is_named_is_there(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with open_store(config.store_url) as store, asking(create_app(config, store=store, clock=Clock())) as client:
        answer = client.ask("GET", "/metrics", token=token_for(store, "viewer"))
    assert answer.status_code == 200
    told = "\n".join(rule["expr"] for rule in rules()) + PAGE.partition("## Metrics")[2].partition("\n## ")[0]
    named = set(re.findall(r"trueup_[a-z_]+", told))
    assert {"trueup_findings", "trueup_score", "trueup_confidence"} <= named
    there = set(re.findall(r"^# TYPE (\w+)", answer.text, re.MULTILINE))
    of_a_run = {"trueup_findings", "trueup_score", "trueup_confidence", "trueup_checks", "trueup_run_duration_seconds"}
    of_a_run |= {"trueup_guardrail", "trueup_money_at_risk_minor_units", "trueup_credits_at_risk"}
    assert named - of_a_run <= there | {f"{name}_total" for name in there}
