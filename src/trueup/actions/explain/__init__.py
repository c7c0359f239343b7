"""Explain one finding: its evidence, and both sides of it in order of time."""

from trueup.actions.explain.explanation import Explanation, explain, explain_books, explained
from trueup.actions.explain.happenings import EntryInFull
from trueup.actions.explain.timeline import TIMELINE_OF_STRIPE, index_for_timelines, timeline_of_account

__all__ = [
    "TIMELINE_OF_STRIPE",
    "EntryInFull",
    "Explanation",
    "explain",
    "explain_books",
    "explained",
    "index_for_timelines",
    "timeline_of_account",
]
