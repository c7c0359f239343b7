"""Runs: their history, one with its coverage, and the difference of two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse

from trueup.actions import runs
from trueup.web import text
from trueup.web.access import Permission, Principal, page_requires
from trueup.web.console.query import CursorQuery
from trueup.web.console.rendering import render
from trueup.web.cursors import refused
from trueup.web.problems import Problem
from trueup.web.routes.answers.problems import NO_SUCH_RUN
from trueup.web.routes.lookups import find_run
from trueup.web.routes.query_types import Text
from trueup.web.routes.redaction import without_addresses
from trueup.web.routes.runs import LIST
from trueup.web.services import Services, services

if TYPE_CHECKING:
    from trueup.store import StoredRun

router = APIRouter(include_in_schema=False)

RUNS_ON_A_PAGE = 50
MOVED_SHOWN = 200
_RUN = text.RUN_ID.strip("^$")
BETWEEN = ".."
RunsPath = Annotated[str, Text(f"^{_RUN}(?:[.][.]{_RUN})?$"), Path()]


@router.get("/runs")
def show_runs(
    who: Annotated[Principal, page_requires(Permission.RUN_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    cursor: CursorQuery = None,
) -> HTMLResponse:
    """Render the history of runs, newest first."""
    before = at_hand.cursors.read(cursor, of=LIST)["before"] if cursor is not None else None
    try:
        # One more than is shown: it is what the last one is compared with, and says whether others follow.
        listed = runs.list_runs(at_hand.store, at_hand.config.environment, limit=RUNS_ON_A_PAGE + 1, before=before)
    except runs.UnknownRun:
        raise refused() from None
    shown = listed[:RUNS_ON_A_PAGE]
    following = None
    if len(listed) > RUNS_ON_A_PAGE:
        following = at_hand.cursors.written(of=LIST, before=shown[-1].run_id)
    values: dict[str, Any] = {"runs": shown, "cursor": cursor, "following": following}
    values |= {
        "running": at_hand.runs.find_running(at_hand.config.policy.period_days),
        "failed_at": _failed_at(at_hand),
    }
    return render(request, "runs.html", title="Runs", at_hand=at_hand, who=who, **values)


def _failed_at(at_hand: Services) -> datetime | None:
    """When the last audit ended without a run; None where there is a run since."""
    failed_at, newest = at_hand.runs.failed_at, runs.newest_run(at_hand.store, at_hand.config)
    return None if failed_at is None or (newest is not None and newest.generated_at > failed_at) else failed_at


@router.get("/runs/{named}")
def show_run(
    who: Annotated[Principal, page_requires(Permission.RUN_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    named: RunsPath,
) -> HTMLResponse:
    """Render one run, or what changed between two: ``/runs/{earlier}..{later}``."""
    earlier, between, later = named.rpartition(BETWEEN)
    if between:
        return _difference(request, at_hand, who, find_run(at_hand, earlier), find_run(at_hand, later))
    run = find_run(at_hand, named)
    document = runs.head_now(json.loads(run.head), run, now=at_hand.clock(), config=at_hand.config)
    head: Mapping[str, Any] = document if who.may(Permission.EVIDENCE_READ) else without_addresses(document)
    return render(
        request,
        "run.html",
        title=f"Run of {run.generated_at:%Y-%m-%d %H:%M}",
        at_hand=at_hand,
        who=who,
        run=run,
        head=head,
        earlier=_earlier(at_hand, run),
    )


def _earlier(at_hand: Services, run: StoredRun) -> str | None:
    """The id of the run that this one is compared with; None where there was none."""
    earlier = runs.run_before(run.run_id, store=at_hand.store)
    return earlier.run_id if earlier is not None else None


def _difference(
    request: Request, at_hand: Services, who: Principal, earlier: StoredRun, later: StoredRun
) -> HTMLResponse:
    try:
        difference = runs.run_difference(later.run_id, store=at_hand.store, earlier=earlier.run_id, limit=MOVED_SHOWN)
    except runs.UnknownRun:
        raise Problem(404, NO_SUCH_RUN) from None
    masked = not who.may(Permission.EVIDENCE_READ)
    kinds = {
        "New": difference.new,
        "Worse": difference.worse,
        "Reopened": difference.reopened,
        "Resolved": difference.resolved,
    }
    shown = {kind: [runs.moved_document(each) for each in moved] for kind, moved in kinds.items()}
    return render(
        request,
        "difference.html",
        title="What changed between two runs",
        at_hand=at_hand,
        who=who,
        earlier=earlier,
        later=later,
        risks=[json.loads(run.head)["summary"] for run in (earlier, later)],
        counts={kind.capitalize(): count for kind, count in difference.counts.items()},
        kinds=without_addresses(shown) if masked else shown,
    )
