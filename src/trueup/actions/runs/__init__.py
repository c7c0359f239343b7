"""Compare stored runs, and read an old report as it counts now."""

from trueup.actions.runs.ageing import documents, guardrails_now, head_now, is_run_fresh
from trueup.actions.runs.comparison import NEWEST, Comparison, compare, named

__all__ = ["NEWEST", "Comparison", "compare", "documents", "guardrails_now", "head_now", "is_run_fresh", "named"]
