"""SQL for DuckDB, parsed once in a process: every audit asks the same, and of few rows that is half of the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, Statement

Values = Mapping[str, object] | Sequence[object]

_MOST_KEPT = 1000

_parsed: dict[str, tuple[Statement, ...]] = {}


def parse(connection: DuckDBPyConnection, sql: str) -> tuple[Statement, ...]:
    """Return the statements of the SQL, which can be run on any connection and any number of times.

    Raises ``duckdb.ParserException``.
    """
    statements = _parsed.get(sql)
    if statements is None:
        statements = tuple(connection.extract_statements(sql))
        if len(_parsed) >= _MOST_KEPT:
            _parsed.clear()
        _parsed[sql] = statements
    return statements


def execute(connection: DuckDBPyConnection, sql: str, values: Values | None = None) -> DuckDBPyConnection:
    """Execute the SQL; of several statements only the last may have values.

    A text that is given to the driver itself is parsed twice, once to count its statements.
    """
    *first, last = parse(connection, sql)
    for statement in first:
        connection.execute(statement)
    return connection.execute(
        last, *([dict(values) if isinstance(values, Mapping) else list(values)] if values else [])
    )
