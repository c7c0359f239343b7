"""A JSON file that the app's build writes: what each plan gets, by feature.

    [gates.probes.build]
    kind = "file"
    path = "build/plans.json"
    max_age_hours = 24                           # then the file must say when it was made

It holds only `{"generatedAt": "2026-03-01T12:00:00Z", "features": {"exports": {"FREE": false, "PRO": true}}, "limits":
{"seats": {"FREE": 1, "PRO": 5}}}`; `generatedAt` is needed only with `max_age_hours`. It names every feature there is,
so a feature that only the matrix or only the file has is a finding.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from trueup.disk import read_file
from trueup.model.options import option
from trueup.probes.answers import Answers, Cell, Unanswered, misnamed
from trueup.probes.kind import Asking

READS_THE_DATABASE = False
READS = ()
BYTES_LIMIT = 4 * 1024 * 1024

_TABLES = {"features": bool, "limits": int}
_MADE = "generatedAt"
_CLOCK_SKEW = timedelta(minutes=5)
_LONGEST_HOURS = 87_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a file probe."""

    path: str = option("The file; a relative path starts at the config's folder.")
    max_age_hours: int | None = option("How old the file may be, by its own `generatedAt`.", default=None)


class _Malformed(ValueError):
    """Why the file cannot be trusted: the rest of a sentence that begins with its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProbe:
    """Reads the file."""

    path: Path
    max_age_hours: int | None
    now: datetime

    def ask(self) -> Answers:
        """Everything in the file, or why none of it can be trusted."""
        try:
            document = _document(self._content())
            self._refuse_age(document)
            cells = _cells(document)
        except _Malformed as error:
            return Answers(problem=f"{self.path} {error}")
        return Answers(cells=cells, lists=tuple(dict.fromkeys(feature for feature, _ in cells)))

    def _content(self) -> bytes:
        try:
            return read_file(self.path, most_bytes=BYTES_LIMIT)
        except OSError as error:
            raise _Malformed(f"cannot be read: {error.strerror}") from None

    def _refuse_age(self, document: Mapping[str, object]) -> None:
        made_at = _moment(document.get(_MADE))
        if self.max_age_hours is None:
            return
        if made_at is None:
            raise _Malformed(f"does not say when it was made; write {_MADE}, or remove max_age_hours")
        if made_at > self.now + _CLOCK_SKEW:
            raise _Malformed("says that it was made in the future")
        if made_at < self.now - timedelta(hours=self.max_age_hours):
            raise _Malformed(f"was made at {made_at} UTC, which is more than {self.max_age_hours} hours ago")


def _document(content: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(content.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_no_repetition)
    except _Malformed:
        raise
    except (ValueError, RecursionError):
        raise _Malformed("is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise _Malformed("does not hold an object")
    unknown = sorted(document.keys() - {*_TABLES, _MADE})
    if unknown:
        raise _Malformed(f'holds "{unknown[0][:40]}", which is none of {_MADE}, features and limits')
    return document


def _cells(document: Mapping[str, object]) -> Mapping[Cell, object]:
    cells: dict[Cell, object] = {}
    for table, of in _TABLES.items():
        for feature, plans in _object(document.get(table, {}), table).items():
            for plan, value in _object(plans, f"{table}.{feature[:40]}").items():
                if (feature, plan) in cells:
                    raise _Malformed(f'names "{feature[:40]}" as a feature and as a limit')
                right = type(value) is of
                cells[feature, plan] = value if right else Unanswered(reason=f"{table} hold no {type(value).__name__}")
    if not cells:
        raise _Malformed("names no feature")
    if wrong := misnamed(cells):
        raise _Malformed(f"cannot be trusted: {wrong}")
    return cells


def _object(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _Malformed(f"holds no object under {place}")
    return value


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _Malformed(f"has a {_MADE} that is not a moment; write it like 2026-03-01T12:00:00Z")
    return moment.astimezone(UTC).replace(tzinfo=None)


def _no_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name that occurs twice: it gives two answers, and neither can be trusted."""
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise _Malformed("holds a name twice")
    return mapping


def _no_number(word: str) -> NoReturn:
    raise _Malformed(f"holds {word}, which is not a number")


def open_probe(options: Options, asking: Asking) -> FileProbe:
    """Open the probe. Raises ``ConfigurationError`` for an age that cannot be right."""
    if options.max_age_hours is not None and not 1 <= options.max_age_hours <= _LONGEST_HOURS:
        raise asking.complaint("max_age_hours", f"must be a whole number from 1 to {_LONGEST_HOURS}")
    return FileProbe(path=asking.path(options.path), max_age_hours=options.max_age_hours, now=asking.now)
