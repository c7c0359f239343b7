"""A key of ``trueup.toml``, declared once: a field of a settings class, its default, its bounds, its meaning below it.

The file's shape, the reading of it and ``docs/configuration.md`` come from the declaration: adding a key is adding a
field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_MARK = "config_key"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within these bounds, both included."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a key takes, beside what its type says."""

    within: Whole | None = None
    not_negative: bool = False


def key(
    *,
    default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING,
    within: Whole | None = None,
    not_negative: bool = False,
) -> Any:
    """Declare a field that is a key of the file. Without a default it is required."""
    bounds = Bounds(within=within, not_negative=not_negative)
    if default_factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=default_factory, metadata={_MARK: bounds})
    return dataclasses.field(default=default, metadata={_MARK: bounds})


def keys_of(settings: type) -> Iterator[tuple[dataclasses.Field[Any], Bounds]]:
    """Yield the fields of a settings class that are keys of the file."""
    for field in dataclasses.fields(settings):
        if _MARK in field.metadata:
            yield field, field.metadata[_MARK]
