"""A mail says what an alert says, in plain text under headers that nobody else wrote."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import re
import time
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope
from hypothesis import given

from tests.support.alerts import NOW, alert, hostile_alerts, settings
from tests.support.identity import Authority
from tests.support.receivers import PASSWORD, USER, Mailbox, MailSink, late, mail_sink, tcp_script
from trueup.channels import open_channel
from trueup.channels.email import EmailChannel, write
from trueup.channels.wording import cleaned
from trueup.model.alert import Alert, AlertKind
from trueup.model.errors import DeliveryFailed

SENDER = "trueup@ops.example"
TO = ("billing@ops.example", "finance@ops.example")
HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "References", "Auto-Submitted"),
    *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
]


def channel_to(sink: MailSink, authority: Authority, **options: Any) -> EmailChannel:
    usual: dict[str, Any] = {"host": "127.0.0.1", "port": sink.port, "sender": SENDER, "to": TO}
    opened = open_channel(
        settings("email", **usual | options),
        private_hosts=("127.0.0.1",),
        trust=authority.trust(),
        clock=lambda: NOW,
    )
    assert isinstance(opened, EmailChannel)
    return opened


def read(mail: Envelope | bytes) -> EmailMessage:
    raw = mail if isinstance(mail, bytes) else mail.content
    assert isinstance(raw, bytes)
    return email.message_from_bytes(raw, policy=email.policy.default)


def text_of(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


def test_a_mail_is_handed_over_encrypted(authority: Authority) -> None:
    told = alert(links={"Console": "https://trueup.example/"})
    with mail_sink(authority.server("127.0.0.1")) as sink:
        channel_to(sink, authority).send(told)
        [mail] = sink.mailbox.mails
    assert sink.mailbox.encrypted == [True]
    assert (mail.mail_from, tuple(mail.rcpt_tos)) == (SENDER, TO)
    message = read(mail)
    assert message["Subject"] == "[production] 3 findings to act on"
    assert (message["From"], message["To"]) == (SENDER, ", ".join(TO))
    assert message["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert message["Message-ID"] == f"<{told.message_id}@ops.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    text = text_of(message)
    assert "Open findings: 1 critical, 2 error\nAt risk: 129.00 USD, 1500.5 credits\n" in text
    assert "    user_1 shows 120 credits where the ledger says 100.\n" in text
    assert text.endswith("… and 1 more\n\nConsole: https://trueup.example/\n")


def test_encryption_from_the_first_byte_and_a_login(authority: Authority) -> None:
    with mail_sink(authority.server("127.0.0.1"), implicit=True, login=True) as sink:
        channel_to(sink, authority, security="tls", user=USER, password=PASSWORD).send(alert())
        assert sink.mailbox.authenticated == [True]


def test_a_login_over_starttls(authority: Authority) -> None:
    with mail_sink(authority.server("127.0.0.1"), login=True) as sink:
        channel_to(sink, authority, user=USER, password=PASSWORD).send(alert())
        wrong = channel_to(sink, authority, user=USER, password="wr0ng")
        with pytest.raises(DeliveryFailed, match=r"answered 535; check the user, the password and") as caught:
            wrong.send(alert())
        assert sink.mailbox.authenticated == [True]
    assert caught.value.permanent
    assert "wr0ng" not in str(caught.value)


def test_a_listed_relay_may_do_without_encryption(authority: Authority) -> None:
    with mail_sink(None) as sink:
        channel_to(sink, authority, security="none").send(alert())
        assert sink.mailbox.encrypted == [False]


def test_a_server_that_offers_no_encryption_gets_nothing(authority: Authority) -> None:
    with mail_sink(None) as sink:
        channel = channel_to(sink, authority, user=USER, password=PASSWORD)
        with pytest.raises(DeliveryFailed, match="offers no encryption") as caught:
            channel.send(alert())
        assert sink.mailbox.mails == []
    assert not caught.value.permanent


@pytest.mark.parametrize("implicit", [True, False])
def test_a_certificate_for_another_name_is_not_believed(authority: Authority, implicit: bool) -> None:
    with mail_sink(authority.server("other.example"), implicit=implicit) as sink:
        channel = channel_to(sink, authority, security="tls" if implicit else "starttls")
        with pytest.raises(DeliveryFailed, match="has a certificate that is not trusted"):
            channel.send(alert())
        assert sink.mailbox.mails == []


def test_a_mail_server_is_judged_by_its_address_too() -> None:
    options = {"host": "localhost", "sender": SENDER, "to": TO}
    channel = open_channel(settings("email", **options), private_hosts=())
    with pytest.raises(DeliveryFailed, match=r"localhost leads to .*, which is loopback and not public"):
        channel.send(alert())


def test_who_gets_it_reads_of_those_who_do_not(authority: Authority) -> None:
    with mail_sink(authority.server("127.0.0.1")) as sink:
        sink.mailbox.refuses[TO[0]] = "550 5.1.1 no such user"
        channel_to(sink, authority).send(alert())
        [mail] = sink.mailbox.mails
    assert mail.rcpt_tos == [TO[1]]
    assert f"The mail server refused this message for: {TO[0]}\n" in text_of(read(mail))


@pytest.mark.parametrize(
    ("answers", "permanent"),
    [(("550 no", "551 no"), True), (("550 no", "451 later"), False), (("452 full",) * 2, False)],
)
def test_a_mail_that_nobody_gets_is_tried_again_while_there_is_hope(
    authority: Authority, answers: tuple[str, str], permanent: bool
) -> None:
    with mail_sink(authority.server("127.0.0.1")) as sink:
        sink.mailbox.refuses |= dict(zip(TO, answers, strict=True))
        with pytest.raises(DeliveryFailed, match=r"127\.0\.0\.1 port \d+ answered [45]\d\d; ") as caught:
            channel_to(sink, authority).send(alert())
        assert sink.mailbox.mails == []
    assert caught.value.permanent is permanent


SCRIPTS = {
    "silence": (),
    "a dripping greeting": [lambda: late(0.1, b"2")] * 40,
    "endless lines": [lambda: b"220-more\r\n" * 500] * 4000,
    "a greeting and then nothing": [lambda: b"220 hello\r\n"],
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_server_that_takes_too_long_is_left(authority: Authority, script: str) -> None:
    with tcp_script(*SCRIPTS[script]) as port:
        slow = channel_to(MailSink(port=port, mailbox=Mailbox()), authority)
        started = time.monotonic()
        with pytest.raises(DeliveryFailed, match=r"did not answer in full within 0\.5 seconds") as caught:
            dataclasses.replace(slow, seconds=0.5).send(alert())
    assert time.monotonic() - started < 2
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "greeting", [b"554 go away\r\n", b"421 later\r\n", b"200 hello\r\n", b"hello\r\n", b"x" * 9000]
)
def test_a_server_that_does_not_greet_gets_nothing(authority: Authority, greeting: bytes) -> None:
    with tcp_script(lambda: greeting) as port:
        channel = channel_to(MailSink(port=port, mailbox=Mailbox()), authority)
        with pytest.raises(DeliveryFailed) as caught:
            channel.send(alert())
    assert caught.value.permanent == greeting.startswith((b"554", b"xxx"))


def test_a_yes_that_breaks_off_is_no_yes(authority: Authority) -> None:
    answers = b"220 hi\r\n250 hi\r\n250 sender\r\n250 first\r\n250 second\r\n354 go\r\n250 acc"
    with tcp_script(lambda: answers) as port:
        channel = channel_to(MailSink(port=port, mailbox=Mailbox()), authority, security="none")
        with pytest.raises(DeliveryFailed, match=r"did not answer in full within 0\.5 seconds"):
            dataclasses.replace(channel, seconds=0.5).send(alert())


def test_messages_about_one_trouble_are_one_thread() -> None:
    first, second = (
        write(alert(kind=kind), sender=SENDER, recipients=TO, message_id=alert(kind=kind).message_id, now=NOW)
        for kind in (AlertKind.OPENED, AlertKind.RESOLVED)
    )
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]


def test_a_long_subject_keeps_every_blank_between_words_that_are_encoded() -> None:
    """Python's own folding joined the last two of these words."""
    place = (
        "@here@here漢字0"
        + r"\x1f" * 5
        + r"\n\x0800\x1f\x1f\n\n\n\n\x08\U00018d09000\x1f\x1f\n¡\x1f\U00011daa\U00012544"
        "www.evil.example*bold*"
    )
    written = write(
        alert(environment=place, title="<!channel>" * 8), sender=SENDER, recipients=TO, message_id="msg_1", now=NOW
    )
    assert str(read(written.as_bytes(policy=email.policy.SMTP))["Subject"]) == str(written["Subject"])


@given(hostile_alerts())
def test_a_reader_sees_our_headers_and_no_link_or_control_of_anybody_else(told: Alert) -> None:
    written = write(cleaned(told), sender=SENDER, recipients=TO, message_id="msg_1", now=NOW)
    raw = written.as_bytes(policy=email.policy.SMTP)
    assert raw.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = read(raw)
    assert list(message.keys()) == HEADERS
    assert not message.defects
    subject = str(message["Subject"])
    assert subject.isprintable()
    assert len(subject) <= 220
    assert subject.split() == str(written["Subject"]).split()  # a long one is folded at its blanks
    assert (message["To"], message["From"]) == (", ".join(TO), SENDER)
    body = text_of(message)
    assert body.replace("\n", "").isprintable()
    theirs = re.sub(r": https://console\.example/\S*", "", body)
    assert "://" not in theirs
    assert not re.search(r"\bwww\.", theirs, re.IGNORECASE)
