"""The guardrails of a report: what each looks at beside the checks' outcomes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from trueup.actions.audit.guardrails.agreement import repair_evidence
from trueup.model.guardrails import guardrails
from trueup.model.release import gate_rules

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.model.policy import Policy
    from trueup.model.report import Report
    from trueup.model.settings import ReleaseSettings

__all__ = ["guarded"]


def guarded(report: Report, books: Books, *, policy: Policy, whole: bool, release: ReleaseSettings | None) -> Report:
    """The report with its guardrails. ``whole`` says that every check of the catalogue was asked.

    ``release`` is what the config says of releases; None where there is no config.
    """
    repairs = repair_evidence(books, policy=policy, now=report.generated_at)
    return dataclasses.replace(
        report, guardrails=guardrails(report, repairs=repairs, whole=whole, rules=gate_rules(release))
    )
