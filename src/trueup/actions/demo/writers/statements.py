"""What the writers share: the tables' DDL, and the refusal to write over somebody's tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from trueup.actions.demo.tables import TABLES, AppTable, Type
from trueup.model.errors import ConfigurationError


def create_statement(table: AppTable, types: Mapping[Type, str], *, quote: str, with_key: bool = True) -> str:
    """The table's DDL in the words of one kind of database. ``with_key`` false leaves the primary key for later."""
    lines = [
        f"{quote}{column.name}{quote} {types[column.type]}{' NOT NULL' if column.required else ''}"
        for column in table.columns
    ]
    if with_key and table.key:
        lines.append(f"PRIMARY KEY ({quote}{table.key}{quote})")
    return f"CREATE TABLE {quote}{table.name}{quote} ({', '.join(lines)})"


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
