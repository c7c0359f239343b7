"""The real command line in a process of its own, as a person or a pipeline runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without what would colour or configure trueup, with these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRUEUP_", "DATABASE_"))}
    return {**kept, "COLUMNS": "100", **variables}


def trueup(*arguments: str, cwd: Path, **variables: str) -> Ran:
    """Run ``trueup`` with these arguments in ``cwd``; a traceback reaching the user fails right here."""
    done = subprocess.run(
        [sys.executable, "-m", "trueup", *arguments],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return Ran(code=done.returncode, out=done.stdout, err=done.stderr)
