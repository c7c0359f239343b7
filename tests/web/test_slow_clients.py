"""Clients that take their time, or too much of everything, keep no one else from being answered."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.api import token_for
from tests.support.clients import HALF_A_HEAD, answer, connected, crowd, exchanged, limited_to, trickled
from tests.support.ledger_app import made
from tests.support.serving import SERVE, serving
from trueup.cli.options import utc_now
from trueup.model.access import Role
from trueup.store import open_store

POST = b"POST /api/v1/exemptions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
QUICK = "\n[server]\nrequest_timeout_seconds = 2\n"


def prepared(folder: Path, more: str = "") -> Path:
    made(folder)
    config = folder / "trueup.toml"
    config.write_text(config.read_text() + more)
    open_store(f"sqlite:///{folder}/trueup.db").close()
    return folder


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "head",
    [
        HALF_A_HEAD,
        b"GET ",
        POST + b"Content-Length: 1000\r\n\r\n{",
        POST + b"Transfer-Encoding: chunked\r\n\r\nFF;",
        b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\nGET /healthz HTTP/1.1\r\nX-Half: ",
    ],
    ids=["half a head", "half a line", "a body", "a chunk", "a second head"],
)
def test_a_request_that_trickles_in_is_closed_at_its_deadline(tmp_path: Path, head: bytes) -> None:
    with serving(prepared(tmp_path, QUICK)) as served:
        seconds, status = trickled(served.address, head, every_seconds=0.2, limit_seconds=20)
        assert seconds < 10
        assert status in (200, 401, 408)
        assert served.get("/healthz").status_code == 200


@pytest.mark.slow
def test_a_connection_that_says_nothing_is_closed(tmp_path: Path) -> None:
    with serving(prepared(tmp_path, QUICK)) as served, connected(served.address, seconds=15) as client:
        assert answer(client) == (None, b"")


@pytest.mark.slow
def test_half_sent_requests_do_not_keep_others_out_when_descriptors_are_few(tmp_path: Path) -> None:
    with serving(prepared(tmp_path), *limited_to(256, SERVE)) as served, crowd(served.address, 300):
        slowest = 0.0
        for _ in range(10):
            started = time.monotonic()
            assert served.get("/healthz", timeout_seconds=20).status_code == 200
            slowest = max(slowest, time.monotonic() - started)
        assert slowest < 5
        before, idle_from = seconds_of_processor(served.process.pid), time.monotonic()
        time.sleep(3)
        assert seconds_of_processor(served.process.pid) - before < 0.5 * (time.monotonic() - idle_from)
        assert served.get("/readyz").status_code == 200
        assert sum(len(line) for line in served.lines) < 20_000


@pytest.mark.slow
def test_an_accept_rests_when_descriptors_are_gone_and_says_so_once(tmp_path: Path) -> None:
    more = "\n[server]\nmax_connections = 1000\nmax_connections_per_address = 1000\n"
    # Fewer than are kept back for everything else: connections are accepted until there are none left.
    with serving(prepared(tmp_path, more), *limited_to(30, SERVE)) as served:
        with crowd(served.address, 100):
            time.sleep(3)
            before = seconds_of_processor(served.process.pid)
            time.sleep(3)
            assert seconds_of_processor(served.process.pid) - before < 1.5
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and served.get("/healthz").status_code != 200:
            time.sleep(0.1)
        assert served.get("/healthz").status_code == 200
        assert len([one for one in served.events() if one["event"] == "cannot accept connections"]) == 1
        assert sum(len(line) for line in served.lines) < 20_000


@pytest.mark.slow
def test_a_client_that_does_not_take_its_answers_is_closed(tmp_path: Path) -> None:
    folder = prepared(tmp_path, QUICK)
    with open_store(f"sqlite:///{folder}/trueup.db") as store:
        token = token_for(store, Role.VIEWER, now=utc_now())
    asked = 400
    request = f"GET /openapi.json HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    with serving(folder) as served, connected(served.address) as client:
        client.sendall(request * asked)
        deadline = time.monotonic() + 60
        while not [one for one in served.events() if one["event"] == "closed slow connections"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        _, received = answer(client)
        assert 0 < received.count(b"HTTP/1.1 200") < asked


@pytest.mark.slow
def test_one_address_cannot_take_the_place_of_others(tmp_path: Path) -> None:
    more = "\n[server]\nmax_connections_per_address = 10\n"
    with serving(prepared(tmp_path, more)) as served, crowd(served.address, 50) as clients:
        assert served.get("/healthz").status_code == 200
        time.sleep(1)
        still = 0
        for client in clients:
            client.setblocking(False)
            try:
                still += client.recv(1) != b""
            except BlockingIOError:
                still += 1
            except ConnectionError:
                pass
        assert still <= 10
        (event,) = [one for one in served.events() if one["event"] == "closed waiting connections"]
        assert event["level"] == "warning"


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", 400),
        (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 100 + b"\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: y\r\n" + b"Connection: close\r\n" + b"X: y\r\n" * 97 + b"\r\n", 200),
    ],
)
def test_what_is_no_request_is_answered_and_closed(tmp_path: Path, request_bytes: bytes, status: int) -> None:
    with serving(prepared(tmp_path)) as served:
        got, received = exchanged(served.address, request_bytes)
        assert got == status
        if status != 200:
            head, _, body = received.partition(b"\r\n\r\n")
            assert b"connection: close" in head.lower()
            assert received.count(b"HTTP/1.1") == 1
            assert b"application/problem+json" in head, body
        assert served.get("/healthz").status_code == 200
        assert not [line for line in served.lines if "Traceback" in line]


@pytest.mark.slow
def test_bad_requests_do_not_fill_the_log(tmp_path: Path) -> None:
    with serving(prepared(tmp_path)) as served:
        before = len(served.lines)
        for _ in range(50):
            assert exchanged(served.address, b"no request at all\r\n\r\n")[0] == 400
            exchanged(served.address, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert len(served.lines) - before <= 52


@pytest.mark.slow
def test_a_stop_does_not_wait_for_a_body_that_does_not_come(tmp_path: Path) -> None:
    with serving(prepared(tmp_path)) as served, crowd(served.address, 5, sending=POST + b"Content-Length: 9\r\n\r\n{"):
        started = time.monotonic()
        assert served.stop() == 0
        assert time.monotonic() - started < 15


def seconds_of_processor(pid: int) -> float:
    """How much of a processor a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
