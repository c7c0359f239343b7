"""One line of JSON per alert, on standard error or in a file of its owner's."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given

from tests.support.alerts import alert, hostile_alerts, settings
from trueup.channels import open_channel
from trueup.channels.wording import cleaned, json_bytes
from trueup.model.alert import Alert, alert_of, document_of
from trueup.model.errors import DeliveryFailed


def test_standard_error_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    open_channel(settings("log"), private_hosts=()).send(alert())
    out, err = capsys.readouterr()
    line = json.loads(err)
    assert (out, err.count("\n"), line["event"], line["channel"]) == ("", 1, "alert", "ops")
    assert alert_of(line) == alert()


def test_a_file_grows_by_whole_lines_whoever_writes_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    channels = [open_channel(settings("log", path=str(path)), private_hosts=()) for _ in range(4)]
    threads = [threading.Thread(target=lambda c=channel: [c.send(alert()) for _ in range(20)]) for channel in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = path.read_text().splitlines()
    assert len(lines) == 80
    assert {json.loads(line)["title"] for line in lines} == {alert().title}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_was_moved_away_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    channel = open_channel(settings("log", path=str(path)), private_hosts=())
    channel.send(alert())
    path.rename(tmp_path / "alerts.1")
    channel.send(alert())
    assert path.read_text().count("\n") == 1


def test_a_file_that_cannot_be_written_is_a_delivery_that_failed_for_now(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    channel = open_channel(settings("log", path=str(path)), private_hosts=())
    path.mkdir()
    with pytest.raises(DeliveryFailed, match=r"alerts\.jsonl cannot be written to: Is a directory\.") as caught:
        channel.send(alert())
    assert not caught.value.permanent


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_is_a_delivery_that_failed_for_now() -> None:
    channel = open_channel(settings("log", path=os.devnull.replace("null", "full")), private_hosts=())
    with pytest.raises(DeliveryFailed, match="/dev/full cannot be written to: No space left on device"):
        channel.send(alert())


@given(hostile_alerts())
def test_a_line_is_one_line_of_plain_ascii_whatever_users_wrote(told: Alert) -> None:
    line = json_bytes(document_of(cleaned(told))).decode("ascii")
    assert line.isprintable()
    assert alert_of(json.loads(line)) == cleaned(told)
    assert all(text.isprintable() for text in (json.loads(line)["title"], *json.loads(line)["summary"]))
