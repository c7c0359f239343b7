"""What a repair would write, as a value. The set of changes is closed and fits on one screen; none holds free SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

Value = str | int | bool | Decimal | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Compare-and-set of one column of one row: ``relation[row_key].column`` from ``old`` to ``new``."""

    relation: str
    row_key: str
    column: str
    old: Value
    new: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """One new row. History is never edited; a correction is a new row."""

    relation: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A repair's plan: at most one replaced column, and the audit row that records it.

    ``kind`` names the repair (``sync-credit-balance``), ``summary`` says it in one line for a person, ``safe`` is
    whether it may run unattended.
    """

    kind: str
    summary: str
    append: Append
    replace: Replace | None = None
    safe: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedChange:
    """A change as a report describes it: its ``text`` says what would be written. It cannot be applied."""

    kind: str
    safe: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a finding that has a repair must not be repaired now: a person has to decide."""

    reason: str
