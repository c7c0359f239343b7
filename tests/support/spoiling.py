"""Ways to spoil what a command reads: each returns what changes the folder of a row."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

Spoil = Callable[[Path], object]


def nothing(folder: Path) -> None:
    """Leave everything as it is: what is wrong is in the command."""


def all_of(*spoils: Spoil) -> Spoil:
    """Do one after the other."""

    def spoil(folder: Path) -> None:
        for one in spoils:
            one(folder)

    return spoil


def pipe(name: str) -> Spoil:
    """A named pipe that nothing writes to."""
    return lambda folder: os.mkfifo(_cleared(folder / name))


def folder_at(name: str) -> Spoil:
    """A folder where a file is expected."""
    return lambda folder: _cleared(folder / name).mkdir()


def link(name: str, target: str) -> Spoil:
    """A link: to a device, into nowhere, or to itself."""
    return lambda folder: _cleared(folder / name).symlink_to(target)


def loop(name: str) -> Spoil:
    """Two links that lead to each other."""

    def spoil(folder: Path) -> None:
        _cleared(folder / name).symlink_to("other-link")
        (folder / name).with_name("other-link").symlink_to(Path(name).name)

    return spoil


def bound_socket(name: str) -> Spoil:
    """A socket in the file system."""

    def spoil(folder: Path) -> None:
        path = _cleared(folder / name)
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as bound, contextlib.chdir(path.parent):
            bound.bind(path.name)

    return spoil


def content(name: str, text: str | bytes) -> Spoil:
    """A file that holds exactly this."""
    return lambda folder: _cleared(folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def more(name: str, text: str | bytes) -> Spoil:
    """The file as it is, and this behind it."""

    def spoil(folder: Path) -> None:
        with (folder / name).open("ab") as file:
            file.write(text.encode() if isinstance(text, str) else text)

    return spoil


def large(name: str, mebibytes: int, unit: bytes = b"# filled\n", head: bytes = b"", tail: bytes = b"") -> Spoil:
    """A file of this size."""

    def spoil(folder: Path) -> None:
        block = unit * ((1 << 20) // len(unit))
        with _cleared(folder / name).open("wb") as file:
            file.write(head)
            for _ in range(mebibytes):
                file.write(block)
            file.write(tail)

    return spoil


def replaced(name: str, old: str, new: str) -> Spoil:
    """The file with other words in one place."""

    def spoil(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, (name, old)
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")

    return spoil


def config(text: str) -> Spoil:
    """The config, and this behind it."""
    return more("trueup.toml", f"\n{text}\n")


def gone(name: str) -> Spoil:
    """The file is not there."""
    return lambda folder: (folder / name).unlink()


def cut(name: str, share: float) -> Spoil:
    """Only this share of the file."""

    def spoil(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(len(whole) * share)])

    return spoil


def cell(database: str, statement: str) -> Spoil:
    """A database in which somebody changed something by hand."""

    def spoil(folder: Path) -> None:
        with contextlib.closing(sqlite3.connect(folder / database)) as connection, connection:
            connection.execute("PRAGMA ignore_check_constraints = on")
            changed = connection.execute(statement).rowcount
        assert changed, statement

    return spoil


def _cleared(path: Path) -> Path:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
