"""What the image holds works: built by the Dockerfile's own steps, run as its user on a root that is read-only."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.container import Container, container
from tests.support.databases import free_port
from tests.support.dockerfile import instructions
from trueup import __version__
from trueup.demo.gates import FILES

pytestmark = pytest.mark.slow
FINAL = {step.name: step for step in instructions(Path(__file__).parents[2] / "Dockerfile") if step.stage == 2}


@pytest.fixture(scope="module")
def image() -> Iterator[Container]:
    """The built image with a demo company on its volume, its config in place."""
    with container() as made:
        done = made.trueup("demo", "--no-serve", "--accounts", "100", "--folder", str(made.volume))
        assert done.returncode == 1, done.stderr
        text = (made.volume / "trueup.toml").read_text("utf-8")
        url = f"sqlite:///{made.volume}/app.db"
        text = text.replace("[database]\n", f'[database]\nrepair_url = "{url}"\n')
        made.config.write_text(text + f'\n[store]\nurl = "sqlite:///{made.volume}/trueup.db"\n')
        for name in FILES:
            shutil.copy(made.volume / name, made.config.parent)
        yield made


def files(folder: Path) -> set[str]:
    """The names of what lies in a folder, without SQLite's companions."""
    return {path.name for path in folder.rglob("*") if not path.name.endswith(("-wal", "-shm"))}


def test_it_holds_the_program_and_neither_pip_nor_build_tools(image: Container) -> None:
    assert image.trueup("--version").stdout == f"trueup {__version__}\n"
    for module in ("pip", "hatchling", "pytest", "setuptools"):
        assert image.run("python", "-c", f"import {module}").returncode == 1, module


def test_an_audit_leaves_its_run_in_the_store_and_nothing_else(image: Container) -> None:
    before = files(image.volume)
    done = image.trueup("audit", "--format", "json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["summary"]["checkedUsers"] == 100
    assert files(image.tmp) == set()
    assert files(image.volume) - before <= {"trueup.db", "trueup.db-made"}
    assert "demo" in image.trueup("runs", "newest").stdout


def test_a_repair_can_be_made_by_a_user_that_has_no_name(image: Container) -> None:
    installed = image.trueup("init", "--install")
    assert installed.returncode == 0, installed.stderr
    done = image.trueup("repair", "--safe", "--reason", "Agreed with finance in ticket 4711.")
    assert "applied" in done.stdout, done.stdout + done.stderr
    assert image.trueup("journal", "verify").returncode == 0


def test_it_serves_is_healthy_as_the_image_asks_and_stops_when_told(image: Container) -> None:
    port = free_port()
    server = image.start("trueup", "serve", "--bind", f"127.0.0.1:{port}")
    try:
        ready = _ready(server, f"http://127.0.0.1:{port}/readyz")
        assert ready["status"] == "ready"
        check = [word.replace("8321", str(port)) for word in FINAL["HEALTHCHECK"].exec_form]
        assert image.run(*check).returncode == 0
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=60)
    finally:
        server.kill()
    assert server.returncode == 0, log
    assert image.run(*check).returncode != 0
    assert [json.loads(line)["event"] for line in log.splitlines()][-1] == "stopped"
    assert files(image.tmp) == set()


def test_without_a_config_it_says_so_in_one_sentence(image: Container) -> None:
    done = image.trueup(*FINAL["CMD"].exec_form, TRUEUP_CONFIG="/nowhere/trueup.toml")
    assert done.returncode == 2
    assert re.fullmatch(r"trueup: There is no config at /nowhere/trueup\.toml; .*\n", done.stderr)


def test_nothing_of_it_can_be_changed_from_inside(image: Container) -> None:
    if not image.is_confined:
        pytest.skip("NOT TESTED: a read-only root needs root and mount namespaces here")
    for folder in ("/", "/usr/local", f"{image.folder}/opt/bin", f"{image.folder}/etc"):
        place = f"{folder}/written"
        tried = image.run("python", "-c", f"import sys\ntry: open({place!r}, 'w')\nexcept OSError: sys.exit(7)")
        assert tried.returncode == 7, place


def _ready(server: subprocess.Popen[str], address: str) -> dict[str, object]:
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, server.communicate()
        try:
            with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own address
                found: dict[str, object] = json.load(answer)
                return found
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
