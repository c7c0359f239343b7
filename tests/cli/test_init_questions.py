"""``trueup init`` asks a person at a terminal what the data leave open, and nobody else."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import trueup

PATIENCE_SECONDS = 60


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An app with a plan of no usual name, some of whose accounts pay, and two columns that may be the balance."""
    with contextlib.closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute(
            "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, plan TEXT, stripe_customer_id TEXT,"
            " bonus_credits INTEGER, credits INTEGER)"
        )
        for n in range(24):
            plan = ("free", "pro", "zephyr", "zephyr")[n % 4]
            customer = f"cus_{n}Ab" if n % 4 == 1 or n % 8 == 2 else None
            connection.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)", (f"u{n}", f"u{n}@example.org", plan, customer, 5, 100)
            )
        connection.commit()
    return tmp_path


class Terminal:
    """``trueup`` at a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process, self._screen, self.text = process, screen, ""
        self._read_to = 0

    def wait_for(self, words: str) -> None:
        """Read until these words are on the screen after what was read before."""
        end = time.monotonic() + PATIENCE_SECONDS
        while words not in self.text[self._read_to :]:
            assert time.monotonic() < end, self.text
            if select.select([self._screen], [], [], 0.2)[0] and not self._read():
                break
        assert words in self.text[self._read_to :], self.text
        self._read_to = self.text.index(words, self._read_to) + len(words)

    def type(self, text: str) -> None:
        """Type this and press Enter."""
        os.write(self._screen, f"{text}\n".encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        self._read_on(PATIENCE_SECONDS)
        return self.process.wait(PATIENCE_SECONDS)

    def press_ctrl_c(self) -> None:
        """Press it as a person does: again where nothing happened, as when it came just before the program waited."""
        for _ in range(PATIENCE_SECONDS):
            self.process.send_signal(signal.SIGINT)
            if self._read_on(1):
                return

    def _read_on(self, seconds: float) -> bool:
        """Read for so long, or to the end; whether that came."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self._screen], [], [], 0.2)[0] and not self._read():
                return True
        return False

    def _read(self) -> bool:
        try:
            read = os.read(self._screen, 65536)
        except OSError:  # how a terminal says that its last program ended
            return False
        self.text += read.decode(errors="replace")
        return bool(read)


@contextlib.contextmanager
def terminal(folder: Path, *arguments: str) -> Iterator[Terminal]:
    screen, line = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "trueup", *arguments],
        cwd=folder, stdin=line, stdout=line, stderr=line, start_new_session=True,
        env={**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(line)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(screen)


def config_in(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "trueup.toml").read_text())


@pytest.mark.slow
def test_the_answers_are_in_the_file(home: Path) -> None:
    with terminal(home, "init", "sqlite:///app.db", "--no-audit") as person:
        person.wait_for("Which of these plans are paid for?")
        person.wait_for("[none]:")
        assert "ZEPHYR   3 of 12 sampled accounts on it have a Stripe customer" in person.text
        person.type("7")
        person.wait_for("Type numbers from 1 to 1.")
        person.type("1")
        person.wait_for("Which of these is the balance of credits?")
        person.wait_for("[1]:")
        person.type("2")
        assert person.end() == 0, person.text
    assert "Taken unasked" not in person.text
    config = config_in(home)
    assert config["plans"]["ZEPHYR"]["rank"] == 2
    assert config["relations"]["account"]["columns"]["credits"] == "bonus_credits"


@pytest.mark.slow
def test_enter_takes_the_best_guess(home: Path) -> None:
    with terminal(home, "init", "sqlite:///app.db", "--no-audit") as person:
        for _ in range(2):
            person.wait_for("]:")
            person.type("")
        assert person.end() == 0, person.text
    asked = config_in(home)
    trueup("init", "sqlite:///app.db", "--no-audit", "--yes", "--force", cwd=home)
    assert config_in(home) == asked


@pytest.mark.slow
def test_ctrl_c_leaves_no_file(home: Path) -> None:
    with terminal(home, "init", "sqlite:///app.db") as person:
        person.wait_for("]:")
        person.press_ctrl_c()
        assert person.end() == 130, person.text
    assert "Traceback" not in person.text
    assert sorted(path.name for path in home.iterdir()) == ["app.db"]


@pytest.mark.parametrize("options", [("--yes",), ()])
def test_without_a_terminal_the_best_guess_is_taken_and_listed(home: Path, options: tuple[str, ...]) -> None:
    done = trueup("init", "sqlite:///app.db", "--no-audit", *options, cwd=home)
    assert done.code == 0, done.err
    assert "Taken unasked (without --yes, a terminal is asked):" in done.out
    assert "  Which of these plans are paid for? none   (or ZEPHYR)\n" in done.out
    assert "  Which of these is the balance of credits? credits   (or bonus_credits)\n" in done.out
    assert config_in(home)["plans"]["ZEPHYR"]["rank"] == 0


@pytest.mark.slow
def test_with_yes_a_person_at_a_terminal_is_asked_nothing(home: Path) -> None:
    with terminal(home, "init", "sqlite:///app.db", "--no-audit", "-y") as person:
        assert person.end() == 0, person.text
    assert "Taken unasked" in person.text
