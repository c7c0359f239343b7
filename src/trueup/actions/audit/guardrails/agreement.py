"""Whether the journal and the app's rows agree, compared in the books both ways, a set at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from trueup.actions.audit.guardrails.questions import (
    CUT,
    EVENT_LOST,
    FORGED,
    LOST,
    UNCOMPARED,
    UNJOURNALED,
    UNRECORDED,
)
from trueup.engines.sql import parameters_of
from trueup.model.guardrail import RepairEvidence, named
from trueup.model.repair_evidence import JournalState

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.books.file import Books
    from trueup.model.policy import Policy

_GONE_AWAY = "the database had gone away before"

Rows = Sequence[tuple[Any, ...]]


def repair_evidence(books: Books, *, policy: Policy, now: datetime) -> RepairEvidence:
    """Compare trueup's repairs in the books. ``now`` is the moment that the report judges as of."""
    return _Looking(books, policy, now).evidence()


class _Looking:
    """One comparison over open books."""

    def __init__(self, books: Books, policy: Policy, now: datetime) -> None:
        self._books = books
        self._copied = books.mapped_columns()
        self._bound = {
            "idempotency_since": policy.parameters(now)["idempotency_since"],
            "accounts_known": {"account", "ledger_entry"} <= self._copied.keys(),
        }

    def evidence(self) -> RepairEvidence:
        """All that was found, in sentences."""
        read = self._rows("SELECT state, problem FROM journal_reading")
        state, problem = (JournalState(read[0][0]), read[0][1]) if read else (JournalState.HIDDEN, _GONE_AWAY)
        forged = self._rows(FORGED)
        marked = named(forged, "row") if forged else None
        if state is not JournalState.READ:
            return RepairEvidence(state=state, problem=problem, marked=marked)
        lost = self._rows(LOST)
        return RepairEvidence(
            state=state,
            marked=marked,
            disagreements=tuple(self._disagreements([row for row in lost if not row[2]])),
            doubts=tuple(self._doubts()),
            excused=sum(row[1] for row in lost if row[2]),
        )

    def _disagreements(self, lost: Rows) -> Iterator[str]:
        """What is certainly wrong, a sentence each."""
        if "webhook_event" in self._copied:
            lost = [*lost, *self._rows(EVENT_LOST)]
        if lost:
            yield (
                f"A row that a repair added is missing or was changed since: {named(lost, 'repair')}; restore it as "
                "`trueup journal export` shows it."
            )
        if rows := self._rows(UNJOURNALED):
            yield (
                f"Recorded as applied, but missing in the journal: {named(rows, 'repair')}; "
                "`trueup journal verify` shows where the journal was cut."
            )
        if rows := self._rows(UNRECORDED):
            yield f"In the journal, but not recorded as applied: {named(rows, 'repair')}."
        ((head, count, last),) = self._rows(CUT)
        if head is None:
            yield "The journal's head row is missing, so the journal's end is unknown."
        elif not head == count == last:
            yield f"The journal's head knows {head} entries, and {count} are there, the last one numbered {last}."

    def _doubts(self) -> Iterator[str]:
        """What could not be looked at, a sentence each."""
        if rows := self._rows(UNCOMPARED):
            yield (
                f"Not to be compared, because what was written to is no longer mapped or its row has no mark of ours: "
                f"{named(rows, 'repair')}."
            )
        if "webhook_event" not in self._copied:
            backfilled = self._rows("SELECT count(*) FROM journaled_row WHERE relation = 'webhook_event'")
            if backfilled[0][0]:
                yield "The idempotency records that were backfilled were not read in this audit."

    def _rows(self, sql: str) -> Rows:
        return self._books.run(sql, {name: self._bound[name] for name in parameters_of(sql)}).fetchall()
