"""A MySQL table's columns, from the information schema: SQLAlchemy asks for the whole table (``SHOW CREATE TABLE``),
which a role whose rights are rights to columns is refused.

Columns that the role has no right to are not among them.
"""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.exc import NoSuchTableError

from trueup.model.source import schema_and_table
from trueup.targets.target import DOUBLE_DIGITS, SINGLE_DIGITS, ColumnDescription

_COLUMNS = """
SELECT column_name, data_type, is_nullable, column_default, extra, character_maximum_length, numeric_scale,
    column_type, datetime_precision
FROM information_schema.columns
WHERE table_schema = coalesce(:schema, database()) AND table_name = :name
ORDER BY ordinal_position
"""
_SUPPLIED = ("auto_increment", "generated")


def describe_columns(connection: Connection, table: str) -> tuple[ColumnDescription, ...]:
    """The columns of ``table`` or ``schema.table``. Raises ``NoSuchTableError``."""
    schema, name = schema_and_table(table)
    rows = connection.execute(text(_COLUMNS), {"schema": schema, "name": name}).all()
    if not rows:
        raise NoSuchTableError(table)
    return tuple(_describe(tuple(row)) for row in rows)


def _describe(row: tuple[object, ...]) -> ColumnDescription:
    name, family, nullable, default, extra, length, scale, type_in_full, second_digits = row
    family = str(family).lower()
    # MariaDB says NULL for the default that is NULL; MySQL says nothing.
    has_default = default is not None and str(default).upper() != "NULL"
    return ColumnDescription(
        name=str(name),
        family=family,
        nullable=nullable == "YES",
        supplied=has_default or any(word in str(extra).lower() for word in _SUPPLIED),
        length=int(str(length)) if length is not None else None,
        decimals=_decimals(family, scale),
        is_text=family.endswith(("char", "text")),
        is_unsigned="unsigned" in str(type_in_full).lower(),
        float_digits={"float": SINGLE_DIGITS, "double": DOUBLE_DIGITS}.get(family),
        second_digits=int(str(second_digits)) if second_digits is not None else None,
    )


def _decimals(family: str, scale: object) -> int | None:
    if family.endswith("int"):
        return 0
    return int(str(scale)) if family in {"decimal", "numeric"} and scale is not None else None
