"""The page about channels is what the channels say today, and its examples can be used as they stand."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from docs.channels import FILE, page, said_of
from trueup.channels import KINDS, check_settings, open_channel, options_of_kind
from trueup.config import load_config

ENVIRON = {
    "TRUEUP_WEBHOOK_SECRET": "whsec_" + "c2VjcmV0" * 5,
    "OLD_WEBHOOK_SECRET": "whsec_" + "b2xkb2xk" * 5,
    "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T0/B0/x",
    "PAGERDUTY_ROUTING_KEY": "0123456789abcdef0123456789abcdef",
    "SMTP_PASSWORD": "a password",
}


def test_the_page_is_what_the_channels_say() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), "run `python -m docs.channels`"


def example(kind: str) -> str:
    """The settings that a channel's module shows, indented there."""
    return inspect.cleandoc("\n".join(re.findall(r"^    .*$", said_of(kind), re.MULTILINE)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("whole", [False, True], ids=["as it stands", "with what is commented out"])
def test_the_example_of_a_channel_opens_it(kind: str, whole: bool, tmp_path: Path) -> None:
    text = example(kind).replace("/var/log/trueup", str(tmp_path))
    if whole:
        text = re.sub(r"^# ", "", text, flags=re.MULTILINE)
    path = tmp_path / "trueup.toml"
    path.write_text(f'preset = "canonical"\n[database]\nurl = "app.db"\n{text}')
    config = load_config(path, ENVIRON)
    [channel] = config.alerts.channels
    check_settings(config.alerts)
    assert channel.kind == kind
    if whole:
        assert channel.options.keys() == {option.name for option in options_of_kind(kind)}
    shown = repr(open_channel(channel, private_hosts=()))
    for option in options_of_kind(kind):
        assert not option.secret or str(channel.options.get(option.name, "(absent)")) not in shown
