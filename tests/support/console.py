"""A page's commands as a person would type them: read out of its fences, run in order in one folder.

In a ``console`` fence a line that begins with ``$ `` is a command, a backslash at its end goes on below it, and what
follows is some of its output, in order, where ``…`` stands for anything. A remark ``# exit code N`` is its exit code,
else 0. Variables hold from one command to the next. Leaves out everything interactive.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.command import environment, trueup_typed

TIMEOUT_SECONDS = 180

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"#\s*exit code (\d)")

# For a machine without curl: the options that the page uses, and nothing else of it.
_CURL = """#!{python}
import pathlib, sys, urllib.error, urllib.request
words, headers, data, output = sys.argv[1:], {{}}, None, None
address = next(word for word in words if word.startswith("http://"))
for option, value in zip(words, words[1:]):
    if option == "-H":
        said = pathlib.Path(value[1:]).read_text() if value.startswith("@") else value
        name, _, content = said.strip().partition(": ")
        headers[name] = content
    elif option == "-d":
        data = value.encode()
    elif option == "-o":
        output = value
try:
    with urllib.request.urlopen(urllib.request.Request(address, data, headers)) as answer:
        body, code = answer.read(), 0
except urllib.error.HTTPError as refused:
    body, code = refused.read(), 22
pathlib.Path(output).write_bytes(body) if output else sys.stdout.buffer.write(body)
sys.exit(code)
"""

# ``trueup`` as the shell finds it: it hands its streams to a process that is warm already, and ends as that one does.
_TRUEUP = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as door:
    door.connect({address!r})
    order = {{"arguments": sys.argv[1:], "cwd": os.getcwd(), "variables": dict(os.environ)}}
    socket.send_fds(door, [b">"], [0, 1, 2])
    door.sendall(json.dumps(order).encode() + b"\\n")
    sys.exit(int(door.makefile().readline()))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A fenced block: its language, its text, and the line where it begins."""

    language: str
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command with what it must end with and say."""

    text: str
    code: int
    said: tuple[str, ...]


def fences(page: str) -> list[Fence]:
    """The page's fenced blocks, in order."""
    return [
        Fence(language=found[1], text=found[2], line=page.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(page)
    ]


def commands(fence: Fence) -> Iterator[Command]:
    """The commands of a ``console`` fence."""
    for part in re.split(r"^\$ ", fence.text, flags=re.MULTILINE)[1:]:
        text, said = part, ""
        if found := re.match(r"(?:.*\\\n)*.*\n", part):
            text, said = found[0].rstrip("\n"), part[found.end() :]
        code = _CODE.search(text)
        yield Command(text=text, code=int(code[1]) if code else 0, said=tuple(said.splitlines()))


@dataclass(slots=True, kw_only=True)
class Console:
    """A terminal in a folder. ``tools`` are folders of programs that come before those of this machine."""

    folder: Path
    tools: tuple[Path, ...]
    variables: Mapping[str, str]

    def __post_init__(self) -> None:
        own = self.folder / ".bin"
        own.mkdir()
        if shutil.which("curl") is None:
            (own / "curl").write_text(_CURL.format(python=sys.executable))
            (own / "curl").chmod(0o755)
        self.tools = (own, Path(sys.executable).parent, *self.tools)
        (self.folder / ".exports").touch()

    @contextlib.contextmanager
    def _trueup(self) -> Iterator[None]:
        """Have ``trueup`` in the folder of own programs, answered from here."""
        program = self.folder / ".bin" / "trueup"
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as door:
            address = f"{folder}/door"
            door.bind(address)
            door.listen()
            program.write_text(_TRUEUP.format(python=sys.executable, address=address))
            program.chmod(0o755)
            answering = threading.Thread(target=_answer_each, args=(door,))
            answering.start()
            try:
                yield
            finally:
                door.shutdown(socket.SHUT_RDWR)
                answering.join()

    def run(self, command: Command) -> str:
        """Type it. Fails where it ends or says otherwise; returns all that it said."""
        script = f"set -a\nsource ./.exports\n{command.text}\ncode=$?\nexport -p > .exports\nexit $code"
        path = ":".join([*(str(folder) for folder in self.tools), environment()["PATH"]])
        with self._trueup():
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=self.folder,
                env={**environment(**self.variables), "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        assert "Traceback" not in done.stdout, done.stdout
        assert done.returncode == command.code, f"$ {command.text}\nended with {done.returncode}\n{done.stdout}"
        unsaid = missing(command.said, done.stdout)
        assert unsaid is None, f"$ {command.text}\ndid not say\n{unsaid}\nbut\n{done.stdout}"
        return done.stdout


def _answer_each(door: socket.socket) -> None:
    """Run what each caller asks for, one after the other, until the door is closed."""
    while True:
        try:
            caller, _ = door.accept()
        except OSError:
            return
        with caller, contextlib.ExitStack() as streams:
            _, descriptors, _, _ = socket.recv_fds(caller, 1, 3)
            stdin, out, err = (streams.enter_context(os.fdopen(each, "rb", buffering=0)) for each in descriptors)
            with caller.makefile() as order:
                asked = json.loads(order.readline())
            code = trueup_typed(
                asked["arguments"], cwd=Path(asked["cwd"]), variables=asked["variables"], stdin=stdin, out=out, err=err
            )
            caller.sendall(f"{code}\n".encode())


def missing(expected: tuple[str, ...], output: str) -> str | None:
    """The first expected line that the output does not hold at its place; None when all are there."""
    left = iter(output.splitlines())
    for line in expected:
        pattern = re.compile(".*".join(re.escape(part) for part in line.strip().split("…")))
        if not any(pattern.fullmatch(said.strip()) for said in left):
            return line
    return None
