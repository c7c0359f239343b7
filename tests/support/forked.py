"""One process per test worker that has imported trueup, and forks for every command that a test runs.

It leaves out what a new interpreter does before ``trueup.cli.main.main``: starting, importing, reading the catalogue's
SQL, building the command line. Everything after is the command's own, in a process of its own, with its own arguments,
folder, environment and output, up to the end of its threads, its ``atexit`` functions and its last flush. What an
interpreter does then, taking apart what it has imported, object by object, is left out as well: it took ten times as
long as a small command.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import trueup
from tests.support.last_exit import leave_last
from trueup.checks import catalogue
from trueup.cli.main import command_line
from trueup.cli.main import main as trueup_command
from trueup.engines.requirements import needs_of_check, reads_of_check
from trueup.engines.sql import names_selected, subject_column

_MOST_BYTES = 1 << 20
_PLACES = (1, 2, 0)
"""Where the descriptors of an order go: standard output, standard error and, where there is a third, input."""


def main() -> None:
    """Answer orders on the socket whose descriptor is the first argument; a command's process leaves this loop."""
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        _warm()
        while True:
            order, descriptors, _, _ = socket.recv_fds(orders, _MOST_BYTES, len(_PLACES))
            if not order:
                os._exit(0)
            process = os.fork()
            if process == 0:
                break
            for descriptor in descriptors:
                os.close(descriptor)
            orders.sendall(f"{process}\n".encode())
            orders.sendall(f"{json.dumps(_ended(process, json.loads(order).get('deadline_seconds')))}\n".encode())
    asked = json.loads(order)
    _limit(asked.get("limits", {}))
    _command(asked["arguments"], Path(asked["cwd"]), asked["environment"], descriptors)


def _ended(process: int, deadline_seconds: float | None) -> dict[str, object]:
    """How the process ended and what it took; one that is late is killed, with whatever it started."""
    descriptor = os.pidfd_open(process)
    is_late = deadline_seconds is not None and not select.select([descriptor], [], [], deadline_seconds)[0]
    os.close(descriptor)
    if is_late:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
    _, status, used = os.wait4(process, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "is_late": is_late,
        "seconds": used.ru_utime + used.ru_stime,
        "mebibytes": used.ru_maxrss // 1024,
    }


def _limit(limits: Mapping[str, int]) -> None:
    """Set limits of the operating system, by their names there: RLIMIT_DATA, RLIMIT_FSIZE."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))


def _warm() -> None:
    """Import all of trueup and read the catalogue's SQL, and let no fork look through that for garbage."""
    for module in pkgutil.walk_packages(trueup.__path__, "trueup."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for check in catalogue():
        needs_of_check(check)
        reads_of_check(check)
        names_selected(check.violations)
        subject_column(check.violations)
    command_line()
    gc.collect()
    gc.freeze()


def _command(arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], descriptors: Sequence[int]) -> None:
    """Be ``trueup`` with these arguments, in this folder, with this environment, writing to these descriptors."""
    os.setpgid(0, 0)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, place in zip(descriptors, _PLACES, strict=False):
        os.dup2(descriptor, place)
        os.close(descriptor)
    sys.argv = ["trueup", *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with leave_last():
        trueup_command()


if __name__ == "__main__":
    main()
