"""One trouble is one incident, opened and resolved under one key, inside the limits of the Events API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.support.alerts import alert, alert_item, hostile_alerts
from tests.support.identity import Authority
from tests.support.receivers import HTTPSink, answer
from trueup.channels.pagerduty import ENDPOINTS, PagerDutyChannel, dedup_key, resolve, trigger
from trueup.channels.wording import cleaned
from trueup.model.alert import Alert, AlertKind
from trueup.model.errors import DeliveryFailed
from trueup.model.severity import Severity
from trueup.outgoing.dialing import Reach

KEY = "0123456789abcdef0123456789abcdef"
# https://developer.pagerduty.com/docs/send-alert-event
EVENT_BYTES = 512 * 1024
SEVERITIES = {"critical", "error", "warning", "info"}


@pytest.fixture
def channel(sink: HTTPSink, authority: Authority) -> PagerDutyChannel:
    """A channel to the sink: PagerDuty's own address cannot be set, so the parts are put together here."""
    sink.reply(answer(202, b'{"status": "success"}'))
    reach = Reach.beyond(("127.0.0.1",), trust=authority.trust())
    return PagerDutyChannel(name="oncall", endpoint=reach.endpoint(sink.url, named="It"), reach=reach, routing_key=KEY)


def events(sink: HTTPSink) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in sink.received]


def test_an_alert_opens_an_incident(sink: HTTPSink, channel: PagerDutyChannel) -> None:
    channel.send(alert(links={"Console": "https://trueup.example/"}))
    [event] = events(sink)
    assert event["routing_key"] == KEY
    assert (event["event_action"], event["dedup_key"]) == ("trigger", alert().dedup_key)
    assert event["links"] == [{"href": "https://trueup.example/", "text": "Console"}]
    payload = event["payload"]
    assert payload["summary"] == "[production] 3 findings to act on"
    assert (payload["source"], payload["severity"], payload["class"]) == ("production", "critical", "opened")
    assert payload["timestamp"] == "2026-03-01T12:00:00Z"
    assert payload["custom_details"]["At risk"] == "129.00 USD, 1500.5 credits"
    assert payload["custom_details"]["findings"][0] == (
        "critical, new: A balance differs from its ledger (credit-balance:user_1) "
        "user_1 shows 120 credits where the ledger says 100."
    )


@pytest.mark.parametrize("severity", Severity)
def test_our_severities_are_pagerdutys(severity: Severity) -> None:
    assert trigger(alert(severity=severity))["payload"]["severity"] in SEVERITIES  # type: ignore[index]


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        (AlertKind.OPENED, ["trigger"]),
        (AlertKind.CHANGED, ["trigger"]),
        (AlertKind.HEARTBEAT, ["trigger"]),
        (AlertKind.RESOLVED, ["resolve"]),
        (AlertKind.TEST, ["trigger", "resolve"]),
    ],
)
def test_each_kind_of_alert_does_one_thing_to_the_incident(
    sink: HTTPSink, channel: PagerDutyChannel, kind: AlertKind, actions: list[str]
) -> None:
    channel.send(alert(kind=kind))
    assert [event["event_action"] for event in events(sink)] == actions
    assert {event["dedup_key"] for event in events(sink)} == {alert().dedup_key}


@given(hostile_alerts())
def test_an_event_keeps_every_limit_and_a_resolution_finds_its_incident(told: Alert) -> None:
    event: dict[str, Any] = trigger(cleaned(told))
    assert len(json.dumps(event)) < EVENT_BYTES
    assert 1 <= len(event["payload"]["summary"]) <= 1024
    assert 1 <= len(event["payload"]["source"]) <= 255
    assert len(event["dedup_key"]) <= 255
    assert event["dedup_key"] == resolve(cleaned(told))["dedup_key"]


def test_long_keys_stay_apart() -> None:
    keys = {dedup_key(alert(dedup_key="k" * length)) for length in (254, 255, 256, 257, 1000)}
    assert len(keys) == 5


def test_many_long_findings_are_cut_and_counted() -> None:
    items = tuple(alert_item(number, message="x" * 20_000) for number in range(500))
    event: dict[str, Any] = trigger(alert(items=items, counts={Severity.CRITICAL: 600}))
    assert len(json.dumps(event)) < EVENT_BYTES
    assert event["payload"]["custom_details"]["findings"][-1] == "… and 580 more"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"status": "invalid event", "errors": ["routing_key 0123456789abcdef"]}', r" \(invalid event\)"),
        (b'{"status": "<script>"}', ""),
        (b'{"status": 5}', ""),
        (b"[]", ""),
        (b"[" * 50_000, ""),
        (b"\xff", ""),
    ],
)
def test_a_refusal_is_told_by_its_name_and_without_what_was_sent(
    sink: HTTPSink, channel: PagerDutyChannel, body: bytes, said: str
) -> None:
    sink.reply(answer(400, body))
    with pytest.raises(DeliveryFailed, match=rf"answered 400{said}; check") as caught:
        channel.send(alert())
    assert "0123456789" not in str(caught.value)  # the sink's port may hold four of them


def test_the_addresses_are_pagerdutys() -> None:
    for url in ENDPOINTS.values():
        assert Reach().endpoint(url, named="It").host.endswith(".pagerduty.com")
