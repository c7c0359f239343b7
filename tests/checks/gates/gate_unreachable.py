"""More cases of `gate-unreachable`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.gates.gate_unreachable import _FREE, _answer
from trueup.model.check import Case
from trueup.model.relations import GateProbe

CASES: tuple[Case, ...] = (
    Case(
        name="asked for yes or no, answered with a number",
        given=(_FREE, _answer("FREE", 0, is_limit=True)),
        fires=("exports:FREE",),
    ),
    Case(
        name="every cell is answered, and the list of features is not",
        given=(_FREE, _answer("FREE", 0), GateProbe(probe="app", problem="the list raised an error")),
        fires=("app",),
        evidence={"app": {"cells": 0, "problem": "the list raised an error"}},
    ),
)
