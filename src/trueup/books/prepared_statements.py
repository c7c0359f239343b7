"""Running the same few statements again and again over a few rows, where planning one costs more than running it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from trueup.books.reading import literal
from trueup.disk.statements import parse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, Statement

    from trueup.model.report import RelationRead

_MOST_KEPT = 500
_NOT_WORTH_PLANNING_WELL = 300
_PARAMETER = re.compile(r"\$([a-z_][a-z_0-9]*)")
_NOTHING = "NULL"
"""The type of a parameter that holds nothing."""

_PLANNED = frozenset({"SELECT", "INSERT", "DELETE"})


class PreparedStatements:
    """Keeps statements parsed, and the plans of those whose values can be written where they are run.

    A plan is one that was made without looking for a better one, and only fit for a few rows: where there are more,
    none is used. ``tables`` are the derived ones that are there with the columns that they must have, and whether they
    may hold rows; ``copies`` and ``mapped`` are what the books hold, and which columns of it; ``has_plans`` says
    whether the config names any; ``environment`` and ``as_of`` are what the books are of. ``late`` are relations that
    are written by a call, before the first statement that names them. ``rows`` are those of a relation, every column
    of each, where they are at hand.
    """

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self.tables: dict[str, bool] = {}
        self.copies: tuple[RelationRead, ...] = ()
        self.mapped: Mapping[str, frozenset[str]] = {}
        self.has_plans = False
        self.late: dict[str, Callable[[], None]] = {}
        self.rows: dict[str, list[tuple[object, ...]]] = {}
        self.environment = ""
        self.as_of: datetime | None = None
        self._connection = connection
        self._planned: dict[tuple[str, ...], str] = {}
        self._types: dict[object, str] = {}
        self._are_few = False
        # From an empty side of an outer join DuckDB 2.0 concludes that a sum is zero (see engines/duckdb).
        connection.execute("SET disabled_optimizers = 'statistics_propagation'")

    def expect(self, rows: int) -> None:
        """Say how many rows there will be."""
        are_few = rows <= _NOT_WORTH_PLANNING_WELL
        if are_few != self._are_few:
            self._connection.execute("PRAGMA disable_optimizer" if are_few else "PRAGMA enable_optimizer")
            self._are_few = are_few

    def run(self, sql: str, bound: Mapping[str, object] | None = None) -> DuckDBPyConnection:
        """Run one statement."""
        for name in [name for name in self.late if name in sql]:
            self.late.pop(name)()
        statement = self._statement(sql)
        if statement.type.name == "CREATE":
            self.forget_plans()
        values = bound or {}
        if self._are_few and statement.type.name in _PLANNED and all(map(_is_literal, values.values())):
            return self._connection.execute(self._plan(sql, values))
        return self._connection.execute(statement, *([dict(bound)] if bound else []))

    def forget_plans(self) -> None:
        """Make every plan again when it is needed: after a table was made, DuckDB would do so at every use."""
        for name in self._planned.values():
            self._connection.execute(f"DEALLOCATE {name}")
        self._planned.clear()

    def _statement(self, sql: str) -> Statement:
        (statement,) = parse(self._connection, sql)
        return statement

    def _plan(self, sql: str, bound: Mapping[str, object]) -> Statement | str:
        """The statement that runs the plan. A parameter's type is part of a plan, and is the one it has without."""
        types = {name: self._type(value) for name, value in bound.items()}
        key = (sql, *types.values())
        if key not in self._planned:
            self._keep(key, _PARAMETER.sub(lambda match: _typed(match[1], types[match[1]]), sql))
        name = self._planned[key]
        values = [
            f"{name} := CAST({literal(value)} AS {types[name]})" for name, value in bound.items() if value is not None
        ]
        if not values:
            return self._statement(f"EXECUTE {name}")
        return f"EXECUTE {name}({', '.join(values)})"

    def _keep(self, key: tuple[str, ...], sql: str) -> None:
        if len(self._planned) >= _MOST_KEPT:
            self.forget_plans()
        name = f"plan_{len(self._planned)}"
        self._connection.execute(f"PREPARE {name} AS {sql}")
        self._planned[key] = name

    def _type(self, value: object) -> str:
        """What DuckDB takes this value for when it is bound."""
        if value is None:
            return _NOTHING
        if isinstance(value, str):
            return "VARCHAR"
        known = type(value) if isinstance(value, date) else (type(value), _size(value))
        if known not in self._types:
            if len(self._types) >= _MOST_KEPT:
                self._types.clear()
            (row,) = self._connection.execute("SELECT typeof($value)", {"value": value}).fetchall()
            self._types[known] = row[0]
        return self._types[known]


def _typed(name: str, type_name: str) -> str:
    """Return the parameter as a plan has it. One that holds nothing is part of the plan itself, which has no value."""
    return "NULL" if type_name == _NOTHING else f"CAST(${name} AS {type_name})"


def _size(value: object) -> object:
    """Numbers of one size are of one type."""
    match value:
        case bool():
            return None
        case int():
            return (~value if value < 0 else value).bit_length()
        case _:
            return str(value)


def _is_literal(value: object) -> bool:
    """Whether the value can be written in a statement. DuckDB reads a statement to its first NUL."""
    match value:
        case str():
            return "\0" not in value
        case Decimal():
            return value.is_finite()
        case datetime():
            return value.tzinfo is None
        case None | bool() | int() | date():
            return True
        case _:
            return False
