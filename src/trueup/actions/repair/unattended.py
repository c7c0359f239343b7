"""Repairs without a person: only the safe ones, one transaction each, and never more than the caps allow."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from trueup import journal
from trueup.actions.repair.perform import perform_repair
from trueup.model.change import Change
from trueup.model.repair import Applied, ChangedSince, Previewed, Refused, RepairResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.model.report import Report

_DAY = timedelta(days=1)


def safe_issues(report: Report) -> tuple[str, ...]:
    """The open issues whose repair may run without a person, in the report's order."""
    return tuple(
        finding.id for finding in report.open_findings() if isinstance(finding.repair, Change) and finding.repair.safe
    )


def perform_in_turn(session: RepairSession, requests: Iterable[RepairRequest]) -> Iterator[RepairResult]:
    """Each request's result, one after the other. A request beyond the caps is refused, and its result says so.

    Stopping in the middle leaves nothing half done: an issue that was repaired is not a finding any more, so the same
    call made again continues where this one stopped. Raises ``TargetUnavailable``.
    """
    settings = session.config.repairs
    left_today: int | None = None
    done = 0
    for request in requests:
        if left_today is None:
            left_today = settings.most_per_day - _applied_today(session, request)
        if done >= settings.most_per_run:
            yield _beyond(request, f"the cap of {settings.most_per_run} repairs per run is reached")
        elif done >= left_today:
            yield _beyond(request, f"the cap of {settings.most_per_day} repairs per day is reached")
        else:
            result = perform_repair(session, replace(request, unattended=True))
            has_written = isinstance(result, (Applied, ChangedSince, Previewed))
            done += has_written
            yield result
            if has_written:
                time.sleep(session.target.rest_seconds)


def _beyond(request: RepairRequest, reason: str) -> Refused:
    return Refused(issue_id=request.issue_id, reason=f"Not repaired: {reason}.")


def _applied_today(session: RepairSession, request: RepairRequest) -> int:
    """How many repairs were applied in the last day, by any caller; 0 where the journal is not installed yet."""
    with session.target.reading() as connection:
        if journal.read_installed_revision(connection) is None:
            return 0
        return journal.applied_since(connection, request.now - _DAY)
