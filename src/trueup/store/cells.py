"""Cells of the store's tables: a cell is read as its column's type, or named as one that cannot be read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Container
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Dialect, Double, Integer, Table, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from trueup.model.errors import StoreUnavailable

WORDS = "words"
"""In a column's ``info``: the values that it may hold."""

JSON = "json"
"""In a column's ``info``: the type of the JSON value that its text is."""

OBJECT = "object"
"""In a column's ``info``: its text is a JSON object that is passed on unread, so only its ends are checked."""

Test = Callable[[Any], bool]


class CellUnreadable(StoreUnavailable):
    """A cell holds a value that its column never does, so another program wrote it. ``value`` is what it holds."""

    def __init__(self, table: Table, column: str, holds: str, value: object) -> None:
        super().__init__(f"{table.name}.{column} does not hold {holds}")
        self.table, self.column, self.value = table, column, value


class Cell(TypeDecorator[Any]):
    """A column type that refuses values of other types: SQLite keeps any value in a column of any type."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any], table: Table, column: str, holds: str, is_held: Test) -> None:
        super().__init__()
        self.impl = of
        self.of, self.table, self.column, self.holds, self.is_held = of, table, column, holds, is_held

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Read a value as the declared type reads it. Raises ``CellUnreadable``."""
        read = self.of.dialect_impl(dialect).result_processor(dialect, coltype)
        is_boolean = isinstance(self.of, Boolean)  # its own reading accepts any value as true

        def process(value: Any) -> Any:
            if value is None:
                return None
            try:
                held = value if read is None or (is_boolean and value not in (0, 1)) else read(value)
            except (ValueError, TypeError, OverflowError):
                held = None
            if held is None or not self.is_held(held):
                raise CellUnreadable(self.table, self.column, self.holds, value)
            return held

        return process


def hold_to_types(table: Table) -> None:
    """Make each column of the table refuse what it cannot hold. Row numbers are refused by the database itself."""
    for column in table.columns:
        if column.primary_key and isinstance(column.type, Integer):
            continue
        holds, is_held = _kind(column.type, column.info)
        column.type = Cell(column.type, table, column.name, holds, is_held)


def _kind(of: TypeEngine[Any], info: dict[Any, Any]) -> tuple[str, Test]:
    """What a column holds, in words, and the test of it."""
    if WORDS in info:
        words: Container[object] = info[WORDS]
        return "one of its words", lambda value: type(value) in (str, int) and value in words
    if JSON in info:
        return "the JSON that it is written as", lambda value: _is_json(value, info[JSON])
    if OBJECT in info:
        return "a JSON object", lambda value: isinstance(value, str) and value[:1] == "{" and value[-1:] == "}"
    match of:
        case Boolean():
            return "true or false", lambda value: isinstance(value, bool)
        case Integer():
            return "a whole number", lambda value: isinstance(value, int)
        case Double():
            return "a number", lambda value: isinstance(value, (int, float)) and math.isfinite(value)
        case DateTime():
            return "a moment", lambda value: isinstance(value, datetime)
        case Date():
            return "a day", lambda value: isinstance(value, date)
        case _:
            return "text", lambda value: isinstance(value, str)


def _is_json(text: object, kind: type) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), kind)
    except (ValueError, RecursionError):
        return False
