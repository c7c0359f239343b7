"""One request over real TLS, and every way in which the other side can misbehave."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

import pytest

from tests.support.identity import Authority
from tests.support.receivers import SECRET_PATH, HTTPSink, Reply, answer, http_sink, late, tcp_script
from trueup.model.errors import ConfigurationError, OutgoingFailed
from trueup.outgoing import ANSWER_BYTES_LIMIT, HttpResponse, exchange, fetch_json, post
from trueup.outgoing.addresses import PrivateHosts
from trueup.outgoing.dialing import Reach

LOOPBACK = ("127.0.0.1",)


def posted(sink: HTTPSink, authority: Authority, **headers: str) -> HttpResponse:
    return post(sink.url, b"{}", headers, private_hosts=LOOPBACK, trust=authority.trust())


def fetched(sink: HTTPSink, authority: Authority) -> object:
    return fetch_json(sink.url, private_hosts=LOOPBACK, trust=authority.trust())


def test_a_post_arrives_as_it_was_sent_and_the_answer_comes_back(sink: HTTPSink, authority: Authority) -> None:
    sink.reply(answer(202, b"thanks", Retry_After="7"))
    came = posted(sink, authority, x_own="yes")
    assert (came.status, came.body, came.cut, came.accepted, came.retry_after_seconds) == (
        202,
        b"thanks",
        False,
        True,
        7,
    )
    [request] = sink.received
    assert (request.method, request.path, request.body) == ("POST", f"/services/T0/{SECRET_PATH}", b"{}")
    assert request.headers["host"] == f"127.0.0.1:{sink.port}"
    assert request.headers["x_own"] == "yes"
    assert request.headers["content-length"] == "2"


def test_what_makes_other_clients_dangerous_is_not_there(
    sink: HTTPSink, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    sink.reply(answer(200, b"", Set_Cookie="session=1"), answer(200, b""))
    posted(sink, authority)
    posted(sink, authority)
    assert [request.headers.keys() & {"cookie", "authorization"} for request in sink.received] == [set(), set()]
    assert {request.headers["accept-encoding"] for request in sink.received} == {"identity"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(sink: HTTPSink, authority: Authority, status: int) -> None:
    sink.reply(answer(status, b"", Location=f"https://127.0.0.1:{sink.port}/elsewhere"))
    assert posted(sink, authority).status == status
    assert len(sink.received) == 1
    with pytest.raises(OutgoingFailed, match=f"answered {status} instead of a document"):
        fetched(sink, authority)


def test_a_host_that_is_not_listed_is_not_called(sink: HTTPSink, authority: Authority) -> None:
    with pytest.raises(OutgoingFailed, match=r"127\.0\.0\.1 is loopback and not public"):
        post(sink.url, b"{}", {}, private_hosts=(), trust=authority.trust())
    assert sink.received == []


def test_a_name_is_checked_against_the_certificate_and_not_the_address(sink: HTTPSink, authority: Authority) -> None:
    reach = Reach(private_hosts=PrivateHosts.read(LOOPBACK), trust=authority.trust(), resolve=lambda *_: ["127.0.0.1"])
    named = reach.endpoint(f"https://sink.example:{sink.port}/", named="It")
    assert exchange("POST", named, reach, headers={}, body=b"").status == 200
    other = reach.endpoint(f"https://other.example:{sink.port}/", named="It")
    with pytest.raises(
        OutgoingFailed, match=r"other\.example could not agree on an encrypted connection: its certificate is not trus"
    ):
        exchange("POST", other, reach, headers={}, body=b"")
    assert len(sink.received) == 1


def test_a_certificate_of_an_unknown_authority_is_not_believed(sink: HTTPSink) -> None:
    with pytest.raises(OutgoingFailed, match="its certificate is not trusted"):
        post(sink.url, b"{}", {}, private_hosts=LOOPBACK)
    assert sink.received == []


def test_an_expired_certificate_is_not_believed(authority: Authority) -> None:
    with (
        http_sink(authority.server("127.0.0.1", expired=True)) as expired,
        pytest.raises(OutgoingFailed, match="certificate has expired"),
    ):
        posted(expired, authority)


def test_plain_http_is_only_for_listed_hosts() -> None:
    with http_sink(None) as plain:
        assert post(plain.url, b"{}", {}, private_hosts=LOOPBACK).status == 200
        with pytest.raises(ConfigurationError, match=r"is not encrypted; write https://, or list 127\.0\.0\.1 in"):
            post(plain.url, b"{}", {}, private_hosts=("localhost", "10.0.0.0/8"))
        with pytest.raises(OutgoingFailed, match="could not agree on an encrypted connection"):
            post(plain.url.replace("http:", "https:"), b"{}", {}, private_hosts=LOOPBACK)


def test_a_long_answer_is_cut(sink: HTTPSink, authority: Authority) -> None:
    sink.reply(answer(200, b"x" * ANSWER_BYTES_LIMIT), answer(200, b"x" * (ANSWER_BYTES_LIMIT + 1)))
    whole, cut = posted(sink, authority), posted(sink, authority)
    assert (len(whole.body), whole.cut, len(cut.body), cut.cut) == (ANSWER_BYTES_LIMIT, False, ANSWER_BYTES_LIMIT, True)
    with pytest.raises(OutgoingFailed, match=f"more than {ANSWER_BYTES_LIMIT} bytes"):
        fetched(sink, authority)


def test_an_endless_answer_ends(sink: HTTPSink, authority: Authority) -> None:
    def endless() -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"1000\r\n" + b"x" * 4096 + b"\r\n"

    sink.reply(endless)
    assert posted(sink, authority).cut


def _slowly(data: bytes) -> Reply:
    def pieces() -> Iterable[bytes]:
        for index in range(len(data)):
            yield late(0.05, data[index : index + 1])

    return pieces


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"
SLOW = {
    "a dripping head": _slowly(HEAD),
    "a dripping body": lambda: [HEAD, *_slowly(b"x" * 400)()],
    "endless interim answers": lambda: (late(0.05, b"HTTP/1.1 103 Early\r\n\r\n") for _ in range(400)),
    "silence": lambda: [late(2, b"")],
}


@pytest.mark.parametrize("how", SLOW)
def test_whoever_takes_too_long_is_left(sink: HTTPSink, authority: Authority, how: str) -> None:
    sink.reply(SLOW[how])
    reach = Reach(private_hosts=PrivateHosts.read(LOOPBACK), trust=authority.trust(), seconds=0.5)
    started = time.monotonic()
    with pytest.raises(OutgoingFailed, match=r"did not answer in full within 0\.5 seconds") as caught:
        exchange("POST", reach.endpoint(sink.url, named="It"), reach, headers={}, body=b"{}")
    assert time.monotonic() - started < 1.5
    assert SECRET_PATH not in str(caught.value)


def test_a_server_that_never_finishes_its_greeting_is_left(authority: Authority) -> None:
    with tcp_script() as port:
        reach = Reach(private_hosts=PrivateHosts.read(LOOPBACK), trust=authority.trust(), seconds=0.3)
        with pytest.raises(OutgoingFailed, match="did not answer in full"):
            exchange("GET", reach.endpoint(f"https://127.0.0.1:{port}/", named="It"), reach, headers={})


def test_a_receiver_that_does_not_read_is_left() -> None:
    with tcp_script() as port:
        reach = Reach(private_hosts=PrivateHosts.read(LOOPBACK), seconds=0.3)
        endpoint = reach.endpoint(f"http://127.0.0.1:{port}/", named="It")
        with pytest.raises(OutgoingFailed, match="did not answer in full"):
            exchange("POST", endpoint, reach, headers={}, body=b"x" * 30_000_000)


NOT_HTTP: dict[str, Reply] = {
    "other words": lambda: [b"220 mail.example ESMTP\r\n\r\n"],
    "nothing": lambda: [b""],
    "half an answer": lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"],
    "an endless header": lambda: [b"HTTP/1.1 200 OK\r\n", *(b"X: " + b"x" * 8000 + b"\r\n" for _ in range(40))],
    "two lengths": lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"],
}


@pytest.mark.parametrize("what", NOT_HTTP)
def test_what_is_not_http_is_no_answer(sink: HTTPSink, authority: Authority, what: str) -> None:
    sink.reply(NOT_HTTP[what])
    with pytest.raises(OutgoingFailed, match="closed the connection, or answered with something that is not HTTP"):
        posted(sink, authority)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ({"Retry_After": "30"}, 30),
        ({"Retry_After": "0"}, 0),
        ({"Retry_After": "999999999999"}, 3600),
        ({"Retry_After": "9" * 400}, None),
        ({"Retry_After": "-1"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "Sun, 01 Mar 2026 12:01:00 GMT", "Date": "Sun, 01 Mar 2026 12:00:00 GMT"}, 60),
        ({"Retry_After": "Sun, 01 Mar 2026 11:00:00 GMT", "Date": "Sun, 01 Mar 2026 12:00:00 GMT"}, 0),
        ({"Retry_After": "Sun, 01 Mar 2026 12:01:00 GMT"}, None),
        ({}, None),
    ],
)
def test_how_long_to_stay_away_is_read_against_the_receivers_own_clock(
    sink: HTTPSink, authority: Authority, asked: dict[str, str], seconds: float | None
) -> None:
    sink.reply(answer(429, b"", **asked))
    assert posted(sink, authority).retry_after_seconds == seconds


def test_a_document_is_fetched_as_json(sink: HTTPSink, authority: Authority) -> None:
    sink.reply(answer(200, b'{"keys": [{"kid": "1"}]}'))
    assert fetched(sink, authority) == {"keys": [{"kid": "1"}]}
    assert (sink.received[0].method, sink.received[0].headers["accept"]) == ("GET", "application/json")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": NaN}', b"\xff\xfe", b"[" * 60_000, b"1" * 5000, b"\x1f\x8b"])
def test_what_is_no_json_document_is_refused(sink: HTTPSink, authority: Authority, body: bytes) -> None:
    sink.reply(answer(200, body))
    with pytest.raises(OutgoingFailed, match=r"https://127\.0\.0\.1:\d+ answered with something that is not JSON\."):
        fetched(sink, authority)


def test_no_log_line_of_any_library_holds_the_path(
    sink: HTTPSink, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        posted(sink, authority)
        with pytest.raises(OutgoingFailed):
            fetched(sink, authority)
    assert SECRET_PATH not in caplog.text
