"""One process per test worker that has imported trueup, and forks for every command that a test runs.

It leaves out what a new interpreter does before ``trueup.cli.main.main``: starting, importing, reading the catalogue's
SQL; two thirds of a small command's time. Everything after is the command's own, in a process of its own, with its own
arguments, folder, environment and output, up to the interpreter's end.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import trueup.actions.audit
import trueup.actions.gate
import trueup.store  # noqa: F401 - for the forks
from trueup.checks import catalogue
from trueup.cli.main import main as trueup_command
from trueup.engines.requirements import needs_of_check, reads_of_check
from trueup.engines.sql import names_selected

_MOST_BYTES = 1 << 20


def main() -> None:
    """Answer orders on the socket whose descriptor is the first argument; a command's process leaves this loop."""
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        _warm()
        while True:
            order, descriptors, _, _ = socket.recv_fds(orders, _MOST_BYTES, 2)
            if not order:
                return
            process = os.fork()
            if process == 0:
                break
            for descriptor in descriptors:
                os.close(descriptor)
            orders.sendall(f"{process}\n".encode())
            _, status = os.waitpid(process, 0)
            orders.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    asked = json.loads(order)
    _command(asked["arguments"], Path(asked["cwd"]), asked["environment"], descriptors)


def _warm() -> None:
    """Read the catalogue's SQL."""
    for check in catalogue():
        needs_of_check(check)
        reads_of_check(check)
        names_selected(check.violations)


def _command(arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], descriptors: Sequence[int]) -> None:
    """Be ``trueup`` with these arguments, in this folder, with this environment, writing to these descriptors."""
    os.setpgid(0, 0)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, place in zip(descriptors, (1, 2), strict=True):
        os.dup2(descriptor, place)
        os.close(descriptor)
    sys.argv = ["trueup", *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    trueup_command()


if __name__ == "__main__":
    main()
