"""A guardrail: whether something that could make it worse may go ahead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GuardrailStatus(StrEnum):
    """What a guardrail says. ``unknown`` is not ``allowed``: nobody could look."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """One guardrail's answer. ``reasons`` are whole sentences; an allowed one may have none."""

    id: str
    status: GuardrailStatus
    reasons: tuple[str, ...] = ()
