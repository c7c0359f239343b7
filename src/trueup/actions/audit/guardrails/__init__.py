"""Judge a report's guardrails, and whether something may be released."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from trueup.actions.audit.guardrails.agreement import repair_evidence
from trueup.actions.audit.guardrails.judgement import aged, is_fresh, judge_guardrails
from trueup.actions.audit.guardrails.release import judge_release
from trueup.model.release import gate_rules

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.model.policy import Policy
    from trueup.model.report import Report
    from trueup.model.settings import ReleaseSettings

__all__ = ["aged", "guarded", "is_fresh", "judge_release"]


def guarded(
    report: Report, books: Books, *, policy: Policy, covers_all_checks: bool, release: ReleaseSettings | None
) -> Report:
    """Return the report with its guardrails. ``covers_all_checks`` says that every check of the catalogue was asked.

    ``release`` is what the config says of releases; None where there is no config.
    """
    repairs = repair_evidence(books, policy=policy, now=report.generated_at)
    guardrails = judge_guardrails(
        report, repairs=repairs, covers_all_checks=covers_all_checks, rules=gate_rules(release)
    )
    return dataclasses.replace(report, guardrails=guardrails)
