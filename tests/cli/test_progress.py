"""Progress is for those who wait at a terminal, and leaves nothing behind."""

from __future__ import annotations

import io
import time

import pytest

from trueup.cli.progress import PATIENCE_SECONDS, terminal_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _a_capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_a_pipe_is_told_nothing() -> None:
    out = io.StringIO()
    with terminal_progress(out) as progress:
        progress.begin("Copying users", 10)
        progress.advance(10)
        progress.end()
    assert out.getvalue() == ""


def test_a_quick_action_shows_nothing() -> None:
    out = Terminal()
    with terminal_progress(out) as progress:
        progress.begin("Copying users", 10)
        progress.advance(10)
        progress.end()
    assert "Copying" not in out.getvalue()
    assert "\n" not in out.getvalue()


def test_a_long_step_shows_its_bar_and_takes_it_away() -> None:
    out = Terminal()
    with terminal_progress(out) as progress:
        progress.begin("Copying [users]", 10)
        progress.advance(4)
        time.sleep(PATIENCE_SECONDS + 0.3)
        progress.end()
        progress.begin("Checking", None)
    text = out.getvalue()
    assert "Copying [users]" in text
    assert "4/10" in text
    assert "\x1b[2K" in text.rsplit("Copying", 1)[1]
