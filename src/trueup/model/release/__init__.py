"""Whether something may be released: one pure function from two reports and the rules to a verdict."""

from __future__ import annotations

from trueup.model.release.audited import facts_of_audit
from trueup.model.release.facts import Answer, Answered, Facts, Issue
from trueup.model.release.judging import Judged, Standing
from trueup.model.release.rules import Rules, gate_rules
from trueup.model.release.verdict import Question, Verdict, verdict

__all__ = [
    "Answer",
    "Answered",
    "Facts",
    "Issue",
    "Judged",
    "Question",
    "Rules",
    "Standing",
    "Verdict",
    "facts_of_audit",
    "gate_rules",
    "verdict",
]
