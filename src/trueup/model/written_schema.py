"""The schema for which a config was written, and what changed in it since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trueup.model.source import SourceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSchema:
    """The columns' types of the tables that the config reads, and the names of the other tables."""

    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """What changed in one table: columns with their types that came and vanished, and types before and now."""

    table: str
    came: Mapping[str, str] = field(default_factory=dict)
    vanished: Mapping[str, str] = field(default_factory=dict)
    retyped: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    whole: str = ""
    """``came`` or ``vanished`` where the table itself did."""

    @property
    def sentence(self) -> str:
        """The change, for a person."""
        if self.whole:
            return f"table {self.table} {self.whole}"
        parts = [f"{name} ({kind}) vanished" for name, kind in self.vanished.items()]
        parts += [f"{name} ({kind}) came" for name, kind in self.came.items()]
        parts += [f"{name} was {before} and is {now}" for name, (before, now) in self.retyped.items()]
        return f"in {self.table} {', '.join(parts)}"


def describe_schema(tables: Sequence[SourceTable], read: frozenset[str]) -> WrittenSchema:
    """Describe these tables; ``read`` are those that the config reads."""
    ordered = sorted(tables, key=lambda table: table.qualified_name)
    return WrittenSchema(
        tables={table.qualified_name: _types(table) for table in ordered if table.qualified_name in read},
        others=tuple(table.qualified_name for table in ordered if table.qualified_name not in read),
    )


def list_changes(written: WrittenSchema, tables: Sequence[SourceTable]) -> Iterator[TableChange]:
    """The changes since, by table: what the config reads first, then tables that came."""
    live = {table.qualified_name: table for table in tables}
    for name, before in written.tables.items():
        if name not in live:
            yield TableChange(table=name, whole="vanished")
            continue
        now = _types(live[name])
        change = TableChange(
            table=name,
            came={column: kind for column, kind in now.items() if column not in before},
            vanished={column: kind for column, kind in before.items() if column not in now},
            retyped={c: (kind, now[c]) for c, kind in before.items() if c in now and now[c] != kind},
        )
        if change.came or change.vanished or change.retyped:
            yield change
    known = {*written.tables, *written.others}
    yield from (TableChange(table=name, whole="came") for name in sorted(live) if name not in known)
    yield from (TableChange(table=name, whole="vanished") for name in written.others if name not in live)


def _types(table: SourceTable) -> dict[str, str]:
    return {column.name: column.type for column in table.columns}
