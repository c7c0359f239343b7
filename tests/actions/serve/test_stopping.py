"""An audit that is stopped from another thread ends soon, whatever it was doing, and leaves nothing behind."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.e2e.test_interrupted import SLOW_CHECK
from tests.support.ledger_app import made
from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import full_catalogue
from trueup.actions.serve.stopping import AuditStopped, Stoppable
from trueup.cli.options import utc_now
from trueup.config import load_config

ENTRIES = [(n, "user_1", n, 1, n, "2026-02-01 00:00:00") for n in range(1, 100_001)]


def stopped_after(folder: Path, seconds: float, monkeypatch: pytest.MonkeyPatch) -> float:
    """Audit, stop it after so many seconds; how long it went on after that."""
    monkeypatch.setenv("TMPDIR", str(folder / "scratch"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (folder / "scratch").mkdir()
    config = load_config(folder / "trueup.toml", {})
    checks = full_catalogue(config.path)
    stoppable = Stoppable()
    done = threading.Event()
    told: list[float] = []

    def stop() -> None:
        time.sleep(seconds)
        told.append(time.monotonic())
        while not done.wait(0.1):
            stoppable.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    try:
        with pytest.raises(AuditStopped), stoppable:
            audit(config, checks=checks, now=utc_now(), progress=stoppable)
    finally:
        done.set()
        stopper.join()
    assert [path for path in (folder / "scratch").rglob("*") if path.is_file()] == []
    return time.monotonic() - told[0]


@pytest.mark.slow
def test_a_long_query_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, users=[("user_1", "FREE", 0)])
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "slow.py").write_text(SLOW_CHECK)
    assert stopped_after(tmp_path, 2.0, monkeypatch) < 5


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2])
def test_an_audit_is_stopped_at_any_moment(tmp_path: Path, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, users=[("user_1", "FREE", 100_000)], entries=ENTRIES)
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "slow.py").write_text(SLOW_CHECK)
    assert stopped_after(tmp_path, seconds, monkeypatch) < 5


def test_an_audit_that_nobody_stops_is_an_audit(tmp_path: Path) -> None:
    made(tmp_path, users=[("user_1", "FREE", 0)], entries=[(1, "user_1", 1, 0, 0, "2026-01-01 00:00:00")])
    config = load_config(tmp_path / "trueup.toml", {})
    with Stoppable() as stoppable:
        report = audit(config, checks=full_catalogue(None), now=utc_now(), progress=stoppable)
    stoppable.stop()
    assert not report.interruptions
