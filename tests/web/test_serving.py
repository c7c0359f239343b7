"""``trueup serve`` as a real process: it answers, it audits, and it ends without losing anything."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.e2e.test_interrupted import SLOW_CHECK
from tests.support.api import config_in, token_for
from tests.support.command import trueup
from tests.support.ledger_app import made
from tests.support.serving import serving
from trueup.cli.options import utc_now
from trueup.cli.serve import serve_until_told, with_bind
from trueup.model.access import Role
from trueup.model.errors import ConfigurationError
from trueup.store import open_store
from trueup.web.server import address_of, listening_socket

SCHEDULED = "\n[audits]\nevery_minutes = 1\n"

SLOW_WRITER = """
import sys, threading, time
from datetime import datetime
from pathlib import Path
from fastapi import APIRouter
from tests.support.api import Clock, config_in
from tests.support.routes import app_of
from trueup.web import logs, server
from trueup.web.access import Permission, requires
from trueup.web.services import Services

router = APIRouter()
folder = Path.cwd()

@router.get("/write", dependencies=[requires(Permission.HEALTH_READ)])
def write() -> str:
    (folder / "begun").touch()
    time.sleep(float(sys.argv[1]))
    (folder / "written").touch()
    return "written"

services = Services(config=config_in(folder), catalogue=(), clock=Clock())
app = app_of(services, router)
logs.write_to()
with server.listening_socket("127.0.0.1", 0) as listening:
    logs.logger().info("serving", address=server.address_of(*listening.getsockname()))
    server.run(app, listening=listening, settings=services.config.server, stopping=services.stopping)
"""


def prepared(folder: Path, *, slow: bool = False, schedule: str = "") -> str:
    """An app database, a config, and a token for the API. ``slow`` makes every audit endless."""
    made(folder, users=[("user_1", "FREE", 0)])
    config = folder / "trueup.toml"
    config.write_text(config.read_text() + schedule)
    (folder / "scratch").mkdir()
    if slow:
        (folder / "checks").mkdir()
        (folder / "checks" / "slow.py").write_text(SLOW_CHECK)
    with open_store(f"sqlite:///{folder}/trueup.db") as store:
        return token_for(store, Role.SUPER_ADMIN, now=utc_now())


def left(folder: Path) -> list[Path]:
    """Files that were left where books are made."""
    return [path for path in (folder / "scratch").rglob("*") if path.is_file()]


def wait_until(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_a_server_answers_audits_by_itself_and_ends_with_0(tmp_path: Path) -> None:
    token = prepared(tmp_path, schedule=SCHEDULED)
    with serving(tmp_path, TMPDIR=str(tmp_path / "scratch")) as served:
        assert served.get("/healthz").json() == {"status": "ok"}
        assert served.get("/openapi.json").status_code == 401
        answer = served.get("/openapi.json", token=token)
        assert answer.status_code == 200
        assert "server" not in answer.headers
        audited = served.wait_for("audited")
        age = served.get("/readyz").json()["lastAuditAgeSeconds"]
        assert age is None or age < 60
        assert served.stop() == 0
    with open_store(f"sqlite:///{tmp_path}/trueup.db") as store:
        (run,) = store.runs.list()
        assert (run.run_id, run.trigger) == (audited["runId"], "schedule")
    assert left(tmp_path) == []
    request = next(one for one in served.events() if one["event"] == "request" and one["route"] == "/openapi.json")
    assert request["status"] == 401
    assert token not in "".join(served.lines)
    assert len(served.events()) == len(served.lines)


@pytest.mark.slow
def test_the_demo_serves_its_company_with_a_token_shown_once(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "trueup", "demo", "--folder", ".", "--accounts", "100", "--port", "0")
    with serving(tmp_path, *command) as served:
        assert served.address.startswith("http://127.0.0.1:")
        (shown,) = [line for line in served.lines if "trueup_" in line]
        token = shown.strip().removeprefix("export TRUEUP_TOKEN=")
        report = served.get("/api/admin/billing-assurance", token=token).json()
        truth = json.loads((tmp_path / "truth.json").read_text())
        assert {issue["id"] for issue in report["issues"]} == {finding["id"] for finding in truth["findings"]}
        repairable = next(issue["id"] for issue in report["issues"] if "kind" in (issue["repair"] or {}))
        order = {"issueId": repairable, "reason": "to see it at work"}
        headers = {"Authorization": f"Bearer {token}"}
        done = httpx.post(f"{served.address}/api/admin/billing-assurance", json=order, headers=headers, timeout=60)
        assert done.status_code == 200, done.text
        assert served.get("/api/v1/journal/verify", token=token).json()["verdict"] == "sound"
        (link,) = [line.strip() for line in served.lines if "/sign-in/" in line]
        form = {"Origin": served.address, "Content-Type": "application/x-www-form-urlencoded"}
        signed_in = httpx.post(link, headers=form)
        assert signed_in.status_code == 303
        cookie = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
        assert httpx.get(f"{served.address}/api/v1/tokens", headers=cookie).status_code == 200
        assert httpx.post(link, headers=form).status_code == 403
        assert link.rpartition("/")[2] not in "".join(line for line in served.lines if line.startswith("{"))
        headers["Content-Type"] = "application/json"
        chunks = (b" " * 1024 for _ in range(100))  # of a length that nobody announces
        path = f"{served.address}/api/admin/billing-assurance"
        assert httpx.post(path, content=chunks, headers=headers, timeout=60).status_code == 413
        assert served.stop(signal.SIGINT) == 0


@pytest.mark.slow
def test_a_running_audit_is_ended_and_its_lease_given_back(tmp_path: Path) -> None:
    prepared(tmp_path, slow=True, schedule=SCHEDULED)
    with (
        serving(tmp_path, TMPDIR=str(tmp_path / "scratch")) as served,
        open_store(f"sqlite:///{tmp_path}/trueup.db") as store,
    ):
        name = "audit:production:45"
        deadline = time.monotonic() + 30
        while store.leases.get(name, now=utc_now()) is None or not left(tmp_path):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1)
        started = time.monotonic()
        assert served.stop(signal.SIGINT) == 0
        assert time.monotonic() - started < 15
        assert store.leases.get(name, now=utc_now()) is None
        assert store.runs.list() == ()
    assert left(tmp_path) == []
    assert served.events()[-1] | {"at": ""} == {"event": "stopped", "whole": True, "level": "info", "at": ""}


@pytest.mark.slow
def test_sigterm_first_says_not_ready_then_lets_a_running_request_end(tmp_path: Path) -> None:
    command = (sys.executable, "-c", SLOW_WRITER, "5")
    with serving(tmp_path, *command, PYTHONPATH=str(Path(__file__).parents[2])) as served:
        answers: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: answers.append(served.get("/write")))
        asking.start()
        wait_until(tmp_path / "begun")
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert served.get("/readyz").status_code == 503
        assert served.get("/healthz").status_code == 200
        assert served.process.wait(60) == 0
        asking.join()
        assert answers[0].text == '"written"'
        with pytest.raises(httpx.ConnectError):
            served.get("/healthz")


@pytest.mark.slow
def test_whoever_waits_for_an_audit_is_told_when_the_server_stops(tmp_path: Path) -> None:
    token = prepared(tmp_path, slow=True)
    with serving(tmp_path, TMPDIR=str(tmp_path / "scratch")) as served:
        answers: list[httpx.Response] = []
        path = "/api/admin/billing-assurance?periodDays=45"
        asking = threading.Thread(target=lambda: answers.append(served.get(path, token=token)))
        asking.start()
        deadline = time.monotonic() + 30
        while not left(tmp_path):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert served.stop() == 0
        asking.join()
    assert answers[0].status_code == 503
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert left(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize(("more", "seen"), [("", "127.0.0.1"), ('trusted_proxies = ["127.0.0.1"]\n', "192.0.2.7")])
def test_a_forwarded_address_is_believed_from_a_proxy_that_was_named(tmp_path: Path, more: str, seen: str) -> None:
    """The server's own default would believe whoever sits on this machine."""
    prepared(tmp_path, schedule=f"\n[server]\n{more}")
    with serving(tmp_path) as served:
        headers = {"X-Forwarded-For": "192.0.2.7", "Authorization": "Bearer trueup_wrong"}
        httpx.get(f"{served.address}/openapi.json", headers=headers)
        assert served.wait_for("refused")["address"] == seen


@pytest.mark.parametrize("bind", ["8321", "localhost:", "127.0.0.1:99999", "127.0.0.1:x", "a b:1", "[::1:1"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, bind: str) -> None:
    with pytest.raises(ConfigurationError, match="--bind"):
        with_bind(config_in(tmp_path), bind)


def test_an_answer_does_not_wait_for_its_headers_to_be_acknowledged() -> None:
    with (
        listening_socket("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_ipv6_address_is_written_in_brackets(tmp_path: Path) -> None:
    server = with_bind(config_in(tmp_path), "[::1]:80").server
    assert (server.host, server.port, address_of(server.host, server.port)) == ("::1", 80, "http://[::1]:80")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "code"),
    [(["serve"], 2), (["demo", "--accounts", "100", "--folder", "."], 0)],
)
def test_without_the_extra_it_is_said_how_to_get_it(tmp_path: Path, command: list[str], code: int) -> None:
    made(tmp_path) if command == ["serve"] else None
    # As if they were not installed.
    program = f"""
import importlib.util, sys
from trueup.cli import main
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "fastapi" else found(name, *more)
sys.argv = ["trueup", *{command!r}]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, done.stderr
    assert "pip install 'trueup[serve]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_in_use_is_one_sentence(tmp_path: Path) -> None:
    made(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = trueup("serve", "--bind", f"127.0.0.1:{taken.getsockname()[1]}", cwd=tmp_path)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "in use" in ran.err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("[server]\ntokens = false\n", "No client could sign in"),
        ('[audits]\ncron = "never"\n', "audits.cron"),
        ('[audits]\ncron = "0 0 * * *"\nevery_minutes = 5\n', "keep one of them"),
        ('[server]\norigins = ["https://a.example.com/"]\n', "server.origins[1]"),
        ('[server]\ntrusted_proxies = ["proxy"]\n', "server.trusted_proxies[1]"),
        (
            '[server.jwt]\nissuer = "i"\naudience = "a"\njwks_url = "https://i.example.com"\nalgorithms = ["HS256"]\n',
            "server.jwt.algorithms",
        ),
    ],
)
def test_a_config_that_cannot_be_served_is_refused_at_the_start(tmp_path: Path, more: str, says: str) -> None:
    open_store(f"sqlite:///{tmp_path}/store.db").close()
    with pytest.raises(ConfigurationError) as refused:
        serve_until_told(with_bind(config_in(tmp_path, more), "127.0.0.1:0"), ())
    assert says in str(refused.value)
