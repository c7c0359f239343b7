"""The release gate after an audit: how long a pipeline waits for its verdict on the demo company.

Run by itself (``python -m bench.gate``) or as the last lines of ``make bench``. Wall-clock and processor seconds of the
whole command, imports too, the best of a few; the verdict must be the one that the planted faults deserve.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET_SECONDS = 3.0
REPEAT = 5
FOUND = 1


def gate_lines(*, accounts: int = 500) -> str:
    """A line for a report in a file, and one for the store's newest run."""
    with tempfile.TemporaryDirectory(prefix="trueup-bench-gate-") as scratch:
        folder = Path(scratch)
        _trueup(folder, "demo", "--no-serve", "--folder", ".", "--accounts", str(accounts))
        _trueup(folder, "audit", "--format", "json", "--output", "report.json")
        ways = {"--report FILE": ("--report", "report.json"), "--run newest": ("--run", "newest")}
        lines = [f"release gate on the demo company, {accounts:,} accounts (target: below {TARGET_SECONDS:.0f} s)"]
        for name, arguments in ways.items():
            wall, processor = min(_measured(folder, *arguments) for _ in range(REPEAT))
            lines.append(f"  trueup gate {name:<14} {wall:6.2f} s   processor {processor:5.2f} s")
    return "\n".join(lines)


def _measured(folder: Path, *arguments: str) -> tuple[float, float]:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _trueup(folder, "gate", *arguments)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _trueup(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trueup", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != FOUND:
        raise RuntimeError(f"trueup {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")


if __name__ == "__main__":
    print(gate_lines())
