"""What became of a relation's rows since an earlier snapshot: which rows to read again, or why all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.model.source import RelationMapping

WORTH_COUNTING = 1_000
"""So few changed rows are always read by themselves, however small the table is."""

MOST_CHANGED = 5
"""Where more than one row in so many may have changed, reading all of them in one pass is the quicker way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The rows that may differ from those of the earlier snapshot.

    ``reading`` reads every row that is new or different, and perhaps some that are not: ``changed`` of the ``rows``
    that there are now. ``leaving`` reads the changed rows that do not meet the mapping's condition, and may have met it
    before; None where there are none, or many. Rows of the earlier snapshot that are gone are not named: they are the
    keys that are too many. ``mark`` is what to ask with the next time.
    """

    rows: int
    changed: int
    reading: RelationMapping
    leaving: RelationMapping | None = None
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownChanges:
    """The source cannot say which rows changed, so that all have to be read. ``reason`` completes "because"."""

    reason: str


def too_many(rows: int, changed: int) -> UnknownChanges | None:
    """Return why so many changed rows are not read by themselves; None where they are.

    >>> too_many(10_000, 900), too_many(10_000, 3_000).reason
    (None, '3,000 of 10,000 rows may have changed')
    """
    if changed <= max(WORTH_COUNTING, rows // MOST_CHANGED):
        return None
    return UnknownChanges(reason=f"{changed:,} of {rows:,} rows may have changed")
