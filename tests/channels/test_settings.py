"""Every way to set up a channel wrongly, and the one sentence that says so without repeating a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.alerts import settings
from trueup.channels import KINDS, check_settings, open_channel, options_of_kind, secrets_in_plain_sight
from trueup.config import load_config
from trueup.model.errors import ConfigurationError
from trueup.model.settings import AlertSettings, ChannelSettings

SECRET = "whsec_" + "c2VjcmV0" * 5
WEBHOOK = {"url": "https://ops.example/hook", "secret": SECRET}
MAIL = {"host": "smtp.example", "sender": "a@ops.example", "to": ("b@ops.example",)}

CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "unknown kind": ("slak", {}, 'kind is "slak", which trueup does not have; did you mean "slack"?'),
    "kind with nothing near": (
        "zzz",
        {},
        'kind is "zzz", which trueup does not have; known are log, email, pagerduty, slack, webhook.',
    ),
    "kind that is a module": ("wording", {}, 'kind is "wording", which trueup does not have; known are'),
    "unknown option": ("slack", {"ur": "x"}, 'ur is not an option of slack; did you mean "url"?'),
    "option with nothing near": (
        "pagerduty",
        {"zz": 1},
        "zz is not an option of pagerduty; known are routing_key, region.",
    ),
    "missing": ("slack", {}, "url is missing: the address of the incoming webhook."),
    "wrong type": ("slack", {"url": True}, "url must be a string."),
    "a number is not true": ("email", MAIL | {"port": True}, "port must be a whole number."),
    "empty list": ("email", MAIL | {"to": ()}, "to must be a list of strings."),
    "not https": (
        "slack",
        {"url": "http://hooks.slack.com/s3cret"},
        "url is not encrypted; write https://, or list hooks",
    ),
    "no address": (
        "webhook",
        WEBHOOK | {"url": "s3cret"},
        "url is not a web address; write one that starts with https://.",
    ),
    "user in the address": (
        "webhook",
        WEBHOOK | {"url": "https://a:s3cret@b/"},
        "url holds a user or password before an @",
    ),
    "secret without prefix": (
        "webhook",
        WEBHOOK | {"secret": "c2VjcmV0" * 5},
        'secret must be "whsec_" and 24 to 64 random',
    ),
    "secret not base64": ("webhook", WEBHOOK | {"secret": SECRET + "!"}, 'secret must be "whsec_" and 24 to 64 random'),
    "secret beyond ASCII": ("webhook", WEBHOOK | {"secret": "whsec_ü"}, 'secret must be "whsec_" and 24 to 64 random'),
    "secret too short": (
        "webhook",
        WEBHOOK | {"secret": "whsec_c2VjcmV0"},
        'secret must be "whsec_" and 24 to 64 random',
    ),
    "old secret too long": (
        "webhook",
        WEBHOOK | {"previous_secret": "whsec_" + "c2VjcmV0" * 20},
        "previous_secret must be",
    ),
    "routing key": ("pagerduty", {"routing_key": "s3cret"}, "routing_key must be an integration's key of 32 letters"),
    "region": ("pagerduty", {"routing_key": "a" * 32, "region": "asia"}, 'region must be "us" or "eu".'),
    "relative path": (
        "log",
        {"path": "alerts.jsonl"},
        "path must be an absolute path, because a server may be started in any",
    ),
    "folder that is not there": (
        "log",
        {"path": "/nowhere/alerts"},
        "path must name a file in a folder that exists, and",
    ),
    "path that is a folder": ("log", {"path": "/"}, "path must name a file in a folder that exists, and / does not."),
    "host with a port": (
        "email",
        MAIL | {"host": "smtp.example:25"},
        "host must be a host name or an address, without a",
    ),
    "host as a number": ("email", MAIL | {"host": "2130706433"}, "host must be a host name or an address"),
    "sender": (
        "email",
        MAIL | {"sender": "trueup <a@b>"},
        "from must hold plain addresses such as billing-ops@example.com.",
    ),
    "recipient with a break": ("email", MAIL | {"to": ("a@b\r\nBcc: c@d",)}, "to must hold plain addresses"),
    "recipient that is two": ("email", MAIL | {"to": "a@b, c@d"}, "to must hold plain addresses"),
    "recipient beyond ASCII": ("email", MAIL | {"to": "ü@b"}, "to must hold plain addresses"),
    "too many recipients": (
        "email",
        MAIL | {"to": tuple(f"a{n}@b" for n in range(51))},
        "to holds more than 50 addresses",
    ),
    "security": ("email", MAIL | {"security": "ssl"}, 'security must be "starttls", "tls" or "none".'),
    "in the clear to anybody": (
        "email",
        MAIL | {"security": "none"},
        'security is "none"; encrypt, or list smtp.example in',
    ),
    "password in the clear": (
        "email",
        MAIL | {"host": "mail.internal", "security": "none", "user": "u", "password": "s3cret"},
        'security is "none", which would send the password unencrypted.',
    ),
    "user without password": (
        "email",
        MAIL | {"user": "u"},
        "user and password belong together: give both or neither.",
    ),
    "password beyond ASCII": (
        "email",
        MAIL | {"user": "u", "password": "s3cretü"},
        "password holds characters beyond ASCII",
    ),
    "port": ("email", MAIL | {"port": 70_000}, "port must be a port, 1 to 65535."),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_channel_is_refused_in_one_sentence(case: str) -> None:
    kind, options, expected = CASES[case]
    with pytest.raises(ConfigurationError) as caught:
        open_channel(settings(kind, **options), private_hosts=("mail.internal",))
    message = str(caught.value)
    assert message.startswith(f"alerts.channels.ops.{expected}")
    assert message[-1] in ".?"
    assert "s3cret" not in message
    assert "c2VjcmV0" not in message


def test_a_name_that_moves_a_cursor_is_written_as_an_escape() -> None:
    wrong = ChannelSettings(name="a\x1b[31m", kind="sl\x07ck", options={})
    with pytest.raises(ConfigurationError) as caught:
        open_channel(wrong, private_hosts=())
    assert str(caught.value).isprintable()


RIGHT: dict[str, dict[str, Any]] = {
    "log": {},
    "webhook": WEBHOOK | {"previous_secret": SECRET},
    "slack": {"url": "https://hooks.slack.com/services/s3cret"},
    "pagerduty": {"routing_key": "s3cret" + "a" * 26, "region": "eu"},
    "email": MAIL | {"user": "u", "password": "s3cret", "security": "tls"},
}


@pytest.mark.parametrize("kind", RIGHT)
def test_a_channel_shows_no_secret(kind: str) -> None:
    channel = open_channel(settings(kind, **RIGHT[kind]), private_hosts=())
    assert channel.name == "ops"
    for secret in ("s3cret", "c2VjcmV0", "secretsecret", "/hook"):
        assert secret not in repr(channel)


def test_one_recipient_needs_no_list() -> None:
    channel = open_channel(settings("email", **MAIL | {"to": "b@ops.example"}), private_hosts=())
    assert "recipients=('b@ops.example',)" in repr(channel)


def test_all_channels_are_checked_and_none_is_called() -> None:
    right = tuple(settings(kind, **options) for kind, options in RIGHT.items())
    check_settings(AlertSettings(channels=right))
    with pytest.raises(ConfigurationError, match=r"alerts\.channels\.ops\.url is missing"):
        check_settings(AlertSettings(channels=(*right, settings("slack"))))
    with pytest.raises(ConfigurationError, match=r"alerts\.private_hosts holds"):
        check_settings(AlertSettings(private_hosts=("not a host",)))


def test_a_secret_in_the_file_itself_is_told_from_a_reference(tmp_path: Path) -> None:
    path = tmp_path / "trueup.toml"
    path.write_text(
        'preset = "canonical"\n[database]\nurl = "app.db"\n'
        '[alerts.channels.a]\nkind = "slack"\nurl = "https://hooks.slack.com/s"\n'
        '[alerts.channels.b]\nkind = "slack"\nurl = "${HOOK}"\n'
        '[alerts.channels.c]\nkind = "email"\nhost = "smtp.example"\nfrom = "a@b"\nto = ["${WHO}", "c@d"]\n'
    )
    config = load_config(path, {"HOOK": "https://hooks.slack.com/t", "WHO": "e@f"})
    check_settings(config.alerts)
    a, b, c = config.alerts.channels
    assert list(secrets_in_plain_sight(a)) == ["alerts.channels.a.url"]
    assert list(secrets_in_plain_sight(b)) == list(secrets_in_plain_sight(c)) == []
    assert c.options["to"] == ("e@f", "c@d")
    assert list(secrets_in_plain_sight(ChannelSettings(name="x", kind="unknown"))) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_says_what_it_means(kind: str) -> None:
    for option in options_of_kind(kind):
        assert option.means.endswith(".")
        assert option.type_words
