"""Runs in the app's own interpreter, as ``python -c``: asks the app's function about each cell and writes its answers.

It is read as text and never imported here, knows only Python's own library, and must run on old Pythons too. It reads
its questions from stdin as one JSON object; each answer goes, as one line of JSON, to the file descriptor that its
first argument names. Whatever the app prints goes to stdout and stderr, and cannot be mixed up with an answer.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

ASKED_WRONGLY = 2


def main() -> int:
    """Answer every question; the exit code is 0 even if an answer is that there is none."""
    questions = json.loads(sys.stdin.readline())
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)  # noqa: FBT003 - the library's own signature
    signal.alarm(questions["seconds"])  # in case no other process is left to end this one
    sys.path.insert(0, str(Path.cwd()))
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        function = found(questions["callable"])
        if isinstance(function, dict):
            say(out, function)
            return ASKED_WRONGLY
        names = listed(questions["lists"]) if questions["lists"] else {}
        say(out, names)
        new = [name for name in names.get("names", ()) if name not in questions["known"]]
        for feature, plan in questions["cells"] + [(name, plan) for name in new for plan in questions["plans"]]:
            say(out, {"feature": feature, "plan": plan, **ask_function(function, plan, feature)})
        say(out, {"end": True})
    return 0


def say(out: TextIO, line: dict[str, Any]) -> None:
    """Write one line at once: what was answered before a crash is an answer."""
    out.write(json.dumps(line) + "\n")
    out.flush()


def found(name: str) -> Callable[..., Any] | dict[str, Any]:
    """The function of this name, ``module:function``, or the problem."""
    module, _, path = name.partition(":")
    try:
        thing: Any = importlib.import_module(module)
        for part in path.split("."):
            thing = getattr(thing, part)
    except BaseException as error:  # noqa: BLE001 - the app's own code, in a process of its own
        return {"problem": f"{name} cannot be imported: {words(error)}"}
    return thing if callable(thing) else {"problem": f"{name} is not a function"}


def ask_function(function: Callable[..., Any], plan: str, feature: str) -> dict[str, Any]:
    """Ask the app's function; only a bool or an int is an answer, and numpy's are neither."""
    try:
        answer = function(plan, feature)
    except BaseException as error:  # noqa: BLE001 - the app's own code, in a process of its own
        return {"problem": f"the callable raised {words(error)}"}
    if type(answer) in (bool, int):
        return {"answer": answer}
    return {"problem": f"the callable returned {'nothing' if answer is None else 'a ' + type(answer).__name__}"}


def listed(name: str) -> dict[str, Any]:
    """The names of all the app's features, or the problem."""
    function = found(name)
    if isinstance(function, dict):
        return {"failure": function["problem"]}
    try:
        names = sorted(function())
    except BaseException as error:  # noqa: BLE001 - the app's own code, in a process of its own
        return {"failure": f"{name} raised {words(error)}"}
    if not all(type(feature) is str for feature in names):
        return {"failure": f"{name} returned something else than names"}
    return {"names": names}


def words(error: BaseException) -> str:
    """An exception in one clause."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
