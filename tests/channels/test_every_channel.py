"""What holds for each kind of channel: no secret leaves, and a failure says whether trying again can help."""

from __future__ import annotations

import base64
import dataclasses
import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.alerts import alert, alert_item, settings
from tests.support.identity import Authority
from tests.support.receivers import SECRET_PATH, HTTPSink, answer, mail_sink
from trueup.channels import KINDS, Channel, open_channel, shown_by
from trueup.channels.pagerduty import PagerDutyChannel
from trueup.channels.slack import SlackChannel
from trueup.channels.webhook import WebhookChannel
from trueup.model.alert import Alert
from trueup.model.errors import DeliveryFailed
from trueup.outgoing.dialing import Reach

LOOPBACK = ("127.0.0.1",)
KEY = "0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()
PLANTED = {
    "postgresql://app:hunter2@db/app": "hunter2",
    "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc": "4eC39HqLyjWDarjtT1zdp7dc",
    SECRET: SECRET.removeprefix("whsec_"),
    "Authorization: Bearer abcdefghijklmnop1234": "abcdefghijklmnop1234",
    "password=correcthorse": "correcthorse",
}

HTTPChannel = WebhookChannel | SlackChannel | PagerDutyChannel
HTTP_KINDS = ("webhook", "slack", "pagerduty")


def http_channel(kind: str, sink: HTTPSink, authority: Authority) -> HTTPChannel:
    """A channel of this kind that leads to the sink."""
    if kind == "pagerduty":
        reach = Reach.beyond(LOOPBACK, trust=authority.trust())
        endpoint = reach.endpoint(sink.url, named="It")
        return PagerDutyChannel(name="ops", endpoint=endpoint, reach=reach, routing_key=KEY)
    options = {"url": sink.url} | ({"secret": SECRET} if kind == "webhook" else {})
    channel = open_channel(settings(kind, **options), private_hosts=LOOPBACK, trust=authority.trust())
    assert isinstance(channel, WebhookChannel | SlackChannel)
    return channel


@pytest.fixture
def told(
    request: pytest.FixtureRequest, sink: HTTPSink, authority: Authority, tmp_path: Path
) -> Iterator[tuple[Channel, Callable[[], str]]]:
    """A channel of the asked kind, and what its receiver read."""
    kind = request.param
    if kind == "log":
        path = tmp_path / "alerts.jsonl"
        yield open_channel(settings("log", path=str(path)), private_hosts=()), path.read_text
    elif kind == "email":
        with mail_sink(authority.server("127.0.0.1")) as mail:
            options = {"host": "127.0.0.1", "port": mail.port, "sender": "a@ops.example", "to": "b@ops.example"}
            channel = open_channel(settings("email", **options), private_hosts=LOOPBACK, trust=authority.trust())

            def read() -> str:
                [taken] = mail.mailbox.mails
                assert isinstance(taken.content, bytes)
                message = email.message_from_bytes(taken.content, policy=email.policy.default)
                return f"{message['Subject']}\n{message.get_content()}"

            yield channel, read
    else:
        yield http_channel(kind, sink, authority), lambda: str(sink.received[0].body, "ascii")


@pytest.fixture
def planted() -> Alert:
    """An alert with secrets wherever it holds text."""
    for text, secret in PLANTED.items():
        assert secret in text
    text = " and ".join(PLANTED)
    items = tuple(alert_item(n, issue_id=one, title=one, message=f"It says {one}.") for n, one in enumerate(PLANTED))
    return alert(
        title=text[:150], environment=next(iter(PLANTED)), summary=(text,), items=items, run_id=text, dedup_key=text
    )


@pytest.mark.parametrize("told", ["log", "email", *HTTP_KINDS], indirect=True)
def test_no_secret_that_a_finding_holds_leaves(told: tuple[Channel, Callable[[], str]], planted: Alert) -> None:
    channel, read = told
    channel.send(planted)
    arrived = read()
    assert "It says" in arrived
    for secret in PLANTED.values():
        assert secret not in arrived


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_in_what_any_kind_would_send(kind: str, planted: Alert) -> None:
    sent = shown_by(kind, planted)
    assert "It says" in sent
    for secret in PLANTED.values():
        assert secret not in sent


STATUSES = {
    400: True,
    401: True,
    403: True,
    404: True,
    410: True,
    413: True,
    418: True,
    301: True,
    308: True,
} | dict.fromkeys((408, 425, 429, 500, 501, 502, 503, 504, 599), False)


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_an_answer_says_whether_trying_again_can_help(kind: str, sink: HTTPSink, authority: Authority) -> None:
    channel = http_channel(kind, sink, authority)
    for status, permanent in STATUSES.items():
        sink.reply(answer(status, b"", Retry_After="30"))
        with pytest.raises(DeliveryFailed) as caught:
            channel.send(alert())
        failure = caught.value
        assert (failure.permanent, failure.retry_after_seconds) == (permanent, 30)
        assert str(failure).startswith(
            f'The channel "ops" did not get the alert: https://127.0.0.1:{sink.port} answered {status}'
        )
        assert str(failure).endswith(".")
    for status in (200, 201, 202, 204):
        sink.reply(answer(status, b""))
        channel.send(alert())


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_whatever_goes_wrong_on_the_way_may_pass_and_shows_no_secret(
    kind: str, sink: HTTPSink, authority: Authority
) -> None:
    channel = http_channel(kind, sink, authority)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    elsewhere = dataclasses.replace(channel.endpoint, port=nobody)
    unknown = dataclasses.replace(channel.endpoint, host="nobody.example")
    ways = {
        "refused": dataclasses.replace(channel, endpoint=elsewhere),
        "not trusted": dataclasses.replace(channel, reach=Reach.beyond(LOOPBACK)),
        "not listed": dataclasses.replace(channel, reach=Reach(trust=authority.trust())),
        "no name": dataclasses.replace(channel, reach=Reach(resolve=_nobody), endpoint=unknown),
    }
    for way, broken in ways.items():
        with pytest.raises(DeliveryFailed) as caught:
            broken.send(alert())
        assert not caught.value.permanent, way
        for secret in (SECRET_PATH, KEY, SECRET):
            assert (
                secret not in f"{caught.value} {caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"
            )
    assert sink.received == []


def _nobody(host: str, port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
