"""The plan gates as a matrix: a row for each feature, a column for each plan. Shared by the formats for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trueup.model.gate import PlanGate, in_words
from trueup.model.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """``plans`` in the report's order; ``rows`` are features with the gate of each plan, where there is one."""

    plans: tuple[str, ...]
    rows: tuple[tuple[str, Mapping[str, PlanGate]], ...]

    @property
    def gates(self) -> tuple[PlanGate, ...]:
        """Every gate, row by row."""
        return tuple(row[plan] for _, row in self.rows for plan in self.plans if plan in row)


def matrix(gates: Sequence[PlanGate]) -> Matrix:
    """The gates by feature and plan, each in order of first appearance."""
    rows: dict[str, dict[str, PlanGate]] = {}
    for gate in gates:
        rows.setdefault(gate.feature, {})[gate.plan] = gate
    plans = tuple(dict.fromkeys(gate.plan for gate in gates))
    return Matrix(plans=plans, rows=tuple(rows.items()))


def cell_text(gate: PlanGate | None) -> str:
    """What a plan gets, and what it should get if that differs; "new" where the matrix does not say.

    >>> cell_text(PlanGate(feature="exports", plan="FREE", expected=False, actual=True))
    'yes, not no'
    """
    if gate is None:
        return ""
    actual = _short(gate.actual)
    if gate.passed or gate.actual is None:
        return actual
    return f"{actual}, new" if gate.expected is None else f"{actual}, not {_short(gate.expected)}"


def _short(value: bool | int | None) -> str:  # noqa: FBT001 - an allowance
    if value is None:
        return "?"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def counts(gates: Sequence[PlanGate]) -> str:
    """How many hold, in a few words."""
    failed = sum(not gate.passed for gate in gates)
    return f"{len(gates) - failed} of {len(gates)} as they should be"


def differences(report: Report) -> tuple[str, ...]:
    """Where plans get something else than was accepted, a sentence each; nothing where nothing was accepted."""
    if all(gate.accepted is None for gate in report.plan_gates):
        return ()
    return tuple(difference(gate) for gate in report.plan_gates if is_new(gate) or gate.changed)


def is_new(gate: PlanGate) -> bool:
    """Whether the gate is answered and was never accepted."""
    return gate.accepted is None and gate.actual is not None


def difference(gate: PlanGate) -> str:
    """One line of the difference between the lock and now."""
    was = "not there" if gate.accepted is None else in_words(gate.accepted)
    meant = "; the matrix allows it" if gate.passed else ""
    return f"{gate.feature} on {gate.plan} was {was} when accepted and is {in_words(gate.actual)}{meant}"
