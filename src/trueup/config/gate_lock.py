"""``gates.lock``: what each plan really got when it was accepted. It is checked exactly, and written in one step."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trueup import __version__
from trueup.disk import read_file, whole_file
from trueup.model.errors import ConfigurationError
from trueup.model.gate import FEATURE_NAME, LIMIT_HIGHEST, PlanGate
from trueup.model.relations import GateAcceptance

VERSION = 1
LOCK_BYTES_LIMIT = 16 * 1024 * 1024  # a hundred thousand cells

_HEAD = """\
# What each plan really gets, as it was accepted. Written by `trueup gate accept`: review it, do not edit it.
"""
_KEYS = {"version", "trueup", "accepted_at", "accepted_by", "reason", "checksum", "cells"}
_MEND = "restore it from version control, or remove it and run `trueup gate accept`"
_TEXTS = ("trueup", "accepted_by", "reason", "checksum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What was accepted, by whom, when (naive UTC, whole seconds) and why; ``cells`` are in the file's order."""

    accepted_by: str
    accepted_at: datetime
    reason: str
    cells: tuple[GateAcceptance, ...]
    trueup: str = __version__

    def text(self) -> str:
        """The file's text: the same for the same lock."""
        body = "".join(f"{line}\n" for line in self._lines())
        named, _, cells = body.partition("\n[cells]\n")
        return f"{_HEAD}{named}checksum = {json.dumps(_checksum(body))}\n\n[cells]\n{cells}"

    def _lines(self) -> Sequence[str]:
        return (
            f"version = {VERSION}",
            f"trueup = {_quote(self.trueup)}",
            f"accepted_at = {self.accepted_at.replace(microsecond=0).isoformat()}Z",
            f"accepted_by = {_quote(self.accepted_by)}",
            f"reason = {_quote(self.reason)}",
            "",
            "[cells]",
            *(f"{_quote(f'{cell.feature}:{cell.plan}')} = {_value(cell)}" for cell in self.cells),
        )


def list_accepted_cells(gates: Sequence[PlanGate]) -> tuple[GateAcceptance, ...]:
    """What these plan gates give today, sorted; those without an answer are left out."""
    cells = (
        GateAcceptance(
            feature=gate.feature, plan=gate.plan, is_limit=not isinstance(gate.actual, bool), accepted=int(gate.actual)
        )
        for gate in gates
        if gate.actual is not None
    )
    return tuple(sorted(cells, key=lambda cell: (cell.feature, cell.plan)))


def read_lock(file: str) -> Lock | None:
    """Read the lock in this file; None where there is no file.

    Raises ``ConfigurationError`` for a lock that was cut short, changed by hand, or cannot be read: it never counts as
    missing.
    """
    path = Path(file)
    try:
        text = read_file(path, most_bytes=LOCK_BYTES_LIMIT).decode("utf-8")
    except FileNotFoundError:
        if path.is_symlink():
            raise ConfigurationError(f"The lock {path} is a link to a file that does not exist; {_MEND}.") from None
        return None
    except OSError as error:
        raise ConfigurationError(f"The lock {path} cannot be read: {error.strerror or 'no reason given'}.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"The lock {path} is not UTF-8 text; {_MEND}.") from None
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        raise ConfigurationError(f"The lock {path} is not as `trueup gate accept` wrote it; {_MEND}.") from None
    lock = _lock(content, path)
    if lock is None or lock.text() != text:
        problem = "was changed by hand, merged or cut short"
        raise ConfigurationError(f"The lock {path} {problem}: it is not as `trueup gate accept` wrote it; {_MEND}.")
    return lock


def _lock(content: Mapping[str, object], path: Path) -> Lock | None:
    """The lock in this content; None where it holds none."""
    version, at, cells = content.get("version"), content.get("accepted_at"), content.get("cells", {})
    if type(version) is int and version > VERSION:
        raise ConfigurationError(f"The lock {path} was written by a newer trueup; upgrade this one.")
    if content.keys() != _KEYS or not isinstance(at, datetime) or at.tzinfo is None or not isinstance(cells, dict):
        return None
    if not all(isinstance(content[name], str) for name in _TEXTS):
        return None
    read = [_cell(name, value) for name, value in cells.items()]
    kept = tuple(cell for cell in read if cell is not None)
    if len(kept) != len(read):
        return None
    return Lock(
        accepted_by=str(content["accepted_by"]),
        accepted_at=at.astimezone(UTC).replace(tzinfo=None),
        reason=str(content["reason"]),
        trueup=str(content["trueup"]),
        cells=kept,
    )


def _cell(name: str, value: object) -> GateAcceptance | None:
    feature, _, plan = name.partition(":")
    if not re.fullmatch(FEATURE_NAME, feature) or not plan or not isinstance(value, int):
        return None
    if not 0 <= value <= LIMIT_HIGHEST:
        return None
    return GateAcceptance(feature=feature, plan=plan, is_limit=not isinstance(value, bool), accepted=int(value))


def write_lock(file: str, lock: Lock) -> None:
    """Replace the lock before in one step: a reader sees either. Raises ``ConfigurationError``."""
    path = Path(file)
    try:
        with whole_file(path) as out:
            out.write(lock.text())
    except OSError as error:
        raise ConfigurationError(f"The lock {path} cannot be written: {error.strerror or 'no reason given'}.") from None


def _value(cell: GateAcceptance) -> str:
    return str(cell.accepted) if cell.is_limit else "true" if cell.accepted else "false"


def _checksum(body: str) -> str:
    return f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"


def _quote(text: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
