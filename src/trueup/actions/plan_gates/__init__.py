"""Plan gates: look at what each plan really gets, and accept it."""

from trueup.actions.plan_gates.acceptance import GatesChanged, GateUnanswered, Looked, accept, look

__all__ = ["GateUnanswered", "GatesChanged", "Looked", "accept", "look"]
