"""Copy, from the audit's own snapshot, the rows that show whether trueup's repairs and the app's rows still agree."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from trueup.actions.audit.guardrails.journaled import COMPARED, journaled_row, marked_row
from trueup.books.bulk import add_all
from trueup.journal.tables import HEAD, JOURNAL, REPAIR
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.marks import ACTOR, MARK
from trueup.model.repair_evidence import AppliedRepair, JournaledRow, JournalReading, JournalState, MarkedRow
from trueup.model.source import ColumnMapping, RelationMapping, places_of
from trueup.sources.select import quoted

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.model.source import Progress, Snapshot, Source, SourceTable

READ = {
    JOURNAL.name: ("seq", "action", "target", "repair_id", "after"),
    REPAIR.name: ("repair_id", "issue_id", "status"),
    HEAD.name: ("seq",),
}
"""The only columns that are read of the journal's tables: no reason, and no person's name."""

_TEXT = {"postgres": "text", "mysql": "char", "sqlite": "text"}
_MEND = "grant SELECT on the journal's tables (`trueup doctor --print-grants` prints it)"

Fitted = Mapping[str, RelationMapping]


def copy_repairs(
    books: Books,
    source: Source,
    snapshot: Snapshot,
    fitted: Fitted,
    tables: Sequence[SourceTable],
    *,
    progress: Progress,
) -> None:
    """Copy the journal and the rows that carry trueup's mark. What cannot be read is recorded, and ends no audit."""
    progress.begin("Copying the journal", None)
    try:
        for relation in ("ledger_entry", "plan_change"):
            for place in places_of(fitted[relation]) if relation in fitted else ():
                _copy_marked(books, snapshot, place, source.dialect)
        reading = _copy_journal(books, source, snapshot, fitted, tables)
    except (SourceUnavailable, ConfigurationError) as error:
        reading = JournalReading(state=JournalState.HIDDEN, problem=str(error))
    note_journal(books, reading)
    progress.end()


def note_journal(books: Books, reading: JournalReading) -> None:
    """Record how the journal was read."""
    books.replace_rows([reading], of=JournalReading)


def _copy_marked(books: Books, snapshot: Snapshot, mapping: RelationMapping, dialect: str) -> None:
    """Copy the rows of this relation that may carry trueup's mark, with only those columns that are compared."""
    tests = tuple(_tests(mapping, dialect))
    if not tests:
        return
    marked = " OR ".join(tests)
    wanted = {*COMPARED[mapping.relation], "actor"}
    narrowed = dataclasses.replace(
        mapping,
        columns={name: column for name, column in mapping.columns.items() if name in wanted},
        where=f"({mapping.where}\n) AND ({marked})" if mapping.where else marked,
    )
    rows = (marked_row(mapping.relation, row) for row in _rows(snapshot, narrowed))
    add_all(books, rows, of=MarkedRow)


def _tests(mapping: RelationMapping, dialect: str) -> Iterator[str]:
    """How a row is recognized: an entry by its reason; a plan change by its reason, its actor, or both."""
    if "reason" in mapping.columns:
        yield f"{_as_text(mapping.columns['reason'], dialect)} LIKE '{MARK}%'"
    if "actor" in mapping.columns and mapping.relation == "plan_change":
        yield f"{_as_text(mapping.columns['actor'], dialect)} = '{ACTOR}'"


def _as_text(column: ColumnMapping, dialect: str) -> str:
    """The column as text: an app may keep a number or an enum there, with which text cannot be compared."""
    quote = '"' if dialect in {"postgres", "duckdb"} else "`"
    value = f"({column.expression}\n)" if column.column is None else quoted(column.column, quote)
    return f"CAST({value} AS {_TEXT.get(dialect, 'varchar')})"


def _copy_journal(
    books: Books, source: Source, snapshot: Snapshot, fitted: Fitted, tables: Sequence[SourceTable]
) -> JournalReading:
    there = {name: _readable(name, tables) for name in READ}
    if not any(there.values()):
        return _without_journal(source)
    unread = next((name for name, table in there.items() if table is None), None)
    if unread is not None:
        return JournalReading(state=JournalState.HIDDEN, problem=f"{unread} cannot be read; {_MEND}")
    read = {name: _rows(snapshot, _mapping(name, table)) for name, table in there.items() if table is not None}
    entries = (journaled_row(row, fitted) for row in read[JOURNAL.name])
    add_all(books, entries, of=JournaledRow)
    applied = (
        AppliedRepair(repair_id=str(row["repair_id"]), issue_id=str(row["issue_id"]))
        for row in read[REPAIR.name]
        if row["status"] == "applied"
    )
    add_all(books, applied, of=AppliedRepair)
    heads = [int(str(row["seq"])) for row in read[HEAD.name]]
    return JournalReading(state=JournalState.READ, head_seq=max(heads, default=None))


def _without_journal(source: Source) -> JournalReading:
    if source.dialect == "duckdb":
        return JournalReading(state=JournalState.IMPOSSIBLE)
    if source.may_hide(JOURNAL.name):
        problem = f"this role may not read it, or may not see whether it exists; {_MEND}"
        return JournalReading(state=JournalState.HIDDEN, problem=problem)
    return JournalReading(state=JournalState.ABSENT)


def _readable(name: str, tables: Sequence[SourceTable]) -> SourceTable | None:
    """The journal's table of this name, if everything needed may be read.

    It is the table that the name alone leads to, or else the one in the only schema that has it.
    """
    same_name = [table for table in tables if table.name == name]
    visible = [table for table in same_name if table.schema is None] or same_name
    if len(visible) != 1 or not {column.name for column in visible[0].columns} >= set(READ[name]):
        return None
    return visible[0]


def _mapping(name: str, table: SourceTable) -> RelationMapping:
    columns = {column: ColumnMapping(column=column) for column in READ[name]}
    return RelationMapping(relation=name, table=table.qualified_name, columns=columns)


def _rows(snapshot: Snapshot, mapping: RelationMapping) -> Iterator[Mapping[str, object]]:
    """The rows, a batch at a time; the first is read only when it is asked for."""
    for batch in snapshot.read(mapping):
        yield from batch.to_pylist()
