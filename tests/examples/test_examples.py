"""The examples do what they say, on a demo company."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from examples import embedded
from tests.support.api import asking
from tests.support.command import environment
from tests.support.repairable import App, demo_app
from trueup.store import open_store

ROOT = Path(__file__).parents[2]
REPORT = "/internal/billing/api/admin/billing-assurance?periodDays=45"


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("PLACE", sqlite_url)
    return demo_app(sqlite_url, tmp_path)


@pytest.mark.slow
def test_the_embedded_api_lets_in_whom_the_application_lets_in(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUEUP_CONFIG", str(app.config.path))
    open_store(app.config.store_url).close()
    with asking(embedded.app()) as client:
        assert client.ask("GET", REPORT).status_code == 401
        stranger = {"x-staff-name": "mallory", "x-staff-group": "sales"}
        assert client.ask("GET", REPORT, headers=stranger).status_code == 401
        answer = client.ask("GET", REPORT, headers={"x-staff-name": "ada", "x-staff-group": "finance"})
    assert answer.status_code == 200
    assert answer.json()["summary"]["repairableIssues"] > 0


@pytest.mark.slow
def test_the_library_audits_and_previews_without_a_server(app: App) -> None:
    ran = subprocess.run(
        [sys.executable, "examples/library.py", str(app.config.path)],
        cwd=ROOT,
        env=environment(PLACE=app.config.database_url),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    score, change, plan = ran.stdout.splitlines()
    assert score.startswith("demo: ")
    assert "account.credits" in change
    assert plan.startswith("plan ")
