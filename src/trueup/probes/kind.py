"""The interface of every kind of probe, and the input for opening one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from trueup.model.errors import ConfigurationError
from trueup.model.options import place
from trueup.model.relations import GateExpectation
from trueup.model.settings import ProbeSettings
from trueup.model.source import Snapshot
from trueup.outgoing.dialing import Reach
from trueup.outgoing.hosts import Endpoint
from trueup.probes.answers import Answers

Rows = Callable[[str], Sequence[Mapping[str, object]]]
"""Runs a query over the books and returns its rows."""


class Probe(Protocol):
    """One way to ask the app, opened."""

    def ask(self) -> Answers:
        """The app's answers, within the probe's own time limit. A failure is an answer too: why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The settings of the probe to open, and the ``cells`` of the matrix that it is asked about.

    ``plan_words`` maps the database's words for plans to trueup's.
    ``snapshot`` and ``rows`` are None where only the options are checked, which needs neither.
    """

    settings: ProbeSettings
    cells: tuple[GateExpectation, ...]
    matrix: tuple[GateExpectation, ...]
    reach: Reach
    now: datetime
    plan_words: Mapping[str, str]
    snapshot: Snapshot | None
    rows: Rows | None

    @property
    def plans(self) -> tuple[str, ...]:
        """The plans of the matrix, by rank."""
        return tuple(dict.fromkeys(row.plan for row in self.matrix))

    @property
    def known(self) -> tuple[str, ...]:
        """The features of the matrix."""
        return tuple(dict.fromkeys(row.feature for row in self.matrix))

    def endpoint(self, option: str, url: str) -> Endpoint:
        """The web address that this option holds. Raises ``ConfigurationError``."""
        return self.reach.endpoint(url, named=place(self.settings, option))

    def path(self, text: str) -> Path:
        """The path in ``text``; a relative one starts at the config's folder."""
        return Path(self.settings.folder) / text

    def complaint(self, option: str, problem: str) -> ConfigurationError:
        """The error whose sentence is "<option of this probe> <problem>."."""
        return ConfigurationError(f"{place(self.settings, option)} {problem}.")


class ProbeKind(Protocol):
    """The interface of the modules of this folder that are kinds. ``Options`` is a dataclass of ``option``s.

    ``READS`` are the relations of the books that its answers come from.
    """

    Options: type[Any]
    READS_THE_DATABASE: bool
    READS: tuple[str, ...]

    def open_probe(self, options: Any, asking: Asking) -> Probe:
        """Open the probe, without asking. Raises ``ConfigurationError`` for an option that cannot be right."""
