"""What in the schema changed since the config was written, and which of it the config can follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.model.source import without_ours
from trueup.model.written_schema import TableChange, describe_schema, list_changes

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.model.source import SourceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """The column that came in the place of one that the config names: the only one of its type, for the only one."""

    relation: str
    column: str
    now: str
    reason: str


def examine_changes(config: Config, tables: Sequence[SourceTable]) -> Iterator[Symptom]:
    """Say what changed since the config was written; nothing where it does not say for which schema that was."""
    if config.written_for is None:
        return
    for change in list_changes(config.written_for, without_ours(tables)):
        says = f"since the config was written, {change.sentence}"
        yield Symptom(health=Health.WARNING, about="schema", says=says)


def list_successors(config: Config, tables: Sequence[SourceTable]) -> Iterator[Successor]:
    """The columns that the config names and that were renamed, where that is plain."""
    if config.written_for is None:
        return
    changes = {change.table: change for change in list_changes(config.written_for, tables) if not change.whole}
    for name, mapping in config.relations.items():
        change = changes.get(mapping.table) if mapping.is_one_table else None
        if change is None:
            continue
        for ours, source in mapping.columns.items():
            now = _successor(change, source.column or "")
            if now is not None and source.column is not None:
                kind = change.vanished[source.column]
                reason = (
                    f"{mapping.table}.{source.column} ({kind}) vanished, and the one such column that came is {now}"
                )
                yield Successor(relation=name, column=ours, now=now, reason=reason)


def written_again(config: Config, tables: Sequence[SourceTable]) -> dict[str, object] | None:
    """The section ``[written_for]`` for the schema as it is; None where it says so already, or is not there."""
    written, ours = config.written_for, without_ours(tables)
    if written is None or not any(True for _ in list_changes(written, ours)):
        return None
    now = describe_schema(ours, frozenset(written.tables))
    return {"others": list(now.others), "tables": {name: dict(columns) for name, columns in now.tables.items()}}


def _successor(change: TableChange, column: str) -> str | None:
    kind = change.vanished.get(column)
    gone = [name for name, other in change.vanished.items() if other == kind]
    came = [name for name, other in change.came.items() if other == kind]
    return came[0] if kind is not None and len(gone) == len(came) == 1 else None
