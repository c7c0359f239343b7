"""What a release gate reads, asks and answers, as values. The judging is ``trueup.actions.audit.judge_release``."""

from __future__ import annotations

from trueup.model.release.rules import Rules, gate_rules
from trueup.model.release.verdict import Judged, Question, Standing, Verdict

__all__ = [
    "Judged",
    "Question",
    "Rules",
    "Standing",
    "Verdict",
    "gate_rules",
]
