"""What a preflight says: one thing that was looked at, and how it looked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How one thing looked."""

    FINE = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One thing the doctor looked at, and what it saw."""

    health: Health
    about: str
    says: str
