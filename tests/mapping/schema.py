"""Schemas as frameworks write them: tables as DDL reads, and the words that their columns hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from trueup.model.source import SourceColumn, SourceTable


def table(
    name: str, columns: str, *, key: str = "id", unique: Sequence[str] = (), schema: str | None = None
) -> SourceTable:
    """``columns`` are divided by ``;``: name, type, and ``!`` at the end for NOT NULL."""
    parsed = []
    for part in columns.split(";"):
        column, _, declared = " ".join(part.split()).partition(" ")
        required = declared.endswith("!")
        parsed.append(SourceColumn(name=column, type=declared.rstrip("! "), nullable=not required))
    return SourceTable(
        name=name,
        schema=schema,
        columns=tuple(parsed),
        unique=frozenset(frozenset({column}) for column in (key, *unique)),
    )


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A whole app, as a stranger meets it, and what must be understood of it."""

    name: str
    dialect: str
    tables: tuple[SourceTable, ...]
    understood: Mapping[str, Mapping[str, str]]
    words: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    absent: Sequence[tuple[str, str]] = ()

    @property
    def look(self) -> Callable[[str, str], Sequence[str] | None]:
        return lambda table, column: self.words.get((table, column))
