"""How many rows were inserted, updated and deleted."""

from __future__ import annotations

from dataclasses import dataclass

from trueup.model.config_key import Whole, key

CAP_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """Rows that a statement, a trigger or a transaction writes into one table."""

    inserts: int = key(default=0, within=Whole(0, CAP_LIMIT))
    """Rows that are inserted."""
    updates: int = key(default=0, within=Whole(0, CAP_LIMIT))
    """Rows that are updated."""
    deletes: int = key(default=0, within=Whole(0, CAP_LIMIT))
    """Rows that are deleted."""

    def __add__(self, other: RowCounts) -> RowCounts:
        return RowCounts(
            inserts=self.inserts + other.inserts,
            updates=self.updates + other.updates,
            deletes=self.deletes + other.deletes,
        )

    def __sub__(self, other: RowCounts) -> RowCounts:
        return RowCounts(
            inserts=self.inserts - other.inserts,
            updates=self.updates - other.updates,
            deletes=self.deletes - other.deletes,
        )

    @property
    def total(self) -> int:
        """The sum of the three counts."""
        return self.inserts + self.updates + self.deletes

    @property
    def text(self) -> str:
        """The counts in words.

        >>> RowCounts(inserts=1, updates=2).text
        '1 insert and 2 updates'
        >>> RowCounts().text
        'no row'
        """
        counts = {"insert": self.inserts, "update": self.updates, "delete": self.deletes}
        words = [f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts.items() if count]
        return " and ".join(words) or "no row"
