"""Judge whether something may be released, from one report or from two."""

from __future__ import annotations

from trueup.actions.audit.guardrails.release.judgement import judge_release

__all__ = ["judge_release"]
