"""How urgently a finding needs a person."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """Four levels; ``>=`` follows urgency, not spelling."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for ``info`` to 3 for ``critical``."""
        return tuple(Severity).index(self)

    @property
    def asks(self) -> str:
        """What this severity asks of the reader. These sentences are part of the report's contract."""
        return {
            Severity.CRITICAL: "Stop billing-related deploys until repaired or explained.",
            Severity.ERROR: "Repair before replaying events or changing entitlements.",
            Severity.WARNING: "Review in the current operations window.",
            Severity.INFO: "Context; nothing to do.",
        }[self]

    def at_least(self, other: Severity) -> bool:
        """Whether this severity is as urgent as ``other`` or more."""
        return self.rank >= other.rank
