"""Ctrl-C, at any moment: exit code 130, one line, nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command import environment
from tests.support.ledger_app import NOW, made

SLOW_CHECK = '''
"""Nothing is slow."""
from trueup.model.check import Case, Check
from trueup.model.finding import Area
from trueup.model.relations import Account
from trueup.model.severity import Severity

CHECK = Check(
    id="slow", area=Area.CREDITS, severity=Severity.ERROR, title="Slow", why="It never ends.",
    population="SELECT count(*) FROM account",
    violations="""
        SELECT count(*) AS subject FROM range(10000000) AS a(x), range(10000000) AS b(y), account WHERE hash(x, y) = 1
    """,
    message="{subject}", cases=(Case(name="quiet", given=(Account(account_id="user_1"),)),),
)
'''


def interrupted(folder: Path, seconds: float, *arguments: str) -> tuple[int, str]:
    """Run the audit, press Ctrl-C after so many seconds; its exit code and stderr."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-m", "trueup", "audit", "--as-of", NOW, *arguments],
        cwd=folder,
        env=environment(TMPDIR=str(scratch)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert list(scratch.iterdir()) == []
    return process.returncode, err


@pytest.mark.slow
def test_ctrl_c_in_the_middle_of_a_check_ends_the_audit_at_once(tmp_path: Path) -> None:
    made(tmp_path, users=[("user_1", "FREE", 0)])
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "slow.py").write_text(SLOW_CHECK)
    started = time.monotonic()
    code, err = interrupted(tmp_path, 4, "--check", "slow")
    assert time.monotonic() - started < 20
    assert code == 130
    assert err == "trueup: interrupted; nothing is half done, and the temporary snapshot is deleted.\n"


def test_ctrl_c_in_a_callback_that_cannot_raise_still_ends_the_command() -> None:
    """Python prints such an exception and goes on, as if no key had been pressed."""
    script = """
import signal, time, weakref
from trueup.cli.door import leave

class Held:
    pass

def command(debugging):
    held = Held()
    kept = weakref.ref(held, lambda _: signal.raise_signal(signal.SIGINT))
    del held
    time.sleep(20)
    return 0

leave(command)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=15, check=False)
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr
    assert "interrupted" in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.9, 1.3, 1.7])
def test_ctrl_c_at_any_moment_leaves_nothing_behind(tmp_path: Path, seconds: float) -> None:
    entries = [(n, "user_1", n, 1, n, "2026-02-01 00:00:00") for n in range(1, 50_001)]
    made(tmp_path, users=[("user_1", "FREE", 50_000)], entries=entries)
    code, err = interrupted(tmp_path, seconds)
    assert code in {130, 0, 1, 3, -signal.SIGINT}
    assert "Traceback" not in err or code == -signal.SIGINT
