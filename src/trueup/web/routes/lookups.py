"""Look up what an id names. An id of another environment is answered like an unknown one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trueup.actions.runs import newest_run, run_of_id, stored_finding
from trueup.model.check import Check
from trueup.web.problems import Problem
from trueup.web.routes.answers.problems import NO_SUCH_ISSUE, NO_SUCH_RUN
from trueup.web.services import Services

if TYPE_CHECKING:
    from trueup.store import StoredFinding, StoredRun


def find_run(at_hand: Services, run_id: str | None) -> StoredRun:
    """Return this run, or the newest of the config's period. Raises ``Problem`` 404."""
    if run_id is None:
        run = newest_run(at_hand.store, at_hand.config)
        if run is None:
            raise Problem(404, "No audit of the config's period has been recorded yet.")
        return run
    run = run_of_id(run_id, store=at_hand.store, environment=at_hand.config.environment)
    if run is None:
        raise Problem(404, NO_SUCH_RUN)
    return run


def find_check(catalogue: Sequence[Check], check_id: str) -> Check | None:
    """Return the check of this id."""
    return next((check for check in catalogue if check.id == check_id), None)


def find_check_of_issue(at_hand: Services, issue_id: str) -> Check:
    """Return the check that an issue id names. Raises ``Problem`` 404."""
    check = find_check(at_hand.catalogue, issue_id.partition(":")[0])
    if check is None:
        raise Problem(404, NO_SUCH_ISSUE)
    return check


def find_finding(at_hand: Services, issue_id: str) -> StoredFinding | None:
    """Return what the store holds about this issue; None where it knows nothing of it."""
    return stored_finding(issue_id, store=at_hand.store, environment=at_hand.config.environment)
