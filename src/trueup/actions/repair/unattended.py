"""Repairs that nobody watches: only the safe ones, one transaction each, and never more than the caps allow."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from trueup import journal
from trueup.actions.repair.perform import performed
from trueup.model.change import Change
from trueup.model.repair import Applied, ChangedSince, Previewed, Refused, RepairResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trueup.actions.repair.desk import Desk
    from trueup.actions.repair.order import Order
    from trueup.model.report import Report

_DAY = timedelta(days=1)


def safe_issues(report: Report) -> tuple[str, ...]:
    """The open issues whose repair may run unattended, in the report's order."""
    return tuple(
        finding.id for finding in report.open_findings() if isinstance(finding.repair, Change) and finding.repair.safe
    )


def performed_in_turn(desk: Desk, orders: Iterable[Order]) -> Iterator[RepairResult]:
    """Each order's result, one after the other. What is beyond the caps is refused and says so.

    Stopping in the middle leaves nothing half done: an issue that was repaired is no finding any more, so the same
    call made again goes on where this one stopped. Raises ``TargetUnavailable``.
    """
    settings = desk.config.repairs
    left_today: int | None = None
    done = 0
    for order in orders:
        if left_today is None:
            left_today = settings.most_per_day - _applied_today(desk, order)
        if done >= settings.most_per_run:
            yield _beyond(order, f"the cap of {settings.most_per_run} unattended repairs per run is reached")
        elif done >= left_today:
            yield _beyond(order, f"the cap of {settings.most_per_day} repairs per day is reached")
        else:
            result = performed(desk, replace(order, unattended=True))
            has_written = isinstance(result, (Applied, ChangedSince, Previewed))
            done += has_written
            yield result
            if has_written:
                time.sleep(desk.target.rest_seconds)


def _beyond(order: Order, reason: str) -> Refused:
    return Refused(issue_id=order.issue_id, reason=f"Left alone: {reason}.")


def _applied_today(desk: Desk, order: Order) -> int:
    """How many repairs were applied in the last day, by whomever; 0 where the journal is not installed yet."""
    with desk.target.reading() as connection:
        if journal.read_installed_revision(connection) is None:
            return 0
        return journal.applied_since(connection, order.now - _DAY)
