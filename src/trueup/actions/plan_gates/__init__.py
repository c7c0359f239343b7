"""Plan gates: look at what each plan really gets, and accept it."""

from trueup.actions.plan_gates.acceptance import Looked, accept, look

__all__ = ["Looked", "accept", "look"]
