"""MySQL's wire types as Arrow columns: everything arrives as text and is converted a batch of a column at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from pymysql.constants import FIELD_TYPE, FLAG

BINARY_CHARACTER_SET = 63
LAST_MOMENT = "9999-12-31 23:59:59"
_INTEGERS = frozenset(
    {FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.YEAR}
)
_FLOATS = frozenset({FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE})
_MOMENTS = frozenset({FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATE, FIELD_TYPE.NEWDATE})
_PLAIN_TEXT = frozenset({FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.TIME, FIELD_TYPE.JSON, FIELD_TYPE.NULL})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultColumn:
    """A result column as the server describes it."""

    name: str
    type_code: int
    character_set: int
    flags: int


def arrow_type(field: ResultColumn) -> pa.DataType | None:
    """The Arrow type that holds every value of the column; None for binary data."""
    if field.type_code in _INTEGERS:
        return pa.uint64() if field.flags & FLAG.UNSIGNED else pa.int64()
    if field.type_code == FIELD_TYPE.BIT:
        return pa.uint64()
    if field.type_code in _FLOATS:
        return pa.float64()
    if field.type_code in _MOMENTS:
        return pa.timestamp("us")
    if field.type_code in _PLAIN_TEXT:
        return pa.string()
    return None if field.character_set == BINARY_CHARACTER_SET else pa.string()


def column_array(field: ResultColumn, values: pa.BinaryArray) -> pa.Array:
    """The column's values, converted exactly. Text is taken for UTF-8, and not looked at."""
    kind = arrow_type(field)
    if field.type_code == FIELD_TYPE.BIT:
        return pa.array([None if bits is None else int.from_bytes(bits) for bits in values.to_pylist()], kind)
    texts = values.view(pa.string())
    if field.type_code not in _MOMENTS:
        return texts.cast(kind)
    try:
        return texts.cast(kind)
    except pa.ArrowInvalid:
        return pa.array([_possible(value) for value in texts.to_pylist()], pa.string()).cast(kind)


def _possible(value: str | None) -> str | None:
    """The moment, or the last one there is for a date that no calendar has: ``0000-00-00``, ``2026-02-30``."""
    if value is None:
        return None
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return LAST_MOMENT
    return value
