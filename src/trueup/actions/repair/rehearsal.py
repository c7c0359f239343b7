"""Write a balance twice: rehearse it without the claim on the ledger, then write it while the claim is held.

The application's own writers wait for the claim, so as little as possible is done under it. The rehearsal writes
everything, runs every check and is rolled back: whatever would refuse the repair has done so by then. Under the claim
the rows are read and compared with the rehearsal's; if they are the same, its proof still holds.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.actions.repair.agreement import Held
from trueup.actions.repair.difference import rows_apart
from trueup.actions.repair.planning import Decided
from trueup.actions.repair.serialization import entry_key, refusal_text
from trueup.actions.repair.writing import lock_row
from trueup.targets.serialization import HELD_SECONDS, EntryTable, Serialization, Unserialized, entry_table_of
from trueup.targets.target import LOCK_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.session import RepairSession
    from trueup.actions.repair.subject_snapshot import SubjectSnapshot

COMMIT_SECONDS = 0.05
"""The part of a claim's time limit that is reserved for COMMIT."""

PAUSE_SECONDS = (0.005, 0.03)
"""How long to wait before the next try: any time between the two, so that two repairs do not collide repeatedly."""


class HeldTooLong(Exception):
    """The claim would be held for longer than ``HELD_SECONDS``; everything is rolled back."""

    def __str__(self) -> str:
        return "It was not finished in the quarter of a second for which the ledger may be locked; try again later."


class RowsMoved(Exception):
    """The rows differ from those of the rehearsal; the repair is decided again, under the claim."""


@dataclass(slots=True, kw_only=True)
class Claim:
    """What has to be locked, before anything is read, to be sure that the account ``key`` has no uncommitted entry.

    ``accounts`` are those whose rows are locked after it. ``held_since`` is by the monotonic clock.
    """

    serialization: Serialization
    entries: EntryTable
    key: object
    accounts: frozenset[str]
    held_since: float = 0

    def hold(self, session: RepairSession, connection: Connection) -> str | None:
        """Lock it, at once or not at all; return why it cannot be locked here.

        Raises ``DBAPIError`` where another transaction is in the way.
        """
        self.held_since = time.monotonic()
        answer = session.target.claim(connection, self.entries, self.key)
        if isinstance(answer, Unserialized):
            return refusal_text(answer)
        self.held_since = answer.since
        for account_id in sorted(self.accounts):
            lock_row(session, connection, session.layout().mappings["account"], account_id, at_once=True)
        return None

    def covers(self, other: Claim) -> bool:
        """Return whether what ``other`` needs is locked by this one."""
        return (self.serialization, self.entries, self.key) == (other.serialization, other.entries, other.key) and (
            other.accounts <= self.accounts
        )

    def is_overdue(self) -> bool:
        """Return whether COMMIT would come too late."""
        return time.monotonic() - self.held_since > HELD_SECONDS - COMMIT_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A repair that was written, verified and rolled back, because its claim was missing.

    The same rows have the same proof. So nothing is decided under the claim: the rows are only read and compared.
    """

    decided: Decided
    held: Held
    claim: Claim

    def is_of(self, snapshot: SubjectSnapshot) -> bool:
        """Return whether it was decided from these rows."""
        before = self.decided.snapshot
        return all(not any(rows_apart(before.rows[name], rows)) for name, rows in snapshot.rows.items())

    def judge(self, after: SubjectSnapshot) -> Held:
        """Return the proof, where the rows are now as they were after the rehearsal. Raises ``RowsMoved``.

        A value that the database supplied in the new row, such as its number, differs each time.
        """
        appended, supplied = self.decided.plan.change.append.relation, self.decided.writes.insert.values
        for name, mapping in after.mappings.items():
            gone, come = rows_apart(self.held.after.rows[name], after.rows[name])
            if name == appended:
                places = [place for place, each in enumerate(mapping.columns.values()) if each.column in supplied]
                gone = [tuple(row[place] for place in places) for row in gone]
                come = [tuple(row[place] for place in places) for row in come]
            if list(gone) != list(come):
                raise RowsMoved
        return Held(after=after)


def missing_claim(session: RepairSession, connection: Connection, decided: Decided) -> Claim | None:
    """Return what must be claimed before this may be committed; None where the account's row was enough."""
    entries, cell = entry_table_of(session.layout().mappings), decided.plan.change.replace
    if decided.serialization is None or not decided.serialization.is_claimed or entries is None or cell is None:
        return None
    return Claim(
        serialization=decided.serialization,
        entries=entries,
        key=entry_key(session, connection, entries, cell.row_key),
        accounts=decided.snapshot.accounts | {cell.row_key},
    )


class Patience:
    """How long a claim is tried. The time begins with the first try."""

    def __init__(self) -> None:
        self._ends_at = time.monotonic() + LOCK_TIMEOUT_SECONDS

    def allows_another(self, *, after_seconds: float = 0) -> bool:
        """Wait a moment and at least so long, where there is time for another try."""
        pause = after_seconds + random.uniform(*PAUSE_SECONDS)  # noqa: S311 - no secret
        if time.monotonic() + pause >= self._ends_at:
            return False
        time.sleep(pause)
        return True
