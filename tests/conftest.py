"""Fixtures and options that every test may use."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.before_a_commit import left_to_the_other_turn, spared, spared_at_a_landing
from tests.support.memory import memory_folder
from tests.support.thoroughness import IS_THOROUGH, TURN

# A loaded machine is slow, not wrong; and a failing seed is printed so that it can become a permanent test.
settings.register_profile("trueup", deadline=None, print_blob=True, max_examples=50)
settings.register_profile("quick", settings.get_profile("trueup"), max_examples=20)
settings.load_profile("trueup")

pytest_plugins = ["tests.support.databases", "tests.support.postgres15", "tests.support.receivers"]


GARBAGE_WORTH_COLLECTING = 20_000
"""Objects; Python's own 700 are for programs that may have little memory."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--slow`` also runs the tests that take more than a few seconds, and tries more than twice as many examples."""
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow, and more examples of others")


LONG = (
    "tests/web/routes/test_conformance.py",
    "tests/docs/test_operate.py",
    "tests/soak",
    "tests/docs/test_release_gate.py",
    "tests/actions/repair/test_any_company.py",
    "tests/actions/repair/test_concurrency.py",
    "tests/actions/repair/test_kills.py",
    "tests/e2e/test_poison.py",
    "tests/web/test_planted_secrets.py",
    "tests/deploy/test_image.py",
    "tests/incidents/test_mixtures.py",
    "tests/stripe/test_killed.py",
)
"""Where single tests take longest. They come first: at the end, one worker would wait for the other to finish them."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples, unless slow tests were asked for, and keep what tests write in memory where there is room."""
    if not config.getoption("--slow"):
        settings.load_profile("quick")
    if hasattr(config, "workerinput") or config.option.basetemp is not None:
        return  # a worker inherits the folder
    if (memory := memory_folder()) is not None:
        scratch = Path(tempfile.mkdtemp(prefix="tu-", dir=memory))  # short: sockets have short paths
        scratch.chmod(0o711)  # other users run programs in it
        atexit.register(shutil.rmtree, scratch, ignore_errors=True)  # after what tests have registered there
        config.option.basetemp = scratch / "t"
        os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, and how a landing's choice among the longest tests is repeated."""
    if IS_THOROUGH or terminalreporter.config.option.collectonly:
        return
    if terminalreporter.config.getoption("--slow"):
        terminalreporter.write_line(f"TRUEUP_TURN={TURN} repeats this choice among the longest tests.")
    else:
        terminalreporter.write_line("Slow tests, and most that ask nearly the same, were left out: --slow asks them.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out slow tests and most of those that are nearly alike, but where all are asked; begin with the longest.

    A list of the tests is of all of them.
    """
    items.sort(key=_is_short)
    if IS_THOROUGH or config.option.collectonly:
        return
    is_landing = config.getoption("--slow")
    samples = {item.nodeid: _sample_of(item) for item in items if is_landing or "slow" not in item.keywords}
    not_now = spared_at_a_landing(samples, turn=TURN) if is_landing else spared(samples)
    if is_landing and config.args == config.getini("testpaths"):
        slow = [item.nodeid for item in items if "slow" in item.keywords]
        not_now |= left_to_the_other_turn(slow, turn=TURN)
    asked = samples.keys() - not_now
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in asked])
    items[:] = [item for item in items if item.nodeid in asked]


def pytest_collection_finish() -> None:
    """Let no collection of garbage look through what stays: thousands of tests and all of trueup. It took a seventh."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_WORTH_COLLECTING, 20, 20)


def pytest_unconfigure() -> None:
    """Let the interpreter take apart at its end what it has imported."""
    gc.unfreeze()


def _is_short(item: pytest.Item) -> bool:
    return not item.nodeid.startswith(LONG)


def _sample_of(item: pytest.Item) -> int | None:
    mark = item.get_closest_marker("sampled")
    return None if mark is None else int(mark.args[0])
