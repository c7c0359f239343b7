"""Those who repair, by the command and by the API, and what kills them."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import httpx

from tests.soak.people import DRIVERS, Stage
from tests.soak.place import HONEST, VANDALISED, repairing_backends
from tests.support.command import environment
from tests.support.databases import MariaDBServer, PostgresServer
from tests.support.serving import Served, serving

PATH = "/api/admin/billing-assurance"
REASON = "Edited by hand during the soak test."
COMMAND_SECONDS = 120
SERVER_LIVES_SECONDS = 25.0
STATUSES = {200: "applied", 404: "stale", 409: "stale", 422: "refused", 503: "busy"}


class Door:
    """Where the server is now; nothing while it is down."""

    address: str | None = None


def serve_and_die(stage: Stage, door: Door) -> None:
    """Serve, be killed, serve again, until the round ends."""
    while not stage.ended.is_set():
        with serving(stage.place.folder, **stage.place.variables) as served:
            _live(stage, door, served)
        door.address = None
        if not stage.ended.is_set():
            stage.tally["servers killed"] += 1


def _live(stage: Stage, door: Door, served: Served) -> None:
    door.address = served.address
    stage.ended.wait(stage.chance.uniform(2, SERVER_LIVES_SECONDS))
    if not stage.ended.is_set():
        served.process.send_signal(signal.SIGKILL)


def ask_the_server(stage: Stage, door: Door) -> None:
    """Ask for one repair after the other, sometimes under a key that was used before."""
    keys: list[tuple[str, str]] = []
    while stage.pause(0.4):
        if door.address is None:
            continue
        issue, key = _issue(stage), f"soak-{stage.chance.getrandbits(64)}"
        if keys and stage.chance.random() < 0.2:
            issue, key = stage.chance.choice(keys)
        keys = [*keys[-20:], (issue, key)]
        headers = {"Authorization": f"Bearer {stage.place.token}", "Idempotency-Key": key}
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.post(
                door.address + PATH, json={"issueId": issue, "reason": REASON}, headers=headers, timeout=60
            )
            stage.tally[f"server: {STATUSES.get(answer.status_code, str(answer.status_code))}"] += 1
            if answer.status_code == 200:
                stage.applied.add(answer.json()["repairId"])
            continue
        stage.tally["server: no answer"] += 1


def run_the_command(stage: Stage) -> None:
    """Run ``trueup repair`` again and again, and kill it now and then."""
    while stage.pause(0.5):
        arguments = ["--safe"] if stage.chance.random() < 0.3 else [_issue(stage)]
        arguments += ["--reason", REASON, "--format", "json"]
        seconds = stage.chance.uniform(0.5, 5) if stage.chance.random() < 0.4 else COMMAND_SECONDS
        with subprocess.Popen(
            [sys.executable, "-m", "trueup", "repair", *arguments],
            cwd=stage.place.folder,
            env=environment(**stage.place.variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        ) as process:
            said = _said_until(stage, process, seconds)
        if process.returncode == -signal.SIGKILL:
            stage.tally["commands killed"] += 1
        _note(stage, said.splitlines())


def _said_until(stage: Stage, process: subprocess.Popen[str], seconds: float) -> str:
    """What it says until it ends, is killed after so long, or the round ends."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return process.communicate(timeout=0.2)[0]
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline or stage.ended.is_set():
                process.kill()
                return process.communicate()[0]


def _note(stage: Stage, lines: Sequence[str]) -> None:
    for line in lines:
        with contextlib.suppress(json.JSONDecodeError):  # its last words, when it was killed
            said = json.loads(line)
            stage.tally[f"command: {said['result']}"] += 1
            if "repairId" in said:
                stage.applied.add(said["repairId"])


def end_backends(stage: Stage, server: PostgresServer | MariaDBServer) -> None:
    """End one connection that repairs, again and again."""
    with stage.place.database.session() as session:
        word = "SELECT pg_terminate_backend({})" if isinstance(server, PostgresServer) else "KILL CONNECTION {}"
        while stage.pause(4):
            backends = repairing_backends(stage.place, server)
            if not backends:
                continue
            with contextlib.suppress(*DRIVERS):  # it has ended by itself
                session.execute(word.format(stage.chance.choice(backends)))
                stage.tally["backends ended"] += 1


def _issue(stage: Stage) -> str:
    """One that was made lately, or one of an account that is in order."""
    if stage.issues and stage.chance.random() < 0.7:
        return stage.chance.choice(list(stage.issues))
    return f"credit-balance:{stage.chance.choice((*HONEST, *VANDALISED))}"


def run_to_its_end(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``trueup`` undisturbed."""
    return subprocess.run(
        [sys.executable, "-m", "trueup", *arguments],
        cwd=stage.place.folder,
        env=environment(**stage.place.variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
