"""Prove, before a balance is written, that the application has no uncommitted entry for the account."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from trueup.actions.repair.subject_reader import typed_key
from trueup.model.change import Change, Refusal
from trueup.targets.serialization import EntryTable, Serialization, Unserialized, entry_table_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.session import RepairSession
    from trueup.books.subject_books import SubjectBooks

OPT_IN = "repairs.balance_without_serialization"


def find_serialization(
    session: RepairSession, connection: Connection, books: SubjectBooks, change: Change
) -> Serialization | Refusal | None:
    """Return what serializes this change with the application's transactions; None for one that writes no balance.

    ``books`` hold the account's entries: where none of them can be posted any more, they only grow.
    """
    cell = change.replace
    if cell is None or (cell.relation, cell.column) != ("account", "credits"):
        return None
    entries = entry_table_of(session.layout().mappings)
    if entries is None:
        return Refusal(reason="no table is mapped for ledger_entry; map [relations.ledger_entry]")
    if not entries.grows_only and session.layout().mappings["ledger_entry"].where is None:
        entries = dataclasses.replace(entries, grows_only=not _has_pending(books))
    answer = session.target.find_serialization(
        connection, entries, entry_key(session, connection, entries, cell.row_key)
    )
    if not isinstance(answer, Unserialized):
        return answer
    if session.config.repairs.balance_without_serialization:
        return Serialization.NONE
    return Refusal(reason=refusal_text(answer))


def _has_pending(books: SubjectBooks) -> bool:
    return bool(books.books.run("SELECT 1 FROM ledger_entry WHERE NOT posted LIMIT 1").fetchall())


def refusal_text(answer: Unserialized) -> str:
    """Return the sentence that a repair is refused with."""
    return (
        "An entry that the application has not committed yet could be overlooked: "
        f"{answer.reason.rstrip('.')}. Only if the application locks the account's row before it writes an entry, set "
        f"{OPT_IN} = true."
    )


def entry_key(session: RepairSession, connection: Connection, entries: EntryTable, account_id: str) -> object:
    """The account in the form of the ledger's column."""
    if entries.account_column is None:
        return account_id
    described = session.columns(connection, entries.table).get(entries.account_column)
    key = typed_key(account_id, described.family) if described else None
    return account_id if key is None else key
