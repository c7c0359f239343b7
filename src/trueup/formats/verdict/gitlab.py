"""GitLab's code quality report of a verdict: what blocks is a ``blocker``."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TextIO

from trueup.formats.gitlab import BLOCKER, entry, write_entries
from trueup.formats.verdict.wording import findings_to_show, ignored_gaps
from trueup.model.guardrail import GuardrailStatus
from trueup.model.release import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.formats.presentation import Presentation
    from trueup.formats.wording import Json
    from trueup.model.release import Verdict

QUESTION = "release-gate"
"""The ``check_name`` of an entry that is not a finding."""


def write(verdict: Verdict, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write an entry for each reason of a question, and for each finding that blocks, would block, or may block."""
    write_entries(out, _entries(verdict))


def _entries(verdict: Verdict) -> Iterator[dict[str, Json]]:
    unknown = "minor" if verdict.rules.allow_inconclusive else BLOCKER
    if gaps := ignored_gaps(verdict):
        yield _reason("allow-inconclusive", gaps, "info")
    for question in verdict.questions:
        severity = unknown if question.status is GuardrailStatus.UNKNOWN else BLOCKER
        for reason in question.reasons:
            yield _reason(question.id, reason, severity)
    for judged in findings_to_show(verdict):
        yield entry(
            check=judged.finding.check,
            description=f"{judged.finding.id}: {judged.finding.message} {judged.reason}",
            severity="minor" if judged.standing is Standing.SHADOW else BLOCKER,
            fingerprint=judged.finding.fingerprint,
        )


def _reason(question: str, reason: str, severity: str) -> dict[str, Json]:
    text = f"trueup-question-1\0{question}\0{reason}"
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return entry(check=QUESTION, description=f"{question}: {reason}", severity=severity, fingerprint=mark)
