"""The example application with plan gates: they pass, one changed line is found, and silence is not taken for yes."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.command import environment
from tests.support.databases import free_port
from tests.support.gated import GATES, NOW, cell, issue_ids, outcome
from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import chosen
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.model.outcome import Broken
from trueup.model.report import Report
from trueup.model.source import Silent

ROOT = Path(__file__).parents[2]
TOKENS = {f"GATES_TOKEN_{plan}": f"token-of-{plan.lower()}" for plan in ("FREE", "PRO", "TEAM")}
START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of the example that may be changed, and the environment that it runs in."""

    home: Path
    environ: Mapping[str, str]

    @property
    def example(self) -> Path:
        return self.home / "examples" / "gates"

    def change(self, old: str, new: str) -> None:
        """Change one line of the access rules."""
        rules = self.example / "access.py"
        text = rules.read_text(encoding="utf-8")
        assert text.count(old) == 1
        rules.write_text(text.replace(old, new), encoding="utf-8")

    def report(self) -> Report:
        """An audit of its plan gates."""
        config = load_config(self.example / "trueup.toml", self.environ)
        return audit(config, checks=chosen(catalogue(), GATES), now=NOW, progress=Silent())

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The application in a process of its own, at the port that its config asks."""
        port = self.environ["GATES_URL"].rpartition(":")[2]
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "examples.gates.app:app", "--host", "127.0.0.1", "--port", port],
            cwd=self.home,
            env=environment(**self.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(self.environ["GATES_URL"], process)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{address}/exports")
            return
        time.sleep(0.1)
    raise AssertionError("the example did not start")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    shutil.copytree(ROOT / "examples" / "gates", tmp_path / "examples" / "gates", ignore=shutil.ignore_patterns("__*"))
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY, plan TEXT)")
    address = f"http://127.0.0.1:{free_port()}"
    environ = {**TOKENS, "GATES_URL": address, "DATABASE_URL": f"sqlite:///{tmp_path}/app.db"}
    return Copy(home=tmp_path, environ=environ)


def test_its_routes_are_behind_the_gates(copy: Copy) -> None:
    with copy.running():
        statuses = {
            plan: httpx.get(
                f"{copy.environ['GATES_URL']}/exports", headers={"Authorization": f"Bearer token-of-{plan}"}
            ).status_code
            for plan in ("free", "pro", "nobody")
        }
    assert statuses == {"free": 403, "pro": 200, "nobody": 401}


@pytest.mark.slow
def test_the_gates_pass_and_one_changed_line_names_feature_plan_expected_and_actual(copy: Copy) -> None:
    with copy.running():
        report = copy.report()
    assert issue_ids(report) == []
    assert report.complete
    assert all(gate.passed and not gate.changed for gate in report.plan_gates)
    copy.change('    "exports": {"PRO", "TEAM"},', '    "exports": {"FREE", "PRO", "TEAM"},')
    with copy.running():
        report = copy.report()
    (finding,) = report.findings()
    assert finding.id == "gate-regression:exports:FREE"
    assert {name: finding.evidence[name] for name in ("feature", "plan", "expected", "actual")} == {
        "feature": "exports",
        "plan": "FREE",
        "expected": "denied",
        "actual": "allowed",
    }
    gate = cell(report, "exports", "FREE")
    assert (gate.expected, gate.actual, gate.accepted) == (False, True, False)


def test_an_application_that_cannot_be_reached_breaks_the_gate(copy: Copy) -> None:
    report = copy.report()
    broken = outcome(report, "gate-unreachable")
    assert isinstance(broken, Broken)
    assert "cannot be connected to" in broken.error
    assert not report.complete
    assert not any(gate.passed for gate in report.plan_gates)
    assert "token-of" not in broken.error


def test_a_limit_that_moved_is_found_by_the_callable_alone(copy: Copy) -> None:
    copy.change('"seats": {"FREE": 1, "PRO": 5, "TEAM": 50}', '"seats": {"FREE": 1, "PRO": 50, "TEAM": 50}')
    report = copy.report()
    assert issue_ids(report) == ["gate-regression:seats:PRO"]
    assert cell(report, "seats", "PRO").actual == 50


@pytest.mark.slow
def test_the_example_s_lock_is_what_trueup_gate_accept_writes(copy: Copy) -> None:
    before = (copy.example / "gates.lock").read_text(encoding="utf-8").partition("[cells]")[2]
    with copy.running():
        done = subprocess.run(
            [sys.executable, "-m", "trueup", "gate", "accept", "--reason", "again"],
            cwd=copy.example,
            env={**os.environ, **copy.environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert (copy.example / "gates.lock").read_text(encoding="utf-8").partition("[cells]")[2] == before
