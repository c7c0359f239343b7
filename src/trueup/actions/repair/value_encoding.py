"""Encode trueup's values in the app's words and types: exactly, or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from trueup.actions.repair.value_forms import cut_to, fixed, in_case_of, moment_like, number_like, shortest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.model.change import Value
    from trueup.model.columns import Column
    from trueup.model.source import ColumnMapping
    from trueup.targets.target import ColumnDescription

_PAIRS = (("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n"), ("on", "off"), ("1", "0"))
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC
_MILLISECONDS_FROM, _MICROSECONDS_FROM = 10**11, 10**14


class Unwritable(Exception):
    """The value cannot be written in this column. The text completes a sentence that begins with the column's name."""


def encode_for_column(
    value: Value, *, ours: Column, mapping: ColumnMapping, column: ColumnDescription, neighbours: Sequence[object]
) -> object:
    """Encode ``value`` as this column holds values. ``neighbours`` are values of the column, the nearest first.

    Raises ``Unwritable``.
    """
    if value is None:
        if not column.nullable:
            raise Unwritable("must have a value, but the repair has none for it")
        return None
    match value:
        case bool():
            return _flag(value, column, neighbours[0] if neighbours else None)
        case Decimal():
            return _number(value, column, neighbours)
        case int():
            return _number(Decimal(value), column, neighbours)
        case datetime():
            return _moment(value, column, neighbours)
        case str():
            return _fitting(_word(value, ours, mapping), column)


def _word(value: str, ours: Column, mapping: ColumnMapping) -> str:
    """The app's word for trueup's. An app with its own words needs one for this too: it would not know trueup's."""
    theirs = [word for word, meaning in mapping.values.items() if meaning == value and word]
    if theirs:
        return theirs[0]
    if mapping.values:
        raise Unwritable(f'has no word for "{value}"; add one under values.{ours.name}.{value}')
    return str(value)


def _fitting(text: str, column: ColumnDescription) -> str:
    if column.length is not None and len(text) > column.length:
        raise Unwritable(f"holds {column.length} characters, but the repair needs {len(text)}; widen it")
    return text


def _flag(value: bool, column: ColumnDescription, sample: object) -> object:  # noqa: FBT001 - it is the value
    match sample:
        case str():
            word = sample.strip()
            pair = next((pair for pair in _PAIRS if word.lower() in pair), None)
            if pair is None:
                raise Unwritable(f'holds "{sample}", which is neither yes nor no in a known form')
            return in_case_of(pair[0] if value else pair[1], word)
        case bytes():
            return b"\x01" if value else b"\x00"
        case bool():
            return value
        case int() | float() | Decimal():
            return type(sample)(value)
        case _:
            return int(value) if "int" in column.family or column.decimals is not None else value


def _number(value: Decimal, column: ColumnDescription, neighbours: Sequence[object]) -> object:
    exact = shortest(value)
    places = max(0, -int(exact.as_tuple().exponent))
    if column.is_unsigned and exact < 0:
        raise Unwritable(f"is unsigned, and cannot hold {exact:f}")
    if column.decimals is not None and places > max(0, column.decimals):
        raise Unwritable(f"keeps {column.decimals} digits after the point, but {exact:f} has more")
    sample = neighbours[0] if neighbours else None
    if isinstance(sample, str) or (sample is None and column.is_text):
        return _fitting(_number_text(exact, neighbours), column)
    if isinstance(sample, float) or (column.float_digits is not None and places):
        return _floating(exact, column)
    if isinstance(sample, Decimal) and column.decimals is None:
        text = number_like(exact, [f"{number:f}" for number in neighbours if isinstance(number, Decimal)])
        return Decimal(text) if text is not None else exact
    if column.decimals and column.float_digits is None:
        return Decimal(fixed(exact, column.decimals))
    return exact if places else int(exact)


def _number_text(value: Decimal, neighbours: Sequence[object]) -> str:
    texts = [text for text in neighbours if isinstance(text, str)]
    text = number_like(value, texts)
    if text is None:
        raise Unwritable(f'holds "{texts[0]}", but {value:f} cannot be written in that form')
    return text


def _floating(value: Decimal, column: ColumnDescription) -> float:
    digits = len(value.as_tuple().digits)
    if Decimal(repr(float(value))) != value or digits > (column.float_digits or digits):
        raise Unwritable(f"is a floating-point number, which cannot hold {value:f} exactly")
    return float(value)


def _moment(value: datetime, column: ColumnDescription, neighbours: Sequence[object]) -> object:
    """A moment in the form of the column's other moments: SQLite and careless schemas keep text or numbers."""
    sample = neighbours[0] if neighbours else None
    if isinstance(sample, (int, float)) and not isinstance(sample, bool):
        seconds = (value - _EPOCH).total_seconds()
        size = abs(sample)
        scale = 10**6 if size >= _MICROSECONDS_FROM else 10**3 if size >= _MILLISECONDS_FROM else 1
        return type(sample)(round(seconds * scale) if isinstance(sample, int) else seconds * scale)
    if isinstance(sample, str):
        return moment_like(value, [text for text in neighbours if isinstance(text, str)])
    kept = cut_to(value, column.second_digits)
    if column.family == "date" or (isinstance(sample, date) and not isinstance(sample, datetime)):
        return kept.date()
    if isinstance(sample, datetime) and sample.tzinfo is not None:
        return kept.replace(tzinfo=UTC)
    if sample is None and not column.family.startswith(("timestamp", "datetime", "date")):
        return kept.isoformat(sep=" ")
    return kept.isoformat(sep=" ") if column.family == "datetime" and sample is None else kept
