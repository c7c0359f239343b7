"""Our values in the customer's words and types: exactly, or not at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.model.change import Value
    from trueup.model.columns import Column
    from trueup.model.source import ColumnMapping
    from trueup.targets.target import ColumnDescription

_PAIRS = (("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n"), ("on", "off"), ("1", "0"))
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC
_MILLISECONDS_FROM, _MICROSECONDS_FROM = 10**11, 10**14
_OFFSET = re.compile(r"(Z|[+-]\d\d:?\d\d|[+-]\d\d)$")


class Unwritable(Exception):
    """The value cannot be said in this column. The text completes a sentence that begins with the column's name."""


def their_value(
    value: Value, *, ours: Column, mapping: ColumnMapping, column: ColumnDescription, sample: object
) -> object:
    """``value`` as this column keeps it. ``sample`` is a value the column holds already, None where there is none.

    Raises ``Unwritable``.
    """
    if value is None:
        if not column.nullable:
            raise Unwritable("must have a value, and the repair has none for it")
        return None
    match value:
        case bool():
            return _flag(value, column, sample)
        case Decimal():
            return _number(value, column, sample)
        case int():
            return _number(Decimal(value), column, sample)
        case datetime():
            return _moment(value, column, sample)
        case str():
            return _fitting(_word(value, ours, mapping), column)


def _word(value: str, ours: Column, mapping: ColumnMapping) -> str:
    """Their word for ours. An app that has words of its own must have one for this too: ours would be noise to it."""
    theirs = [word for word, meaning in mapping.values.items() if meaning == value and word]
    if theirs:
        return theirs[0]
    if mapping.values:
        raise Unwritable(f'has no word for "{value}"; add one under values.{ours.name}.{value}')
    return str(value)


def _fitting(text: str, column: ColumnDescription) -> str:
    if column.length is not None and len(text) > column.length:
        raise Unwritable(f"holds {column.length} characters, and the repair needs {len(text)}; widen it")
    return text


def _flag(value: bool, column: ColumnDescription, sample: object) -> object:  # noqa: FBT001 - it is the value
    if isinstance(sample, str):
        pair = next((pair for pair in _PAIRS if sample.strip().lower() in pair), None)
        if pair is None:
            raise Unwritable(f'holds "{sample}", which is no yes or no that could be written again')
        return pair[0] if value else pair[1]
    if isinstance(sample, bytes):
        return b"\x01" if value else b"\x00"
    is_number = isinstance(sample, int) and not isinstance(sample, bool)
    return int(value) if is_number or "int" in column.family else value


def _number(value: Decimal, column: ColumnDescription, sample: object) -> object:
    places = -int(value.normalize().as_tuple().exponent)
    if column.decimals is not None and places > column.decimals:
        raise Unwritable(f"keeps {column.decimals} digits after the point, and {value:f} has more")
    if isinstance(sample, str):
        return f"{value:f}"
    if places <= 0:
        return int(value)
    if isinstance(sample, float):
        if Decimal(repr(float(value))) != value:
            raise Unwritable(f"is a floating-point number, which cannot hold {value:f} exactly")
        return float(value)
    return value


def _moment(value: datetime, column: ColumnDescription, sample: object) -> object:
    """A moment the way the column's other moments are written: SQLite and careless schemas keep text or numbers."""
    if isinstance(sample, (int, float)) and not isinstance(sample, bool):
        seconds = (value - _EPOCH).total_seconds()
        size = abs(sample)
        scale = 10**6 if size >= _MICROSECONDS_FROM else 10**3 if size >= _MILLISECONDS_FROM else 1
        return type(sample)(round(seconds * scale) if isinstance(sample, int) else seconds * scale)
    if isinstance(sample, str):
        return _like(value, sample)
    if isinstance(sample, datetime) and sample.tzinfo is not None:
        return value.replace(tzinfo=UTC)
    if sample is None and not column.family.startswith(("timestamp", "datetime", "date")):
        return value.isoformat(sep=" ")
    return value.isoformat(sep=" ") if column.family == "datetime" and sample is None else value


def _like(value: datetime, sample: str) -> str:
    separator = "T" if "T" in sample else " "
    offset = _OFFSET.search(sample[10:])
    mark = "" if offset is None else "Z" if offset.group() == "Z" else "+00:00"
    return f"{value.isoformat(sep=separator)}{mark}"
