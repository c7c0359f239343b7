"""A webhook is signed so that the libraries of Standard Webhooks believe it."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.support.alerts import NOW, alert, settings
from tests.support.identity import Authority
from tests.support.receivers import HTTPSink, Request, answer
from trueup.channels import open_channel, utc_now
from trueup.channels.webhook import signature
from trueup.model.alert import Alert, AlertKind, alert_of
from trueup.model.errors import DeliveryFailed

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()
OLD = "whsec_" + base64.b64encode(b"the secret that was used earlier").decode()
OTHER = "whsec_" + base64.b64encode(b"a secret that was never used yet").decode()


def sent(sink: HTTPSink, authority: Authority, told: Alert, *, now: datetime | None = None, **options: str) -> Request:
    channel = open_channel(
        settings("webhook", url=sink.url, secret=SECRET, **options),
        private_hosts=("127.0.0.1",),
        trust=authority.trust(),
        clock=(lambda: now) if now else utc_now,
    )
    channel.send(told)
    return sink.received[-1]


def test_the_body_is_the_alert_and_the_library_believes_it(sink: HTTPSink, authority: Authority) -> None:
    request = sent(sink, authority, alert())
    body = Webhook(SECRET).verify(request.body, request.headers)
    assert (body["type"], body["timestamp"]) == ("trueup.alert.opened", "2026-03-01T12:00:00Z")
    assert alert_of(body["data"]) == alert()
    assert request.headers["content-type"] == "application/json"


def test_a_changed_body_id_time_or_secret_is_not_believed(sink: HTTPSink, authority: Authority) -> None:
    request = sent(sink, authority, alert())
    changed = [
        (request.body.replace(b"120", b"121"), request.headers, SECRET),
        (request.body, request.headers | {"webhook-id": "msg_other"}, SECRET),
        (
            request.body,
            request.headers | {"webhook-timestamp": str(int(request.headers["webhook-timestamp"]) + 1)},
            SECRET,
        ),
        (request.body, request.headers, OTHER),
    ]
    for body, headers, secret in changed:
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_while_receivers_change_over_both_secrets_are_good(sink: HTTPSink, authority: Authority) -> None:
    request = sent(sink, authority, alert(), previous_secret=OLD)
    for secret in (SECRET, OLD):
        Webhook(secret).verify(request.body, request.headers)


def test_another_attempt_is_the_same_message_at_a_new_time(sink: HTTPSink, authority: Authority) -> None:
    first = sent(sink, authority, alert(), now=NOW)
    later = sent(sink, authority, alert(), now=NOW + timedelta(hours=5))
    assert first.body == later.body
    assert first.headers["webhook-id"] == later.headers["webhook-id"] == alert().message_id
    assert int(later.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 5 * 3600
    assert first.headers["webhook-signature"] != later.headers["webhook-signature"]


def test_another_alert_is_another_message(sink: HTTPSink, authority: Authority) -> None:
    first, second = (sent(sink, authority, alert(kind=kind)) for kind in (AlertKind.OPENED, AlertKind.CHANGED))
    assert first.headers["webhook-id"] != second.headers["webhook-id"]
    assert json.loads(second.body)["type"] == "trueup.alert.changed"


def test_the_signature_is_that_of_the_library() -> None:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = Webhook(SECRET).sign("msg_1", NOW, '{"a":1}')
    assert signature(key, "msg_1", 1772366400, b'{"a":1}') == expected


def test_a_receiver_that_is_gone_ends_the_matter(sink: HTTPSink, authority: Authority) -> None:
    sink.reply(answer(410, b"secret words of the receiver"))
    with pytest.raises(DeliveryFailed, match="answered 410; check the channel's address and keys") as caught:
        sent(sink, authority, alert())
    assert caught.value.permanent
    assert "words" not in str(caught.value)
