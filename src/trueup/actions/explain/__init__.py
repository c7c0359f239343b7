"""Explain one finding: its evidence, and both sides of it in order of time."""

from trueup.actions.explain.explanation import Explanation, explain, explain_books, explained
from trueup.actions.explain.happenings import EntryInFull

__all__ = ["EntryInFull", "Explanation", "explain", "explain_books", "explained"]
