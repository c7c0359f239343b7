"""A frozen list: findings of one run, which never changes, by their positions in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from trueup.actions.runs import issues_of_run, newest_run

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.model.repair import RepairResult
    from trueup.store import Store, StoredIssue

MOST_FROZEN = 500
"""How many findings one list may hold: a person can still look through as many."""


class BulkOutcome(StrEnum):
    """What became of one finding of a list."""

    APPLIED = "applied"
    REQUESTED = "requested"
    CHANGED = "changed since"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkLine:
    """What became of one finding of a list, and why. ``result`` is the repair's own, where one was tried."""

    issue_id: str
    outcome: BulkOutcome
    detail: str
    result: RepairResult | None = field(default=None, compare=False)


def frozen_findings(store: Store, run_id: str, positions: Collection[int]) -> tuple[StoredIssue, ...]:
    """Return these findings of a run, in the report's order; fewer where the run does not have them all.

    Raises ``StoreUnavailable``.
    """
    return issues_of_run(store, run_id, limit=MOST_FROZEN, positions=positions).issues


def find_changed(findings: Sequence[StoredIssue], run_id: str, *, store: Store, config: Config) -> dict[str, BulkLine]:
    """Return, by issue id, the findings that the newest run no longer reports as the frozen one did.

    Raises ``StoreUnavailable``.
    """
    newest = newest_run(store, config)
    if newest is None or newest.run_id == run_id:
        return {}
    wanted = [finding.issue_id for finding in findings]
    page = issues_of_run(store, newest.run_id, limit=len(wanted), issue_ids=wanted)
    now = {issue.issue_id: _substance(issue) for issue in page.issues}
    changed = {}
    for finding in findings:
        if finding.issue_id not in now:
            changed[finding.issue_id] = "The newest audit does not report it."
        elif now[finding.issue_id] != _substance(finding):
            changed[finding.issue_id] = "The newest audit reports it otherwise; look at it again."
    return {
        issue_id: BulkLine(issue_id=issue_id, outcome=BulkOutcome.CHANGED, detail=detail)
        for issue_id, detail in changed.items()
    }


def _substance(issue: StoredIssue) -> tuple[object, ...]:
    """What a person accepts: how severe it is, and what is at risk. The words may name days, which always pass."""
    return issue.severity, json.loads(issue.document)["impact"]
