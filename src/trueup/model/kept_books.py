"""Books that are kept from one audit to the next: what the config says of them, and what an audit says it read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trueup.model.config_key import Whole, key

MOST_RUNS, MOST_DAYS = 10_000, 365


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksSettings:
    """``[books]``: whether the books are kept, where, and when everything is read all the same."""

    keep: bool = key(default=False)
    """Whether the rows that an audit read are kept, so that the next one reads only what changed and sees what became
    of what was there before. They hold personal data: see [kept books](kept-books.md)."""
    folder: str = ""
    full_read_after_runs: int = key(default=24, within=Whole(1, MOST_RUNS))
    """After so many audits that read only changes, one reads every row."""
    full_read_after_days: int = key(default=7, within=Whole(1, MOST_DAYS))
    """So many days after every row was read, they all are again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationReread:
    """How one relation was read: ``changed_rows`` of it by themselves, or all of them (None) and ``because`` why."""

    changed_rows: int | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rereading:
    """How an audit used the books of the one before. ``problem`` says why the next one will find none that are newer.

    ``full_read_in_runs`` is how many audits from now every row is read; None where that is unknown.
    """

    relations: Mapping[str, RelationReread] = field(default_factory=dict)
    full_read_in_runs: int | None = None
    problem: str | None = None
    compared_with: datetime | None = None
    """The moment of the earlier books (naive UTC) with which history was compared; None where there were none."""
