"""Existing rows of a table, from which the form of its values is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.actions.repair.subject_reader import literal_sql, statement
from trueup.sources.select import quoted, table_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from trueup.actions.repair.session import RepairSession
    from trueup.model.source import RelationMapping

MOST = 20
"""How many rows are read to learn how a text column writes its numbers and moments."""


def any_row(session: RepairSession, connection: Connection, mapping: RelationMapping) -> list[tuple[object, ...]]:
    """One row of the table, or none: its mapped columns in the mapping's order, nothing for an expression."""
    return _rows(
        session, connection, mapping, [column.column for column in mapping.columns.values()], condition="", most=1
    )


def values_of(session: RepairSession, connection: Connection, mapping: RelationMapping, column: str) -> list[object]:
    """Some of the values that a column of the table holds."""
    condition = f"{quoted(literal_sql(column), session.target.quote)} IS NOT NULL"
    if mapping.where:
        condition += f" AND ({literal_sql(mapping.where)}\n)"
    return [row[0] for row in _rows(session, connection, mapping, [column], condition=condition, most=MOST)]


def _rows(
    session: RepairSession,
    connection: Connection,
    mapping: RelationMapping,
    columns: Iterable[str | None],
    *,
    condition: str,
    most: int,
) -> list[tuple[object, ...]]:
    quote = session.target.quote
    names = ", ".join("NULL" if name is None else quoted(literal_sql(name), quote) for name in columns)
    where = f" WHERE {condition}" if condition else ""
    sql = f"SELECT {names} FROM {table_name(literal_sql(mapping.table), quote)}{where} LIMIT {most}"
    return [tuple(row) for row in connection.execute(statement(sql))]
