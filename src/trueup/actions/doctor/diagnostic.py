"""What the doctor reports: one thing that it looked at, and its state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """The state of one thing."""

    FINE = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One thing the doctor looked at, and what it found."""

    health: Health
    about: str
    says: str
