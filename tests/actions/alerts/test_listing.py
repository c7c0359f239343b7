"""The list of alerts: worst first, all of them counted, and what is retried at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.alerting import ENVIRONMENT, START, issue, recorded
from trueup.actions.alerts.decide import notify
from trueup.actions.alerts.delivery import RETRY_WITHIN, retry_soon
from trueup.actions.alerts.listing import list_alerts
from trueup.model.settings import AlertSettings, ChannelSettings
from trueup.model.severity import Severity
from trueup.store import Store, open_store
from trueup.store.records import Delivery

SETTINGS = AlertSettings(channels=(ChannelSettings(name="ops", kind="log"),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in which two findings are open and one message waits."""
    with open_store(f"sqlite:///{tmp_path}/trueup.db") as opened:
        issues = [issue("credit-balance:u1"), issue("hollow-event:e1", severity=Severity.CRITICAL)]
        run_id = recorded(opened, START, issues)
        notify(opened, environment=ENVIRONMENT, run_id=run_id, settings=SETTINGS, now=START)
        yield opened


def test_the_worst_is_listed_first_and_all_are_counted(store: Store) -> None:
    alerts = list_alerts(store, ENVIRONMENT, limit=1)
    assert alerts.open_count == 2
    assert [episode.words.issue_id for episode in alerts.episodes] == ["hollow-event:e1"]
    assert [(message.channel, message.state) for message in alerts.messages] == [("ops", Delivery.WAITING)]
    assert list_alerts(store, "staging", limit=1).open_count == 0


@pytest.mark.parametrize(("age", "waits"), [(RETRY_WITHIN, True), (RETRY_WITHIN + timedelta(seconds=1), False)])
def test_a_message_that_failed_for_good_waits_again_for_a_day(store: Store, age: timedelta, waits: bool) -> None:
    claimed = store.outbox.claim(ENVIRONMENT, "ops", worker="w", now=START, seconds=60)
    assert claimed is not None
    assert store.outbox.give_up(claimed, state=Delivery.FAILED, reason="refused", now=START)
    retry_soon(store, environment=ENVIRONMENT, now=START + age)
    (message,) = list_alerts(store, ENVIRONMENT, limit=9).messages
    assert (message.state is Delivery.WAITING) is waits
