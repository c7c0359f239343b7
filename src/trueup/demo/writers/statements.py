"""What the writers share: the tables' DDL, and the refusal to overwrite tables that are already there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from trueup.demo.tables import TABLES, AppColumn, AppTable, Type
from trueup.model.errors import ConfigurationError


def create_statement(
    table: AppTable, types: Mapping[Type, str], *, quote: str, with_key: bool = True, numbered: str = ""
) -> str:
    """The table's DDL in the words of one kind of database.

    ``with_key`` false leaves the primary key for later. ``numbered`` is what a key of integers says so that the
    database numbers new rows.
    """
    lines = [
        f"{quote}{column.name}{quote} {types[column.type]}{' NOT NULL' if column.required else ''}"
        f"{f' {numbered}' if numbered and is_number_key(column, table) else ''}"
        for column in table.columns
    ]
    if with_key and table.key:
        lines.append(f"PRIMARY KEY ({quote}{table.key}{quote})")
    return f"CREATE TABLE {quote}{table.name}{quote} ({', '.join(lines)})"


def is_number_key(column: AppColumn, table: AppTable) -> bool:
    """Whether this is the table's key, and an integer: the database numbers new rows by it."""
    return column.name == table.key and column.type is Type.INTEGER


def index_statements(table: AppTable, *, quote: str) -> list[str]:
    """The table's further indexes."""
    return [
        f"CREATE INDEX {quote}{table.name}_{column}{quote} ON {quote}{table.name}{quote} ({quote}{column}{quote})"
        for column in table.indexed
    ]


def refuse_existing(present: Collection[str], place: str) -> None:
    """Raise ``ConfigurationError`` when one of the company's tables is ``present`` already."""
    taken = sorted(table.name for table in TABLES if table.name in present)
    if taken:
        raise ConfigurationError(
            f"{place} already has {', '.join(taken)}; "
            "name an empty place for the demo company, or force it to replace them."
        )
