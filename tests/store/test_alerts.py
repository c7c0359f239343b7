"""Turns, episodes and the outbox, on SQLite and on Postgres: one decides, one sends, in order, and nothing is lost."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.support.alerting import ENVIRONMENT, START, fingerprint, issue, minutes, recorded
from trueup.model.alert import Alert, AlertKind
from trueup.model.episode import Episode
from trueup.model.errors import StoreUnavailable
from trueup.model.severity import Severity
from trueup.store import Store, open_store
from trueup.store.alert_tables import ALERT_EPISODE, ALERT_OUTBOX
from trueup.store.alerts import Topic, TopicState, Words
from trueup.store.outbox import ClaimedMessage, _compare_and_claim, last_told, put
from trueup.store.records import Delivery

WORDS = Words(issue_id="credit-balance:u1", title="t", message="m")


def alert(title: str = "a", *, environment: str = ENVIRONMENT, of: str = "f" * 32) -> Alert:
    return Alert(
        kind=AlertKind.OPENED,
        fingerprint=of,
        dedup_key="d" * 32,
        environment=environment,
        severity=Severity.ERROR,
        title=title,
        at=START,
    )


def let_wait(store: Store, *titles: str, channels: Iterable[str] = ("ops",), start: datetime = START) -> None:
    """Messages in this order, each in an hour of its own."""
    with store.database.writing() as connection:
        for position, title in enumerate(titles):
            put(connection, alert(title), channels=channels, hour=start + timedelta(seconds=position), now=start)


def claim(store: Store, *, worker: str = "w", now: datetime = START, channel: str = "ops") -> ClaimedMessage | None:
    return store.outbox.claim(ENVIRONMENT, channel, worker=worker, now=now, seconds=60)


def claimed(store: Store, *, worker: str = "w", now: datetime = START) -> ClaimedMessage:
    found = claim(store, worker=worker, now=now)
    assert found is not None
    return found


def states(store: Store) -> list[tuple[str, str]]:
    """Title and state of every message, oldest first."""
    return [(one.document["title"], one.state.value) for one in store.outbox.messages(ENVIRONMENT, limit=99)][::-1]


def at_once(work: Callable[[int], object], count: int) -> list[object]:
    """The results of ``work`` in so many threads that begin together."""
    gate = threading.Barrier(count)

    def run(number: int) -> object:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_many_workers_one_claims(store: Store) -> None:
    let_wait(store, "a")
    claims = at_once(lambda number: claim(store, worker=f"w{number}"), 8)
    assert len([one for one in claims if one]) == 1


def test_of_two_workers_that_read_the_same_row_the_second_cannot_claim_it(store: Store) -> None:
    let_wait(store, "a")
    with store.database.writing() as connection:
        row = connection.execute(select(ALERT_OUTBOX)).one()
        assert [_compare_and_claim(connection, row, worker, minutes(1)) for worker in "ab"] == [True, False]


def test_of_many_workers_on_stores_of_their_own_each_message_goes_to_one(store: Store, store_url: str) -> None:
    titles = [f"m{number}" for number in range(30)]
    let_wait(store, *titles)

    def work(number: int) -> list[str]:
        sent = []
        with open_store(store_url) as own:
            while any(word == Delivery.WAITING.value for _, word in states(own)):
                if one := claim(own, worker=f"w{number}"):
                    own.outbox.sent(one, now=START)
                    sent.append(one.document["title"])
        return sent

    results = at_once(work, 3)
    assert sorted(title for sent in results for title in sent) == sorted(titles)  # type: ignore[attr-defined]


def test_messages_of_a_channel_go_out_in_the_order_in_which_they_were_decided(store: Store) -> None:
    let_wait(store, "opened", "changed", "resolved")
    first = claimed(store)
    assert claim(store) is None
    store.outbox.postpone(first, due_at=minutes(5), reason="down")
    assert claim(store, now=minutes(4)) is None
    order = []
    for _ in range(3):
        order.append(claimed(store, now=minutes(5)))
        store.outbox.sent(order[-1], now=minutes(5))
    assert [one.document["title"] for one in order] == ["opened", "changed", "resolved"]


def test_one_channel_does_not_wait_for_another(store: Store) -> None:
    let_wait(store, "a", channels=("ops", "mail"))
    assert claim(store, channel="ops") is not None
    assert claim(store, channel="mail") is not None


def test_environments_of_one_store_do_not_see_each_others_messages(store: Store) -> None:
    with store.database.writing() as connection:
        put(connection, alert(environment="staging"), channels=["ops"], hour=START, now=START)
    assert claim(store) is None
    assert store.outbox.messages(ENVIRONMENT, limit=9) == ()
    assert store.outbox.due("staging", now=START) == {"ops"}


def test_a_claim_holds_until_it_expires_and_is_then_taken_over(store: Store) -> None:
    let_wait(store, "a")
    claimed(store, worker="killed")
    assert claim(store, now=START + timedelta(seconds=59)) is None
    assert claimed(store, now=START + timedelta(seconds=60)).attempts == 2


def test_a_worker_that_was_overtaken_cannot_postpone_or_give_up(store: Store) -> None:
    let_wait(store, "a")
    slow, quick = claimed(store), claimed(store, now=minutes(1))
    assert not store.outbox.postpone(slow, due_at=minutes(9), reason="down")
    assert not store.outbox.give_up(slow, state=Delivery.FAILED, reason="gone", now=minutes(2))
    assert store.outbox.sent(quick, now=minutes(2))
    assert states(store) == [("a", "sent")]


def test_what_an_overtaken_worker_did_send_is_sent(store: Store) -> None:
    let_wait(store, "a")
    slow, quick = claimed(store), claimed(store, now=minutes(1))
    assert store.outbox.sent(slow, now=minutes(2))
    assert not store.outbox.sent(quick, now=minutes(2))
    assert not store.outbox.postpone(quick, due_at=minutes(3), reason="down")
    assert states(store) == [("a", "sent")]


def test_a_message_is_made_once_per_channel_fingerprint_and_hour(store: Store) -> None:
    def make(*, of: str = "f" * 32, hour: datetime = START, channels: Iterable[str] = ("ops", "mail")) -> int:
        with store.database.writing() as connection:
            return put(connection, alert(of=of), channels=channels, hour=hour, now=START)

    assert [make(), make(), make(hour=minutes(1)), make(of="e" * 32), make(channels=["third"])] == [2, 0, 2, 2, 1]


def test_what_failed_for_good_is_shown_and_waits_again_when_asked(store: Store) -> None:
    let_wait(store, "a", "b")
    store.outbox.give_up(claimed(store), state=Delivery.FAILED, reason="404", now=START)
    (failed,) = store.outbox.messages(ENVIRONMENT, states=[Delivery.FAILED], limit=9)
    assert (failed.document["title"], failed.reason) == ("a", "404")
    assert store.outbox.counts(ENVIRONMENT) == {("ops", Delivery.FAILED): 1, ("ops", Delivery.WAITING): 1}
    assert claimed(store).document["title"] == "b"
    assert store.outbox.again(ENVIRONMENT, since=minutes(1), now=minutes(2)) == 0
    assert store.outbox.again(ENVIRONMENT, since=START, now=minutes(2)) == 1
    assert claimed(store, now=minutes(2)).document["title"] == "a"


def test_old_messages_to_a_channel_that_left_the_config_expire(store: Store) -> None:
    let_wait(store, "a", channels=["ops", "left"])
    assert store.outbox.expire(ENVIRONMENT, channels=["ops"], before=START, now=minutes(1)) == 0
    assert store.outbox.expire(ENVIRONMENT, channels=["ops"], before=minutes(1), now=minutes(1)) == 1
    assert store.outbox.counts(ENVIRONMENT) == {("ops", Delivery.WAITING): 1, ("left", Delivery.EXPIRED): 1}


def test_a_channel_was_last_told_when_its_message_was_sent_or_now_if_it_waits(store: Store) -> None:
    let_wait(store, "a", channels=["waits", "ops", "failed"])
    store.outbox.sent(claimed(store), now=minutes(10))
    failed = claim(store, channel="failed")
    assert failed is not None
    store.outbox.give_up(failed, state=Delivery.FAILED, reason="404", now=minutes(11))
    with store.database.reading() as connection:
        assert last_told(connection, "f" * 32, now=minutes(30)) == {"waits": minutes(30), "ops": minutes(10)}
        assert last_told(connection, "e" * 32, now=minutes(30)) == {}


def episode(issue_id: str, **fields: object) -> Episode:
    values = {
        "fingerprint": fingerprint(issue_id),
        "check": issue_id.partition(":")[0],
        "severity": Severity.ERROR,
        "risk": 1.0,
        "opened_at": START,
        "told_severity": Severity.ERROR,
        "told_risk": 1.0,
    }
    return Episode(**(values | fields))  # type: ignore[arg-type]


def test_decisions_about_one_topic_wait_for_each_other(store: Store) -> None:
    def decide(_: int) -> None:
        with store.alerts.turn(ENVIRONMENT, Topic.FINDINGS, now=START) as turn:
            seen = turn.state.run_seq or 0
            turn.remember(TopicState(since=turn.state.since, run_seq=seen + 1))

    at_once(decide, 8)
    state = store.alerts.state(ENVIRONMENT, Topic.FINDINGS)
    assert state is not None
    assert state.run_seq == 8


def test_a_turn_that_fails_leaves_nothing_behind(store: Store) -> None:
    one = episode("credit-balance:u1")
    with (
        contextlib.suppress(ZeroDivisionError),
        store.alerts.turn(ENVIRONMENT, Topic.FINDINGS, now=START) as turn,
    ):
        turn.write((), [one], {one.fingerprint: WORDS}, at=START)
        put(turn.connection, alert(), channels=["ops"], hour=START, now=START)
        raise ZeroDivisionError
    assert store.alerts.count_open(ENVIRONMENT) == 0
    assert store.outbox.messages(ENVIRONMENT, limit=9) == ()
    assert store.alerts.state(ENVIRONMENT, Topic.FINDINGS) is None


def test_episodes_are_opened_changed_and_resolved_and_read_back_whole(store: Store) -> None:
    first, second = episode("credit-balance:u1"), episode("hollow-event:e1", severity=Severity.CRITICAL)
    words = {first.fingerprint: WORDS, second.fingerprint: Words(issue_id="hollow-event:e1", title="t", message="m")}
    with store.alerts.turn(ENVIRONMENT, Topic.FINDINGS, now=START) as turn:
        turn.write((), [first, second], words, at=START)
    assert [one.episode for one in store.alerts.open_episodes(ENVIRONMENT, limit=9)] == [second, first]
    worse = episode("credit-balance:u1", risk=9.0, clean_looks=1)
    newer = Words(issue_id="credit-balance:u1", title="t", message="more")
    with store.alerts.turn(ENVIRONMENT, Topic.FINDINGS, now=START) as turn:
        turn.write(turn.episodes(), [worse], {first.fingerprint: newer}, at=minutes(7))
    (left,) = store.alerts.open_episodes(ENVIRONMENT, limit=9)
    assert (left.episode, left.words) == (worse, newer)
    with store.database.reading() as connection:
        resolved = select(ALERT_EPISODE.c.fingerprint).where(ALERT_EPISODE.c.resolved_at == minutes(7))
        assert list(connection.scalars(resolved)) == [second.fingerprint]


def test_the_database_itself_refuses_two_open_episodes_of_one_finding(store: Store) -> None:
    one = episode("credit-balance:u1")

    def open_twice() -> None:
        with store.alerts.turn(ENVIRONMENT, Topic.FINDINGS, now=START) as turn:
            for _ in range(2):
                turn.write((), [one], {one.fingerprint: WORDS}, at=START)

    with pytest.raises(StoreUnavailable) as refused:
        open_twice()
    assert isinstance(refused.value.__cause__, IntegrityError)


def test_what_a_run_saw_is_read_back_and_what_it_must_not_tell(store: Store) -> None:
    quiet = issue("hollow-event:e1", exempted=True, alerts=False)
    run_id = recorded(store, START, [issue("credit-balance:u1", risk=7), quiet], outcomes={"hollow-event": "off"})
    run = store.alerts.run(ENVIRONMENT, run_id)
    assert run is not None
    assert run.answered == {"credit-balance", "paid-without-customer"}
    known = episode("hollow-event:e1")
    with store.alerts.turn(ENVIRONMENT, Topic.FINDINGS, now=START) as turn:
        turn.write((), [known], {known.fingerprint: WORDS}, at=START)
        assert turn.decided(run) == {known.fingerprint}
    (seen,) = store.alerts.seen(run)
    assert (seen.sighting.risk, seen.words.issue_id, seen.impact.money) == (7.0, "credit-balance:u1", {"usd": 150})
    assert store.alerts.run("staging", run_id) is None


def test_what_was_settled_long_ago_is_forgotten_and_nothing_else(store: Store) -> None:
    let_wait(store, "old", "waits")
    store.outbox.sent(claimed(store), now=START)
    one = episode("credit-balance:u1")
    with store.alerts.turn(ENVIRONMENT, Topic.FINDINGS, now=START) as turn:
        turn.write((), [one], {one.fingerprint: WORDS}, at=START)
        turn.write(turn.episodes(), [], {}, at=START)
        turn.tidy(START + timedelta(days=31))
        assert turn.connection.scalars(select(ALERT_OUTBOX.c.state)).all() == ["waiting"]
        assert turn.connection.scalars(select(ALERT_EPISODE.c.number)).all() != []
        turn.tidy(START + timedelta(days=401))
        assert turn.connection.scalars(select(ALERT_EPISODE.c.number)).all() == []
