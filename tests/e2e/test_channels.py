"""The channels as an operator meets them: looked at by the doctor, tried from the command line, over real TLS."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.command import Ran, trueup
from tests.support.identity import Authority
from tests.support.receivers import SECRET_PATH, HTTPSink, answer

SECRET = "whsec_" + "c2VjcmV0" * 5
HEAD = """
[database]
url = "sqlite:///app.db"
[relations.account]
table = "users"
[relations.account.columns]
account_id = "id"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the smallest of applications."""
    with contextlib.closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY)")
    return tmp_path


def tried(folder: Path, sink: HTTPSink, authority: Authority, *, private_hosts: str) -> Ran:
    (folder / "trueup.toml").write_text(
        f'{HEAD}[alerts]\nprivate_hosts = [{private_hosts}]\n[alerts.channels.ops]\nkind = "webhook"\n'
        'url = "${HOOK}"\nsecret = "${SECRET}"\n'
    )
    variables = {"HOOK": sink.url, "SECRET": SECRET, "SSL_CERT_FILE": str(authority.file)}
    return trueup("alerts", "test", "ops", cwd=folder, **variables)


def test_a_test_message_arrives_signed_and_encrypted(folder: Path, sink: HTTPSink, authority: Authority) -> None:
    ran = tried(folder, sink, authority, private_hosts='"127.0.0.1"')
    assert (ran.code, ran.err) == (0, "")
    [request] = sink.received
    assert Webhook(SECRET).verify(request.body, request.headers)["type"] == "trueup.alert.test"


def test_what_does_not_arrive_is_one_sentence_without_the_address(
    folder: Path, sink: HTTPSink, authority: Authority
) -> None:
    inside = tried(folder, sink, authority, private_hosts="")
    assert (inside.code, sink.received) == (3, [])
    assert "127.0.0.1 is loopback and not public; list it in alerts.private_hosts if it may be called." in inside.err
    sink.reply(answer(403, b""))
    refused = tried(folder, sink, authority, private_hosts='"127.0.0.1"')
    assert refused.code == 3
    assert "answered 403; check the channel's address and keys." in refused.err
    assert SECRET_PATH not in inside.out + inside.err + refused.out + refused.err


def test_the_doctor_names_what_is_wrong_with_a_channel(folder: Path) -> None:
    (folder / "trueup.toml").write_text(
        f'{HEAD}[alerts.channels.a]\nkind = "log"\n[alerts.channels.b]\nkind = "slack"\nurll = "x"\n'
        '[alerts.channels.c]\nkind = "slack"\nurl = "https://hooks.slack.com/services/s3cret"\n'
    )
    ran = trueup("doctor", cwd=folder)
    assert ran.code == 2
    assert "ok    alerts      channel a: log; `trueup alerts test a` tries it" in ran.out
    assert 'FAIL  alerts      alerts.channels.b.urll is not an option of slack; did you mean "url"?' in ran.out
    assert "warn  alerts      alerts.channels.c.url holds its secret in plain text; write a reference" in ran.out
    assert "s3cret" not in ran.out + ran.err
