"""Find out how one repair ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text

from trueup.journal.entries import entries
from trueup.journal.tables import HEAD, JOURNAL, ONLY, WAIT_FUNCTION

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.journal.chain import JournalEntry


def entry_of_repair(connection: Connection, repair_id: str) -> JournalEntry | None:
    """The entry that a repair wrote; None where it wrote none."""
    seq = connection.execute(select(JOURNAL.c.seq).where(JOURNAL.c.repair_id == repair_id)).scalar()
    return None if seq is None else next(entries(connection, since=seq - 1, until=seq), None)


def lock_head(connection: Connection) -> None:
    """Wait for every transaction that has appended and not ended yet, and keep others from appending.

    On Postgres the repair role has no right to the head row, and a function of the journal's owner locks it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT {WAIT_FUNCTION}()"))
        return
    connection.execute(select(HEAD.c.seq).where(HEAD.c.id == ONLY).with_for_update())
