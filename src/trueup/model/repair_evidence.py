"""What the books hold about trueup's own repairs: the journal, and the app's rows that carry trueup's mark.

Values are text as the app's tables hold them, in the app's own words: a comparison compares what was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trueup.model.columns import fact, key


class JournalState(StrEnum):
    """Whether trueup's journal could be read in the app's database."""

    READ = "read"
    ABSENT = "absent"
    """There is no journal: nothing was ever repaired here."""
    HIDDEN = "hidden"
    """There is a journal, or may be one, and it could not be read."""
    IMPOSSIBLE = "impossible"
    """The source is a folder of files, which cannot hold a journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalReading:
    """How the journal was read. ``problem`` says why it was not; ``head_seq`` is the last entry that its head knows."""

    state: JournalState = key()
    problem: str | None = None
    head_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRepair:
    """One repair that is on record as applied."""

    repair_id: str = key()
    issue_id: str = fact("")


@dataclass(frozen=True, slots=True, kw_only=True)
class JournaledRow:
    """One entry of the journal, and the row that it says was added to the app's tables.

    ``relation`` is NULL where the entry adds no row to a table that is mapped now. A value is NULL where the entry or
    today's mapping has none; it is not compared then. ``marked`` says that the row carries trueup's mark; an entry
    without ``repair_id`` is about the journal itself.
    """

    journal_seq: int = key()
    repair_id: str | None = None
    target: str = fact("")
    relation: str | None = None
    account_id: str | None = None
    amount: str | None = None
    balance_after: str | None = None
    from_plan: str | None = None
    to_plan: str | None = None
    reason: str | None = None
    event_id: str | None = None
    marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedRow:
    """One row of the app's own tables that carries trueup's mark; ``ours``: exactly as a repair of trueup writes it."""

    relation: str = key()
    account_id: str | None = None
    amount: str | None = None
    balance_after: str | None = None
    from_plan: str | None = None
    to_plan: str | None = None
    reason: str | None = None
    ours: bool = False


EvidenceRow = JournalReading | AppliedRepair | JournaledRow | MarkedRow
EVIDENCE: tuple[type[EvidenceRow], ...] = (JournalReading, AppliedRepair, JournaledRow, MarkedRow)
"""The relations of this file."""
