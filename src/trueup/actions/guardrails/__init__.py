"""The guardrails of a report: what each looks at beside the checks' outcomes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from trueup.actions.guardrails.agreement import repair_evidence
from trueup.model.guardrails import guardrails

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.model.policy import Policy
    from trueup.model.report import Report

__all__ = ["guarded"]


def guarded(report: Report, books: Books, *, policy: Policy, whole: bool) -> Report:
    """The report with its guardrails. ``whole`` says that every check of the catalogue was asked."""
    repairs = repair_evidence(books, policy=policy, now=report.generated_at)
    return dataclasses.replace(report, guardrails=guardrails(report, repairs=repairs, whole=whole))
