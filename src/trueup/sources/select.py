"""The SELECT that reads a mapped relation, in the source's own dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from trueup.model.source import ColumnMapping, RelationMapping
from trueup.model.sql_names import quoted, table_name

__all__ = ["quoted", "select", "table_name", "wrapped"]


def select(mapping: RelationMapping, *, quote: str = '"', table: str | None = None) -> str:
    """Select every mapped column under trueup's name, in the mapping's order.

    ``table`` is what to read from if that is not the mapping's own table name. Expressions and the condition are each
    in parentheses of their own, with the closing one on a new line, so that a comment at their end ends there.
    """
    columns = ",\n".join(
        f"{_value(column, quote)} AS {quoted(name, quote)}" for name, column in mapping.columns.items()
    )
    where = f"\nWHERE ({mapping.where}\n)" if mapping.where else ""
    from_sql = table or table_name(mapping.table, quote)
    if mapping.query is not None:
        from_sql = f"({mapping.query}\n) AS queried_rows"
    return f"SELECT {columns}\nFROM {from_sql}{where}"


def wrapped(inner: str, names: Iterable[str], wrap: Callable[[str, str], str], *, quote: str = '"') -> str:
    """``inner`` with each of its columns passed through ``wrap(name, quoted name)``, under the same name."""
    columns = ",\n".join(f"{wrap(name, quoted(name, quote))} AS {quoted(name, quote)}" for name in names)
    return f"SELECT {columns}\nFROM ({inner}\n) AS source_rows"


def described(mapping: RelationMapping, name: str) -> str:
    """A mapped column as a message names it: ``users.id -> account.account_id``."""
    column = mapping.columns[name]
    return f"{mapping.table}.{column.column or column.expression} (mapped to {mapping.relation}.{name})"


def _value(column: ColumnMapping, quote: str) -> str:
    if column.column is not None:
        return quoted(column.column, quote)
    return f"({column.expression}\n)"
