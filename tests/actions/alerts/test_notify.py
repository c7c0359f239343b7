"""Deciding, delivering and the heartbeat, against a real store and a real receiver."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from tests.support.alerting import ENVIRONMENT, START, issue, minutes, recorded
from tests.support.sink import Post, Sink, running_sink
from trueup.actions.alerts import Decision, Delivered, Pulse, deliver, examine_channels, heartbeat, notify, send_test
from trueup.actions.alerts.delivery import GIVE_UP_AFTER, LONGEST_WAIT, waiting_time
from trueup.actions.alerts.pulse import deadline
from trueup.channels import open_channel
from trueup.model.alert import alert_of
from trueup.model.episode import Telling
from trueup.model.errors import ConfigurationError, DeliveryFailed
from trueup.model.settings import AlertSettings, ChannelSettings, ScheduleSettings
from trueup.model.severity import Severity
from trueup.store import IssueRecord, Store, open_store
from trueup.store.alert_tables import ALERT_OUTBOX
from trueup.store.records import Delivery

HOURLY = ScheduleSettings(every_minutes=60)
BALANCE, HOLLOW, UNPAID = "credit-balance:u1", "hollow-event:e1", "paid-without-customer:u2"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'trueup.db'}") as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgres"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'any.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    with open_store(url) as opened:
        yield opened


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as running:
        yield running


def decided(store: Store, sink: Sink, at: datetime, *issues: str | IssueRecord, **run: object) -> Decision:
    """Record a run with these issues and decide it, for the channel ``ops``."""
    run_id = recorded(store, at, issues, **run)  # type: ignore[arg-type]
    return notify(store, environment=ENVIRONMENT, run_id=run_id, settings=sink.settings("ops"), now=at)


def delivered(store: Store, settings: AlertSettings, at: datetime, **options: object) -> Delivered:
    return deliver(store, settings, environment=ENVIRONMENT, now=at, worker="w", **options)  # type: ignore[arg-type]


def told(sink: Sink) -> list[tuple[str, dict[str, list[str]]]]:
    """Each message's title, and its findings by how they changed."""
    made = []
    for post in sink.messages:
        changes: dict[str, list[str]] = {}
        for item in post.alert["items"]:
            changes.setdefault(item["change"], []).append(item["issueId"])
        made.append((post.title, changes))
    return made


def test_a_message_links_to_the_pages_of_what_it_names(store: Store, sink: Sink) -> None:
    hostile = "credit-balance:u/1?x=#<b>ä"
    settings = dataclasses.replace(sink.settings("ops"), public_url="https://trueup.example.com")
    run_id = recorded(store, START, [hostile, HOLLOW, UNPAID, "credit-balance:u9"])
    notify(store, environment=ENVIRONMENT, run_id=run_id, settings=settings, now=START)
    delivered(store, settings, START)
    (message,) = sink.messages
    links = message.alert["links"]
    assert links.pop("All findings") == "https://trueup.example.com/findings"
    assert len(links) == 3
    for issue_id, address in links.items():
        assert address.startswith("https://trueup.example.com/findings/")
        assert unquote(address.removeprefix("https://trueup.example.com/findings/")) == issue_id
        assert not set("?#<") & set(address)


def test_every_channel_is_told_once_what_was_found(store: Store, sink: Sink) -> None:
    run_id = recorded(store, START, [BALANCE, issue(HOLLOW, severity=Severity.CRITICAL)])
    settings = sink.settings("ops", "mail")
    decision = notify(store, environment=ENVIRONMENT, run_id=run_id, settings=settings, now=START)
    assert (decision.telling, decision.opened, decision.messages) == (Telling.OPENED, 2, 2)
    assert [delivered(store, settings, START).sent for _ in range(2)] == [2, 0]
    assert len(sink.deliveries) == 2
    alert = sink.deliveries[0].alert
    assert (alert["kind"], alert["title"], alert["severity"]) == ("opened", "2 findings to act on", "critical")
    assert (alert["moneyAtRisk"], alert["creditsAtRisk"]) == ({"usd": 300}, "40")
    assert [item["issueId"] for item in alert["items"]] == [HOLLOW, BALANCE]
    assert alert["runId"] == run_id


def test_of_replicas_that_decide_the_same_run_at_once_one_does(any_store: Store, sink: Sink) -> None:
    store = any_store
    run_id = recorded(store, START, [BALANCE])
    gate = threading.Barrier(6)

    def decide(number: int) -> Decision:
        gate.wait()
        now = START + timedelta(seconds=number)
        return notify(store, environment=ENVIRONMENT, run_id=run_id, settings=sink.settings("ops"), now=now)

    with ThreadPoolExecutor(6) as pool:
        decisions = list(pool.map(decide, range(6)))
    assert sorted(decision.messages for decision in decisions) == [0, 0, 0, 0, 0, 1]
    assert [decision.passed_over for decision in decisions].count(None) == 1


def test_a_set_that_goes_there_and_back_within_an_hour_alerts_each_time(store: Store, sink: Sink) -> None:
    for minute, found in enumerate(([BALANCE], [BALANCE, HOLLOW], [BALANCE], [BALANCE], [BALANCE, HOLLOW])):
        decided(store, sink, minutes(minute), *found)
    delivered(store, sink.settings("ops"), minutes(9))
    assert told(sink) == [
        ("1 finding to act on", {"new": [BALANCE]}),
        ("1 new; 2 findings to act on", {"new": [HOLLOW], "same": [BALANCE]}),
        ("1 resolved; 1 finding to act on", {"resolved": [HOLLOW], "same": [BALANCE]}),
        ("1 new; 2 findings to act on", {"new": [HOLLOW], "same": [BALANCE]}),
    ]


def test_the_same_set_is_not_told_again_because_the_clock_strikes(store: Store, sink: Sink) -> None:
    moments = [datetime(2026, 3, 1, 12, 58), datetime(2026, 3, 1, 13, 3), datetime(2026, 3, 1, 13, 59)]
    tellings = []
    for at in moments:
        tellings.append(decided(store, sink, at, BALANCE).telling)
        delivered(store, sink.settings("ops"), at)
    assert tellings == [Telling.OPENED, None, Telling.REMINDER]
    assert told(sink)[1] == ("still 1 finding to act on", {"same": [BALANCE]})


def test_a_reminder_is_no_echo_of_a_message_that_came_late(store: Store, sink: Sink) -> None:
    settings = sink.settings("ops")
    sink.status = 503
    decided(store, sink, minutes(0), BALANCE)
    delivered(store, settings, minutes(0))
    assert decided(store, sink, minutes(60), BALANCE).messages == 0  # the first one still waits
    sink.status = 204
    delivered(store, settings, minutes(70))
    assert decided(store, sink, minutes(120), BALANCE).messages == 0  # it came fifty minutes ago
    assert decided(store, sink, minutes(131), BALANCE).messages == 1
    delivered(store, settings, minutes(131))
    assert [post.title for post in sink.deliveries] == ["1 finding to act on", "still 1 finding to act on"]


def test_the_resolution_belongs_to_the_trouble_that_was_opened_and_the_next_one_does_not(
    store: Store, sink: Sink
) -> None:
    for minute, found in enumerate(([BALANCE], [], [], [BALANCE])):
        decided(store, sink, minutes(minute), *found)
    delivered(store, sink.settings("ops"), minutes(9))
    first, resolution, second = sink.messages
    assert resolution.alert["kind"] == "resolved"
    assert resolution.alert["counts"] == {"critical": 0, "error": 0}
    assert first.alert["dedupKey"] == resolution.alert["dedupKey"] != second.alert["dedupKey"]


@pytest.mark.parametrize("word", ["skipped", "broken"])
def test_a_check_that_was_not_answered_resolves_nothing(store: Store, sink: Sink, word: str) -> None:
    blind = {"credit-balance": word}
    decided(store, sink, minutes(0), BALANCE, HOLLOW)
    for minute in (1, 2, 3):
        decision = decided(store, sink, minutes(minute), outcomes=blind)
        assert decision.resolved == (1 if minute == 2 else 0)
    assert decided(store, sink, minutes(4)).telling is None  # the first clean look
    assert decided(store, sink, minutes(5)).telling is Telling.RESOLVED


def test_an_incomplete_audit_says_so_in_its_alert(store: Store, sink: Sink) -> None:
    decided(store, sink, START, BALANCE, outcomes={"hollow-event": "broken"})
    delivered(store, sink.settings("ops"), START)
    assert any("incomplete" in line for line in sink.messages[0].alert["summary"])


def test_an_audit_of_one_check_resolves_nothing_of_the_others(store: Store, sink: Sink) -> None:
    decided(store, sink, minutes(0), BALANCE, HOLLOW)
    for minute in (1, 2):
        decided(store, sink, minutes(minute), covers_all_checks=False, outcomes={"hollow-event": "checked"})
    assert [one.words.issue_id for one in store.alerts.open_episodes(ENVIRONMENT, limit=9)] == [BALANCE]


@pytest.mark.parametrize(
    ("issues", "run"),
    [
        ([issue(BALANCE, exempted=True, alerts=False)], {}),
        ([issue(BALANCE, severity=Severity.WARNING, alerts=False)], {}),
        ([], {"outcomes": {"credit-balance": "off"}}),
        ([], {"outcomes": {"credit-balance": "not-applicable"}}),
    ],
    ids=["exempted", "lowered", "switched off", "said to be absent"],
)
def test_what_a_person_decided_resolves_at_once(
    store: Store, sink: Sink, issues: list[IssueRecord], run: dict[str, object]
) -> None:
    decided(store, sink, minutes(0), BALANCE)
    assert decided(store, sink, minutes(1), *issues, **run).telling is Telling.RESOLVED


def test_a_check_that_left_the_catalogue_takes_its_episodes_along(store: Store, sink: Sink) -> None:
    gone = "our-own-check:x"
    decided(store, sink, minutes(0), gone, outcomes={"our-own-check": "checked"})
    assert decided(store, sink, minutes(1)).telling is Telling.RESOLVED


def test_a_run_that_decides_nothing_or_is_unknown_is_passed_over(store: Store, sink: Sink) -> None:
    decision = decided(store, sink, START, BALANCE, updates_state=False)
    assert decision.passed_over is not None
    unknown = notify(store, environment=ENVIRONMENT, run_id="nowhere", settings=sink.settings("ops"), now=START)
    assert unknown.passed_over == "The store holds no run nowhere of production."
    assert store.alerts.count_open(ENVIRONMENT) == 0


def test_a_run_that_is_decided_after_a_later_one_is_passed_over(store: Store, sink: Sink) -> None:
    early, late = recorded(store, minutes(0), [BALANCE]), recorded(store, minutes(1), [HOLLOW])
    settings = sink.settings("ops")
    for run_id, opened in ((late, 1), (early, 0)):
        decision = notify(store, environment=ENVIRONMENT, run_id=run_id, settings=settings, now=minutes(2))
        assert decision.opened == opened


def test_a_thousand_findings_make_a_message_that_names_the_changes_first(store: Store, sink: Sink) -> None:
    many = [issue(f"credit-balance:u{number:04}", risk=number) for number in range(1000)]
    decided(store, sink, minutes(0), *many)
    decided(store, sink, minutes(1), *many, HOLLOW)
    delivered(store, sink.settings("ops"), minutes(1))
    first, second = (post.alert for post in sink.messages)
    assert (len(first["items"]), first["counts"]) == (20, {"critical": 0, "error": 1000})
    assert first["items"][0]["issueId"] == "credit-balance:u0999"
    assert [second["items"][0]["issueId"], second["items"][0]["change"]] == [HOLLOW, "new"]


def test_a_finding_that_got_much_worse_is_told_and_one_that_crept_up_is_not(store: Store, sink: Sink) -> None:
    tellings = [
        decided(store, sink, minutes(minute), issue(BALANCE, risk=risk)).telling
        for minute, risk in enumerate((10, 12, 19, 21, 30))
    ]
    assert tellings == [Telling.OPENED, None, None, Telling.CHANGED, None]
    delivered(store, sink.settings("ops"), minutes(9))
    assert told(sink)[1] == ("1 worse; 1 finding to act on", {"worse": [BALANCE]})


def test_without_channels_the_memory_is_kept_all_the_same(store: Store) -> None:
    run_id = recorded(store, START, [BALANCE])
    decision = notify(store, environment=ENVIRONMENT, run_id=run_id, settings=AlertSettings(), now=START)
    assert (decision.telling, decision.messages, store.alerts.count_open(ENVIRONMENT)) == (Telling.OPENED, 0, 1)
    assert delivered(store, AlertSettings(), START) == Delivered()


def test_a_sink_that_is_down_delays_and_keeps_the_order(store: Store, sink: Sink) -> None:
    settings = sink.settings("ops")
    sink.status = 503
    decided(store, sink, minutes(0), BALANCE)
    (channel,) = delivered(store, settings, minutes(0)).channels
    assert (channel.postponed, channel.sent) == (1, 0)
    assert "503" in str(channel.trouble)
    decided(store, sink, minutes(1), BALANCE, HOLLOW)
    sink.status = 204
    assert delivered(store, settings, minutes(0) + timedelta(seconds=1)).sent == 0
    assert delivered(store, settings, minutes(16)).sent == 2
    assert [post.title for post in sink.deliveries] == ["1 finding to act on", "1 new; 2 findings to act on"]


def test_a_sink_that_stays_down_is_tried_for_three_days_and_then_the_message_is_marked(
    store: Store, sink: Sink
) -> None:
    settings = sink.settings("ops")
    sink.status = 503
    decided(store, sink, START, BALANCE)
    now, attempts = START, 0
    while store.outbox.counts(ENVIRONMENT) == {("ops", Delivery.WAITING): 1}:
        attempts += delivered(store, settings, now).channels[0].postponed
        (message,) = store.outbox.messages(ENVIRONMENT, limit=1)
        assert message.due_at - now <= LONGEST_WAIT + timedelta(seconds=5)  # the attempt itself took a moment
        now += timedelta(hours=5)
    assert (attempts, now - START) == (15, timedelta(hours=80))
    assert timedelta(hours=24) < GIVE_UP_AFTER
    (message,) = store.outbox.messages(ENVIRONMENT, limit=1)
    assert message.state is Delivery.EXPIRED
    assert "503" in str(message.reason)


@given(st.integers(1, 100), st.integers(0, 10**9), st.none() | st.floats(0, 10**6))
def test_the_wait_between_attempts_grows_and_is_never_longer_than_a_quarter_of_an_hour(
    attempts: int, number: int, asked: float | None
) -> None:
    wait = waiting_time(attempts, number=number, asked_seconds=asked)
    assert timedelta(seconds=2.5) <= wait <= LONGEST_WAIT
    assert wait >= min(LONGEST_WAIT, timedelta(seconds=asked or 0))
    assert waiting_time(attempts + 2, number=number) > waiting_time(attempts, number=number) or attempts > 6


def test_messages_that_failed_together_do_not_come_back_together() -> None:
    assert len({waiting_time(5, number=number) for number in range(100)}) > 90


def test_a_refusal_for_good_is_marked_and_the_next_message_goes_on(store: Store, sink: Sink) -> None:
    settings = sink.settings("ops")
    decided(store, sink, minutes(0), BALANCE)
    decided(store, sink, minutes(1), BALANCE, HOLLOW)
    sink.status = 404
    (channel,) = delivered(store, settings, minutes(1), limit=1).channels
    assert (channel.given_up, channel.postponed) == (1, 0)
    sink.status = 204
    assert delivered(store, settings, minutes(1)).sent == 1
    (failed,) = store.outbox.messages(ENVIRONMENT, states=[Delivery.FAILED], limit=9)
    assert "404" in str(failed.reason)


def test_a_channel_with_wrong_settings_keeps_its_messages_until_they_are_mended(store: Store, sink: Sink) -> None:
    wrong = AlertSettings(channels=(ChannelSettings(name="ops", kind="webhook", options={"url": "ftp://x"}),))
    decided(store, sink, START, BALANCE)
    (trouble,) = delivered(store, wrong, START).troubles
    assert trouble.startswith("alerts.channels.ops.")
    assert delivered(store, sink.settings("ops"), START).sent == 1


def test_a_slow_sink_delays_no_other(store: Store, sink: Sink) -> None:
    quick_one_came = threading.Event()
    with running_sink() as quick:
        sink.before_answer = lambda _: assert_true(quick_one_came.wait(5))
        quick.before_answer = lambda _: quick_one_came.set()
        settings = AlertSettings(channels=(sink.channel("a"), quick.channel("b")), private_hosts=("127.0.0.1",))
        run_id = recorded(store, START, [BALANCE])
        notify(store, environment=ENVIRONMENT, run_id=run_id, settings=settings, now=START)
        assert delivered(store, settings, START).sent == 2
    assert quick_one_came.is_set()


def assert_true(fact: bool) -> None:
    assert fact


def test_a_worker_that_died_between_sending_and_noting_it_sends_the_same_message_again(
    store: Store, sink: Sink
) -> None:
    settings = sink.settings("ops")
    decided(store, sink, START, BALANCE)
    claimed = store.outbox.claim(ENVIRONMENT, "ops", worker="dies", now=START, seconds=60)
    assert claimed is not None
    open_channel(settings.channels[0], private_hosts=settings.private_hosts).send(alert_of(claimed.document))
    assert delivered(store, settings, START + timedelta(seconds=59)).sent == 0
    assert delivered(store, settings, START + timedelta(seconds=60)).sent == 1
    assert (len(sink.deliveries), len(sink.messages)) == (2, 1)


def test_a_message_of_a_newer_trueup_waits_for_a_replica_that_can_read_it(store: Store, sink: Sink) -> None:
    decided(store, sink, START, BALANCE)
    with store.database.writing() as connection:
        connection.execute(update(ALERT_OUTBOX).values(alert=json.dumps({"schemaVersion": 2, "title": "?"})))
    (channel,) = delivered(store, sink.settings("ops"), START).channels
    assert (channel.postponed, channel.given_up) == (1, 0)
    assert "newer trueup" in str(channel.trouble)


def test_a_message_to_a_channel_that_left_the_config_is_marked_after_three_days(store: Store, sink: Sink) -> None:
    decided(store, sink, START, BALANCE)
    delivered(store, sink.settings("other"), START + GIVE_UP_AFTER)
    assert store.outbox.counts(ENVIRONMENT) == {("ops", Delivery.WAITING): 1}
    delivered(store, sink.settings("other"), START + GIVE_UP_AFTER + timedelta(seconds=1))
    assert store.outbox.counts(ENVIRONMENT) == {("ops", Delivery.EXPIRED): 1}


# The heartbeat


def pulse(store: Store, sink: Sink, at: datetime, schedule: ScheduleSettings = HOURLY) -> Pulse:
    return heartbeat(store, environment=ENVIRONMENT, schedule=schedule, settings=sink.settings("ops"), now=at)


def test_a_heartbeat_that_stops_is_told_once_and_its_return_too(store: Store, sink: Sink) -> None:
    recorded(store, minutes(0))
    assert [pulse(store, sink, minutes(at)) for at in (0, 60, 119)] == [Pulse.BEATING] * 3
    assert [pulse(store, sink, minutes(at)) for at in (120, 121, 900)] == [Pulse.MISSED, Pulse.SILENT, Pulse.SILENT]
    recorded(store, minutes(901))
    assert [pulse(store, sink, minutes(at)) for at in (902, 903)] == [Pulse.HEARD, Pulse.BEATING]
    delivered(store, sink.settings("ops"), minutes(903))
    assert [(post.alert["kind"], post.title) for post in sink.deliveries] == [
        ("heartbeat", "no complete audit for twice the interval"),
        ("resolved", "audits are complete again"),
    ]
    assert len({post.alert["dedupKey"] for post in sink.deliveries}) == 1


def test_an_incomplete_audit_is_no_heartbeat_and_one_of_a_few_checks_neither(store: Store, sink: Sink) -> None:
    recorded(store, minutes(0))
    pulse(store, sink, minutes(0))
    recorded(store, minutes(100), outcomes={"credit-balance": "broken"})
    recorded(store, minutes(110), covers_all_checks=False, outcomes={"credit-balance": "checked"})
    assert pulse(store, sink, minutes(120)) is Pulse.MISSED


def test_where_no_audit_was_ever_complete_time_counts_from_the_first_look(store: Store, sink: Sink) -> None:
    assert [pulse(store, sink, minutes(at)) for at in (0, 119, 120)] == [Pulse.BEATING, Pulse.BEATING, Pulse.MISSED]


def test_without_a_schedule_there_is_no_heartbeat(store: Store, sink: Sink) -> None:
    assert pulse(store, sink, START, ScheduleSettings()) is Pulse.UNSCHEDULED


def test_of_replicas_that_miss_the_heartbeat_at_once_one_tells(any_store: Store, sink: Sink) -> None:
    store = any_store
    recorded(store, minutes(0))
    pulse(store, sink, minutes(0))
    with ThreadPoolExecutor(6) as pool:
        pulses = list(pool.map(lambda second: pulse(store, sink, minutes(120 + second / 60)), range(6)))
    assert pulses.count(Pulse.MISSED) == 1
    assert store.outbox.counts(ENVIRONMENT) == {("ops", Delivery.WAITING): 1}


def test_what_runs_on_weekdays_is_not_missed_on_a_sunday() -> None:
    friday, monday, tuesday = (datetime(2026, 3, day, 9) for day in (6, 9, 10))
    cron = ScheduleSettings(cron="0 9 * * 1-5")
    assert deadline(cron, since=friday) == tuesday
    assert deadline(cron, since=monday) == monday + timedelta(days=2)


def test_an_audit_by_hand_between_two_times_does_not_shorten_the_wait() -> None:
    hand_made = datetime(2026, 3, 2, 9, 59)
    assert deadline(ScheduleSettings(cron="0 * * * *"), since=hand_made) == hand_made + timedelta(hours=2)


@pytest.mark.parametrize("expression", ["every hour", "0 0 30 2 *"])
def test_a_cron_expression_that_names_no_time_is_a_configuration_error(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="names no moment"):
        deadline(ScheduleSettings(cron=expression), since=START)


# Setting up


def test_a_test_message_goes_to_the_channel_at_once(sink: Sink) -> None:
    send_test("ops", sink.settings("ops", "mail"), environment=ENVIRONMENT, now=START)
    assert [(post.alert["kind"], post.title) for post in sink.deliveries] == [("test", "a test message")]
    sink.status = 403
    with pytest.raises(DeliveryFailed, match="403"):
        send_test("ops", sink.settings("ops"), environment=ENVIRONMENT, now=START)


def test_a_test_of_an_unknown_channel_suggests_the_nearest(sink: Sink) -> None:
    with pytest.raises(ConfigurationError, match='did you mean "ops"'):
        send_test("op", sink.settings("ops"), environment=ENVIRONMENT, now=START)
    with pytest.raises(ConfigurationError, match="names none"):
        send_test("ops", AlertSettings(), environment=ENVIRONMENT, now=START)


def test_each_channel_is_looked_at_by_itself(sink: Sink) -> None:
    wrong = ChannelSettings(name="mail", kind="webhook", options={})
    settings = AlertSettings(channels=(wrong, sink.channel("ops")), private_hosts=("127.0.0.1",))
    first, second = examine_channels(settings)
    assert (first.name, second.name, second.problem) == ("mail", "ops", None)
    assert first.problem is not None
    assert sink.deliveries == []


def test_two_troubles_never_share_a_message_id(store: Store, sink: Sink) -> None:
    for minute, found in enumerate(([BALANCE], [], [], [BALANCE], [], [], [BALANCE])):
        decided(store, sink, minutes(minute), *found)
    delivered(store, sink.settings("ops"), minutes(9))
    assert len({post.message_id for post in sink.deliveries}) == len(sink.deliveries) == 5
    assert isinstance(sink.deliveries[0], Post)
