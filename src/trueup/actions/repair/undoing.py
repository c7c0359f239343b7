"""Undo a balance sync, or the switching off of unlimited credits: the value from before, and the finding with it.

No other repair can be undone: a plan that was taken away is given back by a payment, and an event's record by nothing.
The ledger is not undone either. What a repair appended stays, and the undo appends a row of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from trueup import journal
from trueup.actions.repair.plan import plan_hash
from trueup.actions.repair.planning import (
    Decided,
    expected_writes,
    find_doubt,
    find_obstacle,
    moment_after,
    say_unanswered,
)
from trueup.actions.repair.serialization import find_serialization
from trueup.actions.repair.subject_reader import SubjectReader, raw_text
from trueup.actions.repair.subject_snapshot import findings_in, load, outcomes_in, read_subject
from trueup.actions.repair.translation import Translator
from trueup.journal.lookup import entry_of_repair
from trueup.model.change import Append, Change, Refusal, Replace, Value
from trueup.model.finding import fingerprint_of
from trueup.model.marks import MARK, UNDONE
from trueup.model.money import Impact, credits_text
from trueup.model.outcome import Checked
from trueup.model.relations import EntryKind
from trueup.model.repair import PlannedRepair, Refused, Stale

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.actions.repair.subject_snapshot import SubjectSnapshot
    from trueup.actions.repair.writing import Writes
    from trueup.books.subject_books import SubjectBooks
    from trueup.journal import JournalEntry

UNDOABLE = {"sync-credit-balance": "credits", "switch-off-unlimited": "unlimited_credits"}
"""The kinds of repairs that can be undone, and the account's column that each has replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """The cell that the repair has replaced, in our values: what it holds now, and what it held before."""

    column: str
    now: Value
    before: Value


def plan_undo(
    session: RepairSession, connection: Connection, books: SubjectBooks, request: RepairRequest
) -> Decided | Stale | Refused:
    """Decide, inside the transaction, what undoing the repair ``request.undoes`` writes."""
    entry = entry_of_repair(connection, request.undoes or "")
    if entry is None or entry.target != request.issue_id or entry.action not in UNDOABLE:
        reason = f"Only {' and '.join(sorted(UNDOABLE))} can be undone, by the id of the repair that the journal has."
        return Refused(issue_id=request.issue_id, reason=reason)
    snapshot = read_subject(SubjectReader(session, connection, session.layout().read), request.check, request.subject)
    doubt = find_doubt(session, connection, request, snapshot)
    if doubt is not None:
        return doubt
    load(books, snapshot, session)
    (result,) = outcomes_in(books, session, (request.check,), now=request.now)
    if not isinstance(result.outcome, Checked):
        return Refused(issue_id=request.issue_id, reason=say_unanswered(result))
    if request.issue_id in findings_in((result,)):
        return Stale(
            issue_id=request.issue_id, reason=f"{request.issue_id} is a finding again; there is nothing to undo."
        )
    touched = _touched(connection, books, snapshot, entry, request)
    if touched is not None:
        return Stale(
            issue_id=request.issue_id, reason=f"Something has touched the account since the repair: {touched}."
        )
    return _translated(session, connection, books, request, entry, snapshot)


def _translated(
    session: RepairSession,
    connection: Connection,
    books: SubjectBooks,
    request: RepairRequest,
    entry: JournalEntry,
    snapshot: SubjectSnapshot,
) -> Decided | Refused:
    cell = _cell_of(entry, books, request.subject)
    if isinstance(cell, Refusal):
        return Refused(issue_id=request.issue_id, reason=cell.reason)
    change = _change(entry, cell, books, request)
    at = moment_after(_last_entry_at(books, request.subject), request.now, session.config.policy)
    translator = Translator(
        session=session, connection=connection, snapshot=snapshot, now=at, repair_id=request.repair_id
    )
    writes = translator.writes(change)
    if isinstance(writes, Refusal):
        return Refused(issue_id=request.issue_id, reason=writes.reason)
    obstacle = _inexact(writes, entry) or find_obstacle(session, connection, writes)
    if obstacle is not None:
        return Refused(issue_id=request.issue_id, reason=obstacle)
    serialization = find_serialization(session, connection, books, change)
    if isinstance(serialization, Refusal):
        return Refused(issue_id=request.issue_id, reason=serialization.reason)
    expected = expected_writes(session.config.repairs.expected_writes, writes)
    plan = PlannedRepair(
        issue_id=request.issue_id,
        check=request.check.id,
        fingerprint=fingerprint_of(request.check.id, request.subject),
        message=f"Undo of repair {request.undoes}, which {entry.actor} made: the finding returns.",
        change=change,
        plan_hash=plan_hash(request.issue_id, request.check.id, change, expected_writes=expected),
        expected_writes=expected,
        impact=_impact(cell),
    )
    return Decided(plan=plan, snapshot=snapshot, writes=writes, serialization=serialization)


def _touched(
    connection: Connection,
    books: SubjectBooks,
    snapshot: SubjectSnapshot,
    entry: JournalEntry,
    request: RepairRequest,
) -> str | None:
    """What happened to the account after the repair, as the journal and the ledger have it; None where nothing did."""
    for later in journal.entries(connection, since=entry.seq):
        same_row = [later.before.get(name) == entry.before.get(name) for name in ("table", "key")]
        if later.target == request.issue_id or all(same_row):
            return f"journal row {later.seq} is a later change of it"
    mapping = snapshot.mappings.get("ledger_entry")
    appended = entry.after.get("appended")
    written = appended.get("values") if isinstance(appended, dict) else None
    reason = written.get(mapping.columns["reason"].column or "") if mapping is not None and written else None
    rows = books.books.run(
        "SELECT created_at, reason FROM ledger_entry WHERE account_id = $subject ORDER BY created_at DESC LIMIT 2",
        {"subject": request.subject},
    ).fetchall()
    readable = books.books.run("SELECT count(*) FROM ledger_entry").fetchone()
    if readable is None or readable[0] != snapshot.count("ledger_entry"):
        return "the ledger has entries that cannot be read"
    if reason is None or not rows or rows[0][1] != reason or (len(rows) > 1 and rows[1][0] >= rows[0][0]):
        return "the last entry of its ledger is not the one that the repair made"
    return None


def _cell_of(entry: JournalEntry, books: SubjectBooks, subject: str) -> _Cell | Refusal:
    column = UNDOABLE[entry.action]
    row = books.books.run(f"SELECT {column} FROM account WHERE account_id = $subject", {"subject": subject}).fetchone()
    if row is None or row[0] is None:
        return Refusal(reason="The account cannot be read any more.")
    if column == "unlimited_credits":
        return _Cell(column=column, now=bool(row[0]), before=not row[0])
    try:
        before, after = (Decimal(str(side.get("value"))) for side in (entry.before, entry.after))
    except InvalidOperation:
        return Refusal(reason="The journal's values are not numbers; a person must write the value from before.")
    if after != row[0]:
        return Refusal(reason="The account no longer holds the value that the repair wrote.")
    return _Cell(column=column, now=row[0], before=before)


def _change(entry: JournalEntry, cell: _Cell, books: SubjectBooks, request: RepairRequest) -> Change:
    now, before = (_shown(value) for value in (cell.now, cell.before))
    is_balance = cell.column == "credits"
    stated = books.books.run(
        "SELECT balance_after FROM ledger_entry WHERE account_id = $subject AND starts_with(reason, $mark) "
        "ORDER BY created_at DESC LIMIT 1",
        {"subject": request.subject, "mark": MARK},
    ).fetchone()
    return Change(
        kind=f"undo-{entry.action}",
        summary=f"account.{cell.column} {now} -> {before}, plus one ledger_entry row of amount 0",
        replace=Replace(relation="account", row_key=request.subject, column=cell.column, old=cell.now, new=cell.before),
        append=Append(
            relation="ledger_entry",
            values={
                "account_id": request.subject,
                "kind": EntryKind.BALANCE_SYNC if is_balance else EntryKind.ADJUSTMENT,
                "amount": Decimal(0),
                "balance_after": cell.now if is_balance else stated[0] if stated is not None else None,
                "reason": f"{UNDONE}{cell.column} {now} to {before}, repair {request.undoes}",
            },
        ),
        safe=False,
    )


def _inexact(writes: Writes, entry: JournalEntry) -> str | None:
    """Why the value from before would not be exactly what was there; None where it would."""
    update = writes.update
    if update is None or (update.table, update.column) != (entry.before.get("table"), entry.before.get("column")):
        return "The column that the repair has changed is mapped to another place now."
    if raw_text(update.old) != entry.after.get("value"):
        return "The row no longer holds what the repair wrote, to the letter."
    if raw_text(update.new) != entry.before.get("value"):
        return "The value from before cannot be written to the letter; a person must write it."
    return None


def _impact(cell: _Cell) -> Impact:
    if not isinstance(cell.now, Decimal) or not isinstance(cell.before, Decimal):
        return Impact()
    return Impact(credits=abs(cell.now - cell.before))


def _last_entry_at(books: SubjectBooks, subject: str) -> Value:
    row = books.books.run(
        "SELECT max(created_at) FROM ledger_entry WHERE account_id = $subject", {"subject": subject}
    ).fetchone()
    return None if row is None else row[0]


def _shown(value: Value) -> str:
    return credits_text(value) if isinstance(value, Decimal) else "yes" if value else "no"
