"""Alerts from the command line: audited, told, listed, tried, against a receiver that is up, down, and up again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.alerting import START, recorded
from tests.support.command import trueup
from tests.support.sink import SECRET, Sink, running_sink
from trueup.actions.doctor.diagnostic import Health
from trueup.actions.doctor.preflight import examine_setup
from trueup.cli.main import app
from trueup.config import load_config
from trueup.demo.gates import FILES
from trueup.model.errors import ConfigurationError
from trueup.store import open_store


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as running:
        yield running


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small demo company."""
    folder = tmp_path_factory.mktemp("demo")
    assert trueup("demo", "--no-serve", "--folder", ".", "--accounts", "300", cwd=folder).code == 1
    return folder


def _copy_gates(company: Path, folder: Path) -> None:
    for name in FILES:
        shutil.copy(company / name, folder)


def configured(company: Path, folder: Path, sink: Sink, *more: str) -> Path:
    """A config of its own for this company, with a store of its own, whose alerts go to the sink."""
    _copy_gates(company, folder)
    lines = [
        (company / "trueup.toml").read_text(),
        "[store]",
        f'url = "sqlite:///{folder}/trueup.db"',
        "[alerts]",
        'private_hosts = ["127.0.0.1"]',
        "[alerts.channels.ops]",
        'kind = "webhook"',
        f'url = "http://127.0.0.1:{sink.port}/${{HOOK}}"',
        'secret = "${SECRET}"',
        *more,
    ]
    (folder / "trueup.toml").write_text("\n".join(lines))
    return folder


def alerting(report: str) -> set[str]:
    """What this report says must alert."""
    return {
        issue["id"]
        for issue in json.loads(report)["issues"]
        if issue["revenueImpacting"] and issue["severity"] in {"error", "critical"} and issue["exemption"] is None
    }


SECRETS = {"HOOK": "a-secret-path", "SECRET": SECRET}


@pytest.mark.slow
def test_an_audit_tells_what_it_found_and_a_second_one_has_nothing_to_add(
    company: Path, tmp_path: Path, sink: Sink
) -> None:
    folder = configured(company, tmp_path, sink)
    audit = trueup("audit", "--notify", "--format", "json", cwd=folder, **SECRETS)
    assert (audit.code, audit.err) == (1, "")
    (post,) = sink.deliveries
    expected = alerting(audit.out)
    assert post.alert["runId"] == json.loads(audit.out)["runId"]
    assert sum(post.alert["counts"].values()) == len(expected) > 0
    assert {item["issueId"] for item in post.alert["items"]} <= expected
    assert trueup("audit", "--notify", "--output", "report.txt", cwd=folder, **SECRETS).code == 1
    assert len(sink.deliveries) == 1
    listed = trueup("alerts", "list", cwd=folder, **SECRETS)
    assert listed.code == 0
    assert f"OPEN: {len(expected)}" in listed.out
    assert "  sent     ops " in listed.out
    assert "a-secret-path" not in listed.out + audit.out + audit.err


@pytest.mark.slow
def test_a_sink_that_is_down_changes_neither_report_nor_exit_code_and_gets_everything_later(
    company: Path, tmp_path: Path, sink: Sink
) -> None:
    folder = configured(company, tmp_path, sink)
    sink.status = 503
    audit = trueup("audit", "--notify", "--format", "json", cwd=folder, **SECRETS)
    assert audit.code == 1
    assert alerting(audit.out)
    assert audit.err.count("\n") == 1
    assert 'The channel "ops" did not get the alert' in audit.err
    assert "waiting  ops" in trueup("alerts", "list", cwd=folder, **SECRETS).out
    sink.status = 404
    refused = trueup("alerts", "send", "--again", cwd=folder, **SECRETS)
    assert refused.code == 3
    assert refused.out.startswith('ops: 1 given up; The channel "ops" did not get the alert: ')
    sink.status = 204
    sent = trueup("alerts", "send", "--again", cwd=folder, **SECRETS)
    assert (sent.code, sent.out, len(sink.deliveries)) == (0, "ops: 1 sent\n", 1)


def test_sending_also_notices_that_audits_stopped(company: Path, tmp_path: Path, sink: Sink) -> None:
    folder = configured(company, tmp_path, sink, "[audits]", "every_minutes = 60")
    with open_store(f"sqlite:///{folder}/trueup.db") as store:
        recorded(store, START, environment="demo")
    assert trueup("alerts", "send", cwd=folder, **SECRETS).out == "ops: 1 sent\n"
    assert sink.deliveries[0].alert["kind"] == "heartbeat"


def test_a_channel_can_be_tried(company: Path, tmp_path: Path, sink: Sink) -> None:
    folder = configured(company, tmp_path, sink)
    tried = trueup("alerts", "test", "ops", cwd=folder, **SECRETS)
    assert (tried.code, tried.out) == (0, "ops accepted the test message.\n")
    assert sink.deliveries[0].type == "trueup.alert.test"
    sink.status = 410
    gone = trueup("alerts", "test", "ops", cwd=folder, **SECRETS)
    assert gone.code == 3
    assert "410" in gone.err


def test_the_doctor_says_which_channels_are_right(company: Path, tmp_path: Path, sink: Sink) -> None:
    folder = configured(company, tmp_path, sink, "[alerts.channels.chat]", 'kind = "slak"')
    doctor = trueup("doctor", cwd=folder, **SECRETS)
    assert doctor.code == 2
    assert "ok    alerts      channel ops: webhook; `trueup alerts test ops` tries it" in doctor.out
    assert 'FAIL  alerts      alerts.channels.chat.kind is "slak", which trueup does not have' in doctor.out


@pytest.mark.slow
def test_the_doctor_warns_of_scheduled_audits_that_tell_nobody(company: Path, tmp_path: Path) -> None:
    text = (company / "trueup.toml").read_text()
    _copy_gates(company, tmp_path)
    for more, warned in (("", False), ("[audits]\nevery_minutes = 60\n", True)):
        (tmp_path / "trueup.toml").write_text(f"{text}\n{more}")
        symptoms = examine_setup(load_config(tmp_path / "trueup.toml", {}), (), now=datetime(2026, 3, 1))
        assert [one.health for one in symptoms if one.about == "alerts"] == [Health.WARNING] * warned


@pytest.mark.slow
def test_an_audit_of_another_period_tells_nobody_and_says_why(company: Path, tmp_path: Path, sink: Sink) -> None:
    folder = configured(company, tmp_path, sink)
    ran = trueup("audit", "--notify", "--period-days", "7", cwd=folder, **SECRETS)
    assert "This run causes no alert: " in ran.err
    assert sink.deliveries == []


@pytest.mark.parametrize("option", [("--as-of", "2026-01-01"), ("--no-store",), ("--books", "b.duckdb")])
def test_only_an_audit_of_now_that_is_remembered_can_tell(option: tuple[str, ...]) -> None:
    refused = CliRunner().invoke(app, ["audit", "--notify", *option]).exception
    assert isinstance(refused, ConfigurationError)
    assert str(refused).startswith("--notify reports the present state")
