"""A plan gate: what a plan should get of a feature, what the app really gives it, and what was accepted."""

from __future__ import annotations

from dataclasses import dataclass

Allowance = bool | int
"""Whether a plan has a feature, or how much of it: seats, exports a month."""

UNREACHABLE = "gate-unreachable"
"""The check that reports what could not be asked. It cannot be switched off: the unknown would pass as known."""

FEATURE_NAME = r"[A-Za-z0-9][A-Za-z0-9_./-]{0,99}"
"""The form of a feature's name, everywhere: it is the first part of a finding's subject, ``feature:plan``."""

LIMIT_HIGHEST = 2**53 - 1
"""The highest limit: every integer up to it is exact in JSON."""


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
        return self.expected is not None and same(self.expected, self.actual)

    @property
    def changed(self) -> bool:
        """Whether the plan gets something else than was accepted. Without an answer or an acceptance, it did not."""
        known = self.accepted is not None and self.actual is not None
        return known and not same(self.accepted, self.actual)


def same(left: Allowance | None, right: Allowance | None) -> bool:
    """Whether two allowances are equal. ``True`` is not 1, and unknown is never equal to anything.

    >>> same(True, True), same(True, 1), same(None, None)
    (True, False, False)
    """
    return left is not None and type(left) is type(right) and left == right


def allowance(*, number: int, is_limit: bool) -> Allowance:
    """An allowance as the books keep it: a number, and whether it is a limit."""
    return number if is_limit else bool(number)


def in_words(value: Allowance | None) -> str:
    """An allowance as a person reads it.

    >>> in_words(True), in_words(False), in_words(5), in_words(None)
    ('allowed', 'denied', '5', 'unknown')
    """
    match value:
        case None:
            return "unknown"
        case bool():
            return "allowed" if value else "denied"
        case _:
            return str(value)
