"""What a person tells the gate beside the reports: since when, and what is called otherwise now."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trueup.disk import read_file
from trueup.model.errors import ConfigurationError
from trueup.model.finding import subject_text

_DATED = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?")
_COLUMNS = 2
_RENAMED_BYTES_LIMIT = 64 * 1024 * 1024  # a million subjects


def parse_since(text: str, *, now: datetime) -> datetime | None:
    """The last moment (naive UTC) whose findings ``--since`` lets pass; None when it names a run.

    A day means its beginning: what was first seen on it counts. Raises ``ConfigurationError`` for a moment that is
    none, or that lies ahead.
    """
    if not _DATED.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f'--since "{text}" is not a day; write it like 2026-03-01.') from None
    moment = found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    if moment > now:
        raise ConfigurationError(f'--since "{text}" lies ahead, so that nothing would be new; give a day that was.')
    return moment - timedelta(microseconds=1)


def renamed_subjects(path: Path) -> dict[str, str]:
    """Each subject's name now, by its name before, from a CSV file of two columns without a header: old, new.

    Raises ``ConfigurationError``; two that become one, or one that becomes two, would let a finding hide.
    """
    try:
        text = read_file(path, most_bytes=_RENAMED_BYTES_LIMIT).decode("utf-8-sig")
        rows = list(csv.reader(text.splitlines(), strict=True))
    except OSError as error:
        raise ConfigurationError(f"--renamed {path} cannot be read: {error.strerror or 'no reason given'}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise ConfigurationError(f"--renamed {path} is not CSV in UTF-8; write lines like old_id,new_id.") from None
    found: dict[str, str] = {}
    taken: set[str] = set()
    for number, row in enumerate(rows, start=1):
        if len(row) != _COLUMNS or not all(row):
            raise ConfigurationError(f"Line {number} of {path} is not old_id,new_id.")
        old, new = map(subject_text, row)
        if old in found or new in taken or old == new:
            raise ConfigurationError(f"Line {number} of {path} names a subject a second time; each has one new name.")
        found[old] = new
        taken.add(new)
    return found
