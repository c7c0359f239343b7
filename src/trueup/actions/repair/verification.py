"""Verify that exactly the plan was written: the last look before COMMIT, and one more after it.

The application's triggers and rules run inside the repair's transaction: what they add, rewrite or swallow is not in
any row count that a statement returns. So the server's own counts are compared with the plan, and everything that was
written is read back, in the column's own form.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from trueup import journal
from trueup.actions.repair.difference import new_rows
from trueup.actions.repair.subject_reader import literal_sql, raw_text, statement
from trueup.actions.repair.value_forms import same_value
from trueup.journal.tables import HEAD, JOURNAL, REPAIR
from trueup.model.row_counts import RowCounts
from trueup.sources.select import quoted, table_name
from trueup.targets.target import TargetUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from trueup.actions.repair.agreement import Held
    from trueup.actions.repair.planning import Decided
    from trueup.actions.repair.session import RepairSession
    from trueup.actions.repair.subject_snapshot import SubjectSnapshot
    from trueup.actions.repair.writing import Insert, Update, Writes
    from trueup.targets.target import WriteCounter

_JOURNALED = {
    JOURNAL.name: RowCounts(inserts=1),
    HEAD.name: RowCounts(updates=1),
    REPAIR.name: RowCounts(inserts=1),
}
"""The rows that every repair writes into trueup's own tables."""

_BOOKKEEPING = ("trueup_journal_consumed",)
"""The tables of trueup that the journal's own triggers write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlace:
    """The value that the audit row is found by, and how many audit rows its account had when it was added."""

    key: object
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one repair wrote, to be compared with what is there."""

    writes: Writes
    row: journal.RepairRow
    line: journal.JournalLine
    entry: journal.JournalEntry
    expected: Mapping[str, RowCounts]
    audit: AuditPlace
    held: Held


def audit_place(decided: Decided, after: SubjectSnapshot) -> AuditPlace:
    """The place of the audit row: ``after`` is the subject's snapshot, read when the row was written."""
    relation, insert = decided.plan.change.append.relation, decided.writes.insert
    mapping = after.mappings[relation]
    names = [mapping.columns[name].column for name in mapping.columns]
    added = new_rows(decided.snapshot, after, relation)
    read = added[0][names.index(insert.key_column)] if len(added) == 1 and insert.key_column in names else None
    key = insert.values.get(insert.key_column, read)
    owner = insert.values.get(insert.owner_column) if insert.owner_column else None
    of_owner = [row for row in after.rows[relation] if owner is not None and _is_of(row, names, insert, owner)]
    return AuditPlace(key=key, rows=len(of_owner))


def _is_of(row: Sequence[object], names: Sequence[str | None], insert: Insert, owner: object) -> bool:
    return raw_text(row[names.index(insert.owner_column)]) == raw_text(owner)


def planned_rows(session: RepairSession, written: Written) -> dict[str, RowCounts]:
    """How many rows of each table the whole transaction writes, by quoted name."""
    quote = session.target.quote
    rows: dict[str, RowCounts] = {}
    for table, counts in [*written.writes.rows(), *written.expected.items(), *_JOURNALED.items()]:
        name = table_name(table, quote)
        rows[name] = rows.get(name, RowCounts()) + counts
    return rows


def deviation(session: RepairSession, connection: Connection, counter: WriteCounter, written: Written) -> str | None:
    """What differs from the plan, in a sentence without its full stop; None where nothing does."""
    ignored = [table_name(table, session.target.quote) for table in _BOOKKEEPING]
    counted = counter.difference(planned_rows(session, written), ignored=ignored)
    reasons = [*_of_the_journal(connection, written), *_of_the_rows(session, connection, written)]
    if counted is not None:
        reasons.append(counted)
    if not reasons:
        return None
    mend = "correct what changes it, or declare what triggers write under [repairs.expected_writes]"
    return f"the plan was not written exactly: {'; '.join(reasons)}{_triggers(session, connection, written)}; {mend}"


def changes_since(session: RepairSession, connection: Connection, written: Written) -> tuple[str, ...]:
    """What a fresh look after COMMIT finds changed. A value that a newer row of the application explains is not.

    Empty also where the database could not be asked again: what was committed stays committed. Raises nothing.
    """
    reasons: list[str] = []
    # The look ends within this block: a connection that is lost in it must not make the commit look rolled back.
    with contextlib.suppress(DBAPIError, TargetUnavailable), session.target.look_again(connection) as fresh:
        reasons += _of_the_audit_row(session, fresh, written)
        moved = list(_of_the_cell(session, fresh, written.writes.update))
        if moved and _audit_rows(session, fresh, written.writes.insert) <= written.audit.rows:
            reasons += moved
    return tuple(reasons)


def _of_the_journal(connection: Connection, written: Written) -> Iterator[str]:
    entry = written.entry
    stored = list(journal.entries(connection, since=entry.seq - 1, until=entry.seq))
    if not stored:
        yield "the journal row is missing"
    elif stored != [entry] or not journal.says(entry, written.line):
        yield "the journal row is not what was written"
    if journal.head_of(connection) != journal.Head(seq=entry.seq, hash=entry.hash):
        yield "the journal's head does not name the new row"
    row = journal.repair_by_id(connection, written.row.repair_id)
    if row is None:
        yield "the row in trueup_repair is missing"
    elif row != journal.masked(written.row):
        yield "the row in trueup_repair is not what was written"


def _of_the_rows(session: RepairSession, connection: Connection, written: Written) -> Iterator[str]:
    yield from _of_the_audit_row(session, connection, written)
    yield from _of_the_cell(session, connection, written.writes.update)


def _of_the_audit_row(session: RepairSession, connection: Connection, written: Written) -> Iterator[str]:
    insert = written.writes.insert
    key = {insert.key_column: written.audit.key}
    rows = _rows(session, connection, insert.table, list(insert.values), key, None)
    if any(not list(_differing(insert, row)) for row in rows):
        return
    if len(rows) == 1:
        yield from _differing(insert, rows[0])
    else:
        yield f"the row added to {insert.table} is not there"


def _differing(insert: Insert, row: Sequence[object]) -> Iterator[str]:
    for (column, value), stored in zip(insert.values.items(), row, strict=True):
        if not same_value(value, stored):
            yield f"{insert.table}.{column} of the added row was written as {_shown(value)} and is {_shown(stored)}"


def _of_the_cell(session: RepairSession, connection: Connection, update: Update | None) -> Iterator[str]:
    if update is None:
        return
    key = {update.key_column: update.key}
    values = [row[0] for row in _rows(session, connection, update.table, [update.column], key, update.where)]
    cell = f"{update.table}.{update.column} of {raw_text(update.key)}"
    if len(values) != 1:
        yield f"{cell} is in {len(values)} rows, but was written in one"
    elif not same_value(update.new, values[0]):
        yield f"{cell} was written as {_shown(update.new)} and is {_shown(values[0])}"


def _audit_rows(session: RepairSession, connection: Connection, insert: Insert) -> int:
    """How many audit rows the account has."""
    if insert.owner_column is None:
        return 0
    owner = {insert.owner_column: insert.values[insert.owner_column]}
    return len(_rows(session, connection, insert.table, [insert.owner_column], owner, insert.where))


def _rows(
    session: RepairSession,
    connection: Connection,
    table: str,
    columns: Sequence[str],
    by: Mapping[str, object],
    where: str | None,
) -> list[tuple[object, ...]]:
    quote = session.target.quote
    names = ", ".join(quoted(literal_sql(name), quote) for name in columns)
    ((name, value),) = by.items()
    condition = f"{quoted(literal_sql(name), quote)} = :key" + (f" AND ({literal_sql(where)}\n)" if where else "")
    sql = f"SELECT {names} FROM {table_name(literal_sql(table), quote)} WHERE {condition}"
    return [tuple(row) for row in connection.execute(statement(sql, values=("key",)), {"key": value})]


def _triggers(session: RepairSession, connection: Connection, written: Written) -> str:
    """The triggers and rules that may have caused it, to look at first."""
    names = planned_rows(session, written)
    triggers = [
        f"{trigger.kind} {trigger.name} on {trigger.table.replace(session.target.quote, '')}"
        for trigger in session.target.triggers(connection, names)
        if not trigger.name.startswith("trueup_")
    ]
    return f" (there: {', '.join(triggers)})" if triggers else ""


def _shown(value: object) -> str:
    return "nothing" if value is None else raw_text(value)
