"""What init would write now beside a config that is there: the difference, key by key."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from trueup.config.file import content_at
from trueup.model.errors import ConfigurationError

_COMPARED = ("preset", "plans", "relations")
"""The rest of the file is a person's own, and may hold secrets."""


def compare_config(path: Path, text: str) -> tuple[str, ...]:
    """Return how the config at ``path`` differs from this text: a section's name, then its lines of each.

    A line that only the file has begins with ``-``, one that only the text has with ``+``. Raises
    ``ConfigurationError`` where the file cannot be read as TOML.
    """
    try:
        there = content_at(path)
    except ConfigurationError as error:
        reason = str(error).replace(f"The config {path}", "it", 1).removesuffix(".")
        raise ConfigurationError(f"{path} is there and cannot be read: {reason}; `--force` overwrites it.") from None
    before, now = dict(_lines(there)), dict(_lines(tomllib.loads(text)))
    sections = dict.fromkeys(section for section, _ in (*now, *before))
    return tuple(line for section in sections for line in _section(section, before, now))


def _section(section: str, before: Mapping[tuple[str, str], str], now: Mapping[tuple[str, str], str]) -> Iterator[str]:
    keys = dict.fromkeys(key for place, key in (*before, *now) if place == section)
    changed = [key for key in keys if before.get((section, key)) != now.get((section, key))]
    if changed and section:
        yield f"[{section}]"
    for key in changed:
        for mark, side in (("-", before), ("+", now)):
            if (section, key) in side:
                yield f"{mark} {key} = {side[section, key]}"


def _lines(document: Mapping[str, object]) -> Iterator[tuple[tuple[str, str], str]]:
    for name in _COMPARED:
        value = document.get(name)
        if isinstance(value, dict):
            yield from _inside(name, value)
        elif value is not None:
            yield ("", name), json.dumps(value, default=str)


def _inside(section: str, table: Mapping[str, object]) -> Iterator[tuple[tuple[str, str], str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _inside(f"{section}.{key}", value)
        else:
            yield (section, key), json.dumps(value, default=str, ensure_ascii=False)
