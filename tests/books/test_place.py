"""Books hold personal data: they are private, and they do not outlive the audit, not even a killed one."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trueup.books.opening import create_books, open_books
from trueup.books.place import private_folder, sweep
from trueup.model.errors import BooksUnreadable
from trueup.model.relations import Plan

HOLDS_BOOKS = """
import sys, time
from pathlib import Path
from trueup.books.opening import create_books
from trueup.books.place import private_folder
with private_folder(Path(sys.argv[1])) as folder, create_books(folder / "books.duckdb"):
    print(folder, flush=True)
    time.sleep(60)
"""


def test_the_folder_and_the_file_are_private_and_gone_afterwards(tmp_path: Path) -> None:
    with private_folder(tmp_path) as folder, create_books(folder / "books.duckdb"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "books.duckdb").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_swept_and_what_a_live_one_holds_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS_BOOKS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert folder.is_dir()
        assert sweep(tmp_path) == 0
        assert folder.is_dir()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert folder.is_dir()
    assert sweep(tmp_path) == 1
    assert not folder.exists()


def test_kept_books_open_again_read_only_and_take_another_config_for_one_run(tmp_path: Path) -> None:
    path = tmp_path / "kept.duckdb"
    with create_books(path) as books:
        books.begin(environment="test", as_of=None)
        books.replace_rows([Plan(plan="FREE")], of=Plan)
    with open_books(path) as books:
        assert books.environment == "test"
        assert books.connection.execute("SELECT plan FROM plan").fetchall() == [("FREE",)]
        books.replace_rows([Plan(plan="PRO", paid=True)], of=Plan, for_this_run=True)
        assert books.connection.execute("SELECT plan FROM plan").fetchall() == [("PRO",)]
    with open_books(path) as books:
        assert books.connection.execute("SELECT plan FROM plan").fetchall() == [("FREE",)]


def test_books_are_never_made_over_another_file(tmp_path: Path) -> None:
    path = tmp_path / "there.duckdb"
    path.write_text("mine")
    with pytest.raises(BooksUnreadable, match="already exists"), create_books(path):
        pass
    assert path.read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"not a database", b"\x00" * 8192])
def test_a_file_that_is_not_books_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.duckdb"
    path.write_bytes(content)
    with pytest.raises(BooksUnreadable, match=r"odd\.duckdb"), open_books(path):
        pass


def test_books_that_are_not_there_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(BooksUnreadable, match="--keep-books"), open_books(tmp_path / "none.duckdb"):
        pass
