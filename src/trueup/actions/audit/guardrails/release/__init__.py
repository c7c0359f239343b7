"""Judge whether something may be released, from one report or from two."""

from __future__ import annotations

from trueup.actions.audit.guardrails.release.judgement import judge_release
from trueup.actions.audit.guardrails.release.report_facts import facts_of_report

__all__ = ["facts_of_report", "judge_release"]
