"""More cases of `gate-regression`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.gates.gate_regression import _answers, _expects
from trueup.model.check import Case

CASES: tuple[Case, ...] = (
    Case(
        name="a limit that is one too high, and one that is one too low",
        given=(
            _expects("seats", "PRO", 5, is_limit=True),
            _expects("seats", "TEAM", 50, is_limit=True),
            _answers("seats", "PRO", 6, is_limit=True),
            _answers("seats", "TEAM", 49, is_limit=True),
        ),
        fires=("seats:PRO", "seats:TEAM"),
        evidence={"seats:PRO": {"expected": "5", "actual": "6"}, "seats:TEAM": {"actual": "49"}},
    ),
    Case(
        name="one of two probes cannot answer, the other one knows better",
        given=(
            _expects("exports", "FREE", 0),
            _answers("exports", "FREE", None, probe="api", problem="it did not answer"),
            _answers("exports", "FREE", 1, probe="app"),
        ),
        fires=("exports:FREE",),
        evidence={"exports:FREE": {"probe": "app"}},
    ),
    Case(
        name="two probes disagree, and one of them is wrong",
        given=(
            _expects("exports", "FREE", 0),
            _answers("exports", "FREE", 0, probe="api"),
            _answers("exports", "FREE", 1, probe="app"),
        ),
        fires=("exports:FREE",),
        evidence={"exports:FREE": {"actual": "allowed", "probe": "app"}},
    ),
)
