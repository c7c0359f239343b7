"""The oldest Postgres that trueup supports, from the system's own packages: Debian's postgresql-15.

The wheel's Postgres is the newest; what the wall in the database is made of must hold on both.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.databases import (
    START_SECONDS,
    PostgresServer,
    free_port,
    server_folder,
    unavailable,
    with_passwords,
)

OLDEST = 15
_UNPRIVILEGED = "postgres"  # Postgres does not run as root; the package makes this user


@pytest.fixture(scope="session")
def postgres15_server() -> Iterator[PostgresServer]:
    """A private Postgres 15 on a socket in its own folder, stopped and deleted at the end of the session."""
    programs = next(iter(Path("/usr/lib/postgresql").glob(f"{OLDEST}/bin")), None)
    if programs is None:
        unavailable(f"NOT TESTED: no Postgres {OLDEST} on this machine, the oldest supported (apt: postgresql)")
    folder = server_folder("trueup-pg15-")
    try:
        with _running(programs, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(programs: Path, folder: Path) -> Iterator[PostgresServer]:
    data, port = folder / "data", free_port()
    become: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, _UNPRIVILEGED)
        become = ["setpriv", f"--reuid={_UNPRIVILEGED}", f"--regid={_UNPRIVILEGED}", "--clear-groups"]
    initialise = [
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    subprocess.run([*become, *initialise, "--no-sync"], check=True, capture_output=True, cwd=folder)
    log = folder / "log"
    settings = {"unix_socket_directories": folder, "listen_addresses": "", "port": port, "fsync": "off"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*become, programs / "postgres", "-D", data, *options], stdout=written, stderr=written, cwd=folder
        )
    try:
        admin_url = f"postgresql://postgres:@/postgres?host={folder}&port={port}"
        _wait_until_ready(admin_url, process, log)
        yield with_passwords(data, admin_url, port=port)
    finally:
        process.send_signal(signal.SIGQUIT)  # an immediate stop: its data is deleted next
        process.wait(START_SECONDS)


def _wait_until_ready(admin_url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(admin_url).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.1)
        else:
            return
