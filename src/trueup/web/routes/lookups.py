"""What an id names. One that names nothing, or something of another environment, answers like any unknown one."""

from __future__ import annotations

from collections.abc import Sequence

from trueup.model.check import Check
from trueup.store import State, StoredFinding, StoredRun
from trueup.web.problems import Problem
from trueup.web.routes.answers.problems import NO_SUCH_ISSUE, NO_SUCH_RUN
from trueup.web.services import Services


def find_run(at_hand: Services, run_id: str | None) -> StoredRun:
    """This run, or the newest of the config's period. Raises ``Problem`` 404."""
    environment = at_hand.config.environment
    if run_id is None:
        run = at_hand.store.runs.newest(environment, period_days=at_hand.config.policy.period_days)
        if run is None:
            raise Problem(404, "No audit of the config's period has been recorded yet.")
        return run
    run = at_hand.store.runs.get(run_id)
    if run is None or run.environment != environment:
        raise Problem(404, NO_SUCH_RUN)
    return run


def find_check(catalogue: Sequence[Check], check_id: str) -> Check | None:
    """The check of this id."""
    return next((check for check in catalogue if check.id == check_id), None)


def find_check_of_issue(at_hand: Services, issue_id: str) -> Check:
    """The check that an issue id names. Raises ``Problem`` 404."""
    check = find_check(at_hand.catalogue, issue_id.partition(":")[0])
    if check is None:
        raise Problem(404, NO_SUCH_ISSUE)
    return check


def find_finding(at_hand: Services, issue_id: str) -> StoredFinding | None:
    """What memory holds of this issue: of the runs that decide, or of the newest run of any period."""
    environment, store = at_hand.config.environment, at_hand.store
    found = store.findings.get(environment, issue_id)
    if found is not None:
        return found
    check, _, subject = issue_id.partition(":")
    run = store.runs.newest(environment)
    issues = store.runs.issues(run.run_id, check=check, subject=subject, limit=1).issues if run else ()
    if run is None or not issues:
        return None
    (issue,) = issues
    return StoredFinding(
        issue_id=issue.issue_id,
        fingerprint=issue.fingerprint,
        check=issue.check,
        subject=issue.subject,
        severity=issue.severity,
        risk=issue.risk,
        state=State.OPEN,
        first_seen=issue.first_seen,
        last_seen=run.generated_at,
        resolved_at=None,
        times_reopened=0,
        document=issue.document,
    )
