"""Alerts while replicas are killed and sinks are down: each is told once, none is lost, and no audit waits."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.alerting import ENVIRONMENT, minutes, recorded
from tests.support.replicas import running_replicas
from tests.support.sink import Post, Sink, running_sink
from trueup.actions.alerts import deliver, notify
from trueup.actions.alerts.delivery import LONGEST_WAIT
from trueup.model.alert import alert_of
from trueup.store import Store, open_store
from trueup.store.alerts import Topic
from trueup.store.records import Delivery

EPISODES = 50
STAYS = 3
"""Runs in which each finding is there. Two clean looks later its episode is resolved."""


def seed_of_this_run(capsys: pytest.CaptureFixture[str]) -> int:
    """A new seed, or the one that is to be tried again. It is printed before anything can fail."""
    seed = int(os.environ.get("TRUEUP_TEST_SEED") or random.SystemRandom().randrange(2**32))
    show(capsys, f"\nTRUEUP_TEST_SEED={seed}")
    return seed


def show(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Print it although the test passes: the proof is to be seen."""
    with capsys.disabled():
        print(line)  # noqa: T201


def until(fact: object, *, seconds: float, what: str) -> None:
    assert callable(fact)
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


def newest_decided(store: Store) -> int:
    state = store.alerts.state(ENVIRONMENT, Topic.FINDINGS)
    return (state.run_seq or 0) if state else 0


def changes(posts: list[Post], kind: str) -> Counter[str]:
    """How often each finding was told to have changed like this."""
    return Counter(item["issueId"] for post in posts for item in post.alert["items"] if item["change"] == kind)


@pytest.mark.slow
def test_three_replicas_that_are_killed_at_random_tell_fifty_episodes_once(
    postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = seed_of_this_run(capsys)
    chance = random.Random(seed)
    names = [f"credit-balance:u{number:02}" for number in range(EPISODES)]
    channels = ("ops", "mail")
    with (
        open_store(postgres_url) as store,
        running_sink() as sink,
        running_replicas(postgres_url, sink, *channels, count=3) as replicas,
    ):
        pauses = random.Random(seed + 1)
        sink.before_answer = lambda _: time.sleep(pauses.uniform(0, 0.03))
        with replicas.dying(chance, progress=lambda: len(sink.deliveries), within_seconds=0.1):
            for step in range(EPISODES + STAYS + 2):
                there = names[max(0, step - STAYS + 1) : step + 1]
                recorded(store, datetime.now(UTC).replace(tzinfo=None), there)
                until(lambda: newest_decided(store) > step, seconds=60, what=f"run {step} was not decided")  # noqa: B023
            until(lambda: not waiting(store), seconds=120, what="something was not sent")
        kept = store.outbox.messages(ENVIRONMENT, limit=10_000)[::-1]
    distinct = f"{len(sink.messages)} distinct of {len(kept)} alerts"
    show(capsys, f"{replicas.kills} kills, {len(sink.deliveries)} deliveries, {distinct}")
    assert {message.state for message in kept} == {Delivery.SENT}
    for channel in channels:
        told = [post for post in sink.messages if post.channel == channel]
        decided = [alert_of(message.document).message_id for message in kept if message.channel == channel]
        assert [post.message_id for post in told] == decided  # each once, none lost, in order
        assert changes(told, "new") == Counter(names)
        assert changes(told, "resolved") == Counter(names)
        assert told[-1].alert["kind"] == "resolved"
    assert replicas.kills > 20


def waiting(store: Store) -> int:
    return sum(count for (_, state), count in store.outbox.counts(ENVIRONMENT).items() if state is Delivery.WAITING)


def test_a_sink_that_is_down_for_an_hour_loses_nothing_and_no_audit_waits_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = seed_of_this_run(capsys)
    chance = random.Random(seed)
    names = [f"credit-balance:u{number}" for number in range(4)]
    minute = 0
    with open_store(f"sqlite:///{tmp_path / 'trueup.db'}") as store, running_sink() as sink:
        settings = sink.settings("ops")
        sink.status = 503
        while minute < 60:
            run_id = recorded(store, minutes(minute), chance.sample(names, chance.randrange(5)))
            attempts = sink.refused
            notify(store, environment=ENVIRONMENT, run_id=run_id, settings=settings, now=minutes(minute))
            assert sink.refused == attempts  # the audit and its decision called nobody
            deliver(store, settings, environment=ENVIRONMENT, now=minutes(minute), worker="w")
            minute += 3
        decided = [alert_of(one.document).message_id for one in store.outbox.messages(ENVIRONMENT, limit=99)][::-1]
        assert sink.deliveries == []
        sink.status = 204
        while waiting(store):
            deliver(store, settings, environment=ENVIRONMENT, now=minutes(minute), worker="w")
            minute += 1
    show(capsys, f"{len(decided)} alerts while the sink was down, {len(sink.deliveries)} deliveries after")
    assert minutes(minute) - minutes(60) <= LONGEST_WAIT + timedelta(minutes=1)
    assert [post.message_id for post in sink.deliveries] == decided
    assert len(decided) > 5


def test_the_sink_of_these_tests_drops_repeats_and_keeps_what_differs() -> None:
    sink = Sink(port=0)
    for channel, message_id in (("a", "1"), ("a", "1"), ("b", "1"), ("a", "2")):
        sink.deliveries.append(Post(channel=channel, message_id=message_id, type="", alert={}))
    assert [(post.channel, post.message_id) for post in sink.messages] == [("a", "1"), ("b", "1"), ("a", "2")]
