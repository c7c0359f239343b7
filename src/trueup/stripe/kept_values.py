"""How rows of our relations are kept in SQLite, and how they come out as Arrow."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trueup.model.columns import Column, Kind
from trueup.stripe.failures import NotRead
from trueup.stripe.shapes.fields import Row

if TYPE_CHECKING:
    import pyarrow as pa

NUMBERS = (Kind.INTEGER, Kind.BOOLEAN, Kind.TIME)
_INT64 = 1 << 63


def arrow_array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """The values as Arrow; where the column is text, so are its numbers."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    if kind == pa.string():
        values = [value if value is None or isinstance(value, str) else str(value) for value in values]
    return pa.array(values, kind)


def make_stored_row(columns: Sequence[Column], row: Row, owner: str) -> list[object]:
    """The row's values in the order of the columns. Raises ``NotRead`` for one without a key."""
    for column in columns:
        if column.is_key and not row[column.name]:
            raise NotRead(f"{owner} holds something without an id")
    return [_store_value(column.kind, row[column.name]) for column in columns]


def _store_value(kind: Kind, value: Any) -> object:
    """A number, a text, or nothing. What is no number where one belongs is kept as text, for the books to say."""
    match value:
        case None:
            return None
        case bool():
            return int(value) if kind is Kind.BOOLEAN else str(value).lower()
        case int():
            return value if kind in NUMBERS and -_INT64 <= value < _INT64 else str(value)
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case float() if not math.isfinite(value):
            return str(value)
    return json.dumps(value, default=str)
