"""One audit as every door runs it: under the exemptions that hold, recorded once, or not, and then it says why."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.ledger_app import made
from trueup.actions.audit.recorded_audit import RecordedAudit, Recording, audit_and_record
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.model.errors import StoreUnavailable
from trueup.model.relations import Exemption
from trueup.model.source import Silent
from trueup.store import Store, open_store

NOW = datetime(2026, 3, 1, 12)
HOUR = timedelta(hours=1)
CHECKS = catalogue()
WRONG = "credit-balance:user_1"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A company of two, one of whom holds credits that no entry explains."""
    entries = [(1, "user_1", 1, 3, 3, "2026-01-01 00:00:00"), (2, "user_2", 1, 0, 0, "2026-01-01 00:00:00")]
    made(tmp_path, users=[("user_1", "FREE", 5), ("user_2", "FREE", 0)], entries=entries)
    return load_config(tmp_path / "trueup.toml", {})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "trueup.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A new store."""
    with open_store(f"sqlite:///{path}") as opened:
        yield opened


def audited(config: Config, store: Store | None, **asked: Any) -> RecordedAudit:
    """An audit of every check at noon, unless it is asked otherwise."""
    usual: dict[str, Any] = {
        "checks": CHECKS,
        "catalogue": CHECKS,
        "store": store,
        "trigger": "command",
        "now": NOW,
        "progress": Silent(),
    }
    return audit_and_record(config, **(usual | asked))


def open_issues(result: RecordedAudit) -> set[str]:
    """The ids of what was found and is not exempted."""
    return {finding.id for finding in result.report.findings() if finding.exemption is None}


def exempt(store: Store, config: Config) -> None:
    """Accept the one wrong balance."""
    exemption = Exemption(
        check_id="credit-balance", subject="user_1", owner="ada", reason="agreed by mail", expires_at=date(2027, 1, 1)
    )
    store.exemptions.add(exemption, environment=config.environment, created_by="ada", now=NOW)


class Breaking(Silent):
    """Progress that takes the store away when the audit begins its first step."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, label: str, total: int | None) -> None:
        """Move the file away."""
        del label, total
        if self._path.exists():
            self._path.rename(self._path.with_suffix(".gone"))


@pytest.mark.slow
def test_a_second_audit_knows_since_when_its_findings_are_known(config: Config, store: Store) -> None:
    first = audited(config, store)
    assert (first.recording, first.first_seen) == (Recording.RECORDED, {})
    assert WRONG in open_issues(first)
    second = audited(config, store, now=NOW + HOUR)
    known = {finding.id: second.first_seen.get(finding.fingerprint) for finding in second.report.findings()}
    assert known[WRONG] == NOW
    newest, oldest = store.runs.list(config.environment)
    assert (oldest.run_id, newest.run_id) == (first.report.run_id, second.report.run_id)
    assert newest.trigger == "command"
    assert newest.milliseconds > 0
    assert newest.updates_state
    assert newest.covers_all_checks


@pytest.mark.slow
def test_what_the_store_exempts_is_exempted_and_without_a_store_it_is_not(config: Config, store: Store) -> None:
    exempt(store, config)
    assert WRONG not in open_issues(audited(config, store))
    alone = audited(config, None)
    assert (alone.recording, alone.trouble) == (Recording.NOT_WANTED, None)
    assert WRONG in open_issues(alone)
    assert len(store.runs.list(config.environment)) == 1


@pytest.mark.slow
def test_a_run_over_another_period_or_of_some_checks_is_not_the_state_of_everything(
    config: Config, store: Store
) -> None:
    audited(config, store, period_days=config.policy.period_days + 1)
    audited(config, store, checks=CHECKS[:1], now=NOW + HOUR)
    some, other = store.runs.list(config.environment)
    assert (other.updates_state, other.covers_all_checks) == (False, True)
    assert (some.updates_state, some.covers_all_checks) == (True, False)


@pytest.mark.parametrize(
    ("clock", "recording"), [(lambda: NOW - HOUR, Recording.AHEAD), (lambda: NOW, Recording.RECORDED)]
)
def test_a_moment_to_come_is_not_recorded(
    config: Config, store: Store, clock: Callable[[], datetime], recording: Recording
) -> None:
    assert audited(config, store, clock=clock).recording is recording
    assert len(store.runs.list(config.environment)) == (recording is Recording.RECORDED)


@pytest.mark.slow
def test_an_audit_that_can_do_without_the_store_reports_what_became_of_it(
    config: Config, store: Store, path: Path
) -> None:
    taken = audited(config, store, progress=Breaking(path), needs_store=False)
    assert taken.recording is Recording.FAILED
    assert WRONG in open_issues(taken)
    gone = audited(config, store, needs_store=False)
    assert gone.recording is Recording.EXEMPTIONS_UNKNOWN
    assert WRONG in open_issues(gone)
    assert all("trueup.db" in str(result.trouble) for result in (taken, gone))


def test_an_audit_that_needs_the_store_fails_with_it(config: Config, store: Store, path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        audited(config, store, progress=Breaking(path))
    with pytest.raises(StoreUnavailable):
        audited(config, store)


@pytest.mark.slow
def test_the_configs_own_exemption_holds_where_the_store_has_none_of_its_scope(config: Config, store: Store) -> None:
    own = Exemption(check_id="credit-balance", subject="user_1", owner="config", reason="agreed by mail")
    exempted = dataclasses.replace(config, exemptions=(own,))

    def owner() -> str:
        (finding,) = [one for one in audited(exempted, store).report.findings() if one.id == WRONG]
        assert finding.exemption is not None
        return finding.exemption.owner

    assert owner() == "config"
    exempt(store, config)
    assert owner() == "ada"
