"""A function of your app, asked in a separate process: ``module:function(plan, feature) -> bool | int``.

    [gates.probes.app]
    kind = "callable"
    callable = "app.access:may_use"              # may_use("PRO", "exports") -> True
    # lists = "app.access:features"              # () -> the names of all features, so that a new one is noticed
    # python = ".venv/bin/python"                # the app's interpreter, where it is not the one trueup runs in

The process starts in ``folder``, with this environment, and is ended with everything it started when the time is up.
What the app prints is not read as an answer. An exception, ``None`` or anything but a plain ``bool`` or ``int`` is not
an answer.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from trueup.model.options import option
from trueup.probes.answers import Answers, Cell, Unanswered, misnamed
from trueup.probes.child import Said, converse
from trueup.probes.kind import Asking

READS_THE_DATABASE = False
READS = ()

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_LONGEST_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a callable probe."""

    callable: str = option("The function: module:function. It gets a plan and a feature.")
    lists: str | None = option("A function that returns the names of all features: module:function.", default=None)
    python: str | None = option("The interpreter to run it with; trueup's own.", default=None)
    folder: str | None = option("The folder to run it in; the config's own.", default=None)
    timeout_seconds: int = option("How long all answers together may take: 1 to 600.", default=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallableProbe:
    """Starts the process and reads its answers."""

    asking: Asking
    options: Options
    python: str
    folder: Path

    def ask(self) -> Answers:
        """Every answer that came in time; each other cell says why it has none."""
        options = self.options
        question = {
            "callable": options.callable,
            "lists": options.lists,
            "cells": [(cell.feature, cell.plan) for cell in self.asking.cells],
            "known": self.asking.known,
            "plans": self.asking.plans,
            "seconds": options.timeout_seconds + 1,
        }
        reply = converse(self.python, question, folder=self.folder, timeout_seconds=options.timeout_seconds)
        if reply.problem is not None and not reply.lines:
            return Answers(problem=reply.problem)
        return self._read(reply)

    def _read(self, reply: Said) -> Answers:
        names: tuple[str, ...] | None = None
        cells: dict[Cell, object] = {}
        problem, failure = reply.problem, None
        for line in reply.lines:
            match line:
                case {"feature": str(feature), "plan": str(plan), "answer": answer}:
                    cells[feature, plan] = answer
                case {"feature": str(feature), "plan": str(plan), "problem": str(reason)}:
                    cells[feature, plan] = Unanswered(reason=reason)
                case {"names": list(listed)}:
                    names = tuple(map(str, listed))
                case {"problem": str(reason)}:
                    problem = problem or reason
                case {"failure": str(reason)}:
                    failure = reason
        if problem is not None:
            return self._incomplete(cells, problem)
        wrong = misnamed([(name, plan) for name in names or () for plan in self.asking.plans])
        if wrong is not None:
            return Answers(cells=cells, failure=f"{self.options.lists} cannot be trusted: {wrong}")
        return Answers(cells=cells, lists=names, failure=failure)

    def _incomplete(self, cells: dict[Cell, object], problem: str) -> Answers:
        """Return the answers that were given; every other cell holds the reason why it has none."""
        if not cells:
            return Answers(problem=problem)
        for cell in self.asking.cells:
            cells.setdefault((cell.feature, cell.plan), Unanswered(reason=problem))
        return Answers(cells=cells, failure=problem)


def open_probe(options: Options, asking: Asking) -> CallableProbe:
    """The probe. Raises ``ConfigurationError`` for a name, a folder or a time limit that cannot be right."""
    for name in ("callable", "lists"):
        given = getattr(options, name)
        if given is not None and not _NAME.fullmatch(given):
            raise asking.complaint(name, 'must be a module and a function, such as "app.access:may_use"')
    if not 1 <= options.timeout_seconds <= _LONGEST_SECONDS:
        raise asking.complaint("timeout_seconds", f"must be a whole number from 1 to {_LONGEST_SECONDS}")
    folder = asking.path(options.folder or ".")
    if not folder.is_dir():
        raise asking.complaint("folder", f"is {folder}, but there is no such folder")
    return CallableProbe(asking=asking, options=options, python=_interpreter(options, asking), folder=folder)


def _interpreter(options: Options, asking: Asking) -> str:
    """A bare name is searched on the PATH; anything else is a path."""
    if options.python is None:
        return sys.executable
    if "/" not in options.python:
        return options.python
    python = asking.path(options.python)
    if not python.exists():
        raise asking.complaint("python", f"is {python}, but there is no such file")
    return str(python.absolute())
