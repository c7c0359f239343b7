"""The command and the API print the same document for the same list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.command import trueup
from trueup.actions.alerts.pulse import heartbeat
from trueup.model.access import Role
from trueup.model.relations import Exemption
from trueup.model.settings import AlertSettings, ChannelSettings, ScheduleSettings

ENDLESS = date(9999, 12, 31)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the company, its config and its store are."""
    return tmp_path_factory.mktemp("company")


@pytest.fixture(scope="module")
def api(home: Path) -> Iterator[AdminApi]:
    """The admin API over a company that was audited twice, with a token of each role, a message that waits, and an
    exemption beside the config's.
    """
    with admin_api(home) as opened:
        opened.get(REPORT)
        opened.clock.forward(minutes=1)
        opened.get(f"{REPORT}?maxAgeSeconds=0")
        exemption = Exemption(
            check_id="stuck-event", subject="evt_1", owner="ada", reason="agreed by mail", expires_at=ENDLESS
        )
        opened.store.exemptions.add(
            exemption, environment=opened.company.config.environment, created_by="ada", now=opened.clock()
        )
        heartbeat(
            opened.store,
            environment=opened.company.config.environment,
            schedule=ScheduleSettings(every_minutes=1),
            settings=AlertSettings(channels=(ChannelSettings(name="ops", kind="log"),)),
            now=opened.clock() + timedelta(hours=1),
        )
        config = home / "trueup.toml"
        config.write_text(config.read_text() + f'\n[store]\nurl = "sqlite:///{home}/store.db"\n')
        yield opened


def printed(home: Path, *command: str) -> dict[str, Any]:
    """What the command prints as JSON."""
    ran = trueup(*command, "--format", "json", cwd=home, PLACE=f"sqlite:///{home}/app.db")
    assert (ran.code, ran.err) == (0, "")
    document: dict[str, Any] = json.loads(ran.out)
    return document


@pytest.mark.slow
def test_runs(api: AdminApi, home: Path) -> None:
    answered = api.get("/api/v1/runs").json()
    assert len(answered["runs"]) == 2
    assert answered.pop("nextCursor") is None, "the API answers a page at a time"
    assert printed(home, "runs") == answered


def test_exemptions(api: AdminApi, home: Path) -> None:
    answered = api.get("/api/v1/exemptions").json()
    listed = answered["exemptions"]
    assert {entry["source"] for entry in listed} == {"store", "config"}
    assert listed == sorted(listed, key=lambda entry: (entry["check"], entry["plan"] or "", entry["subject"] or ""))
    assert all(entry["from"] == entry["source"] and entry["expiresAt"] == entry["expires"] for entry in listed)
    # Whether one has expired depends on the day: the command's is today, the API's the test's.
    for entry in (shown := printed(home, "exempt", "list"))["exemptions"] + listed:
        entry.pop("expired")
    assert shown == answered


def test_alerts(api: AdminApi, home: Path) -> None:
    answered = api.get("/api/v1/alerts").json()
    assert answered["openCount"] == len(answered["episodes"]) > 0
    assert [(message["channel"], message["state"]) for message in answered["messages"]] == [("ops", "waiting")]
    assert printed(home, "alerts", "list") == answered
    assert api.get("/api/v1/alerts?limit=1").json()["episodes"] == answered["episodes"][:1]


def test_tokens(api: AdminApi, home: Path) -> None:
    answered = api.get("/api/v1/tokens", role=Role.SUPER_ADMIN).json()
    assert len(answered["tokens"]) == len(Role)
    for entry in (shown := printed(home, "token", "list"))["tokens"] + answered["tokens"]:
        entry.pop("valid")
    assert shown == answered
