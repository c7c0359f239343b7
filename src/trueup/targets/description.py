"""A table's columns through SQLAlchemy's inspector, the same for every kind of database."""

from __future__ import annotations

from sqlalchemy import Connection, inspect
from sqlalchemy.engine.interfaces import ReflectedColumn

from trueup.model.source import schema_and_table
from trueup.targets.target import DOUBLE_DIGITS, SINGLE_DIGITS, ColumnDescription

_TEXT = ("char", "text", "clob", "string")


def describe_columns(connection: Connection, table: str) -> tuple[ColumnDescription, ...]:
    """The columns of ``table`` or ``schema.table``. Raises ``NoSuchTableError``."""
    schema, name = schema_and_table(table)
    inspector = inspect(connection)
    columns = inspector.get_columns(name, schema=schema)
    keys = inspector.get_pk_constraint(name, schema=schema)["constrained_columns"]
    row_id = keys[0] if connection.dialect.name == "sqlite" and len(keys) == 1 else None
    is_sqlite = connection.dialect.name == "sqlite"
    return tuple(_described(column, row_id, is_sqlite=is_sqlite) for column in columns)


def _described(column: ReflectedColumn, row_id: str | None, *, is_sqlite: bool) -> ColumnDescription:
    kind = column["type"]
    family = str(kind).lower() if type(kind).__name__ != "NullType" else ""
    numbered = column.get("identity") is not None or column.get("autoincrement") is True
    is_row_id = column["name"] == row_id and family == "integer"
    return ColumnDescription(
        name=column["name"],
        family=family,
        nullable=column["nullable"],
        supplied=column.get("default") is not None or column.get("computed") is not None or numbered or is_row_id,
        length=getattr(kind, "length", None),
        decimals=_decimals(family, getattr(kind, "scale", None)),
        is_text=any(word in family for word in _TEXT),
        float_digits=_float_digits(family, is_sqlite=is_sqlite),
        second_digits=getattr(kind, "precision", None) if "time" in family else None,
    )


def _float_digits(family: str, *, is_sqlite: bool) -> int | None:
    """SQLite keeps every fraction as a floating-point number, whatever a column is called."""
    if family == "real" and not is_sqlite:
        return SINGLE_DIGITS
    is_double = is_sqlite or family.startswith(("real", "double", "float"))
    return DOUBLE_DIGITS if is_double else None


def _decimals(family: str, scale: int | None) -> int | None:
    """How many digits after the point the column keeps; None where it keeps as many as are written."""
    if "int" in family:
        return 0
    return scale if family.startswith(("numeric", "decimal")) else None
