"""A plan gate: what a plan should get of a feature, what it really gets, and what was accepted."""

from __future__ import annotations

from dataclasses import dataclass

Allowance = bool | int
"""Whether a plan has a feature, or how much of it: seats, exports a month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGate:
    """One feature on one plan.

    ``expected`` is None where the matrix does not mention it; ``actual`` is None where no probe could answer;
    ``accepted`` is what the lock file says, None where it says nothing.
    """

    feature: str
    plan: str
    expected: Allowance | None
    actual: Allowance | None
    accepted: Allowance | None = None

    @property
    def passed(self) -> bool:
        """Whether the plan gets exactly what it should. Unknown never passes."""
        known = self.expected is not None and self.actual is not None
        return known and type(self.expected) is type(self.actual) and self.expected == self.actual
