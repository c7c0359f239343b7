"""Runs: list, show in full, compare, and start."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool

from trueup.actions import runs
from trueup.formats.report_document import ReportHead
from trueup.web.access import Permission, Principal, requires
from trueup.web.cursors import refused
from trueup.web.problems import Problem
from trueup.web.routes.answers.problems import NO_SUCH_RUN, problems
from trueup.web.routes.answers.runs import Difference, Moved, MovedCounts, Run, RunInFull, RunPage, RunStarted
from trueup.web.routes.lookups import find_run
from trueup.web.routes.parameters import DEFAULT_LIMIT, Cursor, EarlierRun, Limit, RunIdPath
from trueup.web.routes.redaction import without_addresses
from trueup.web.routes.request_bodies import AuditBody
from trueup.web.routes.waiting import started_run
from trueup.web.services import Services, services
from trueup.web.strict import strict_json

if TYPE_CHECKING:
    from trueup.store import Moved as MovedFinding
    from trueup.store import StoredRun

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])

LIST = "runs"
RUNS_AT_ONCE = 50


@router.get("")
def list_runs(
    _who: Annotated[Principal, requires(Permission.RUN_READ)],
    at_hand: Annotated[Services, Depends(services)],
    limit: Limit = RUNS_AT_ONCE,
    cursor: Cursor = None,
) -> RunPage:
    """The stored runs, newest first."""
    before = at_hand.cursors.read(cursor, of=LIST)["before"] if cursor is not None else None
    try:
        listed = runs.list_runs(at_hand.store, at_hand.config.environment, limit=limit + 1, before=before)
    except runs.UnknownRun:
        raise refused() from None
    shown = listed[:limit]
    following = at_hand.cursors.written(of=LIST, before=shown[-1].run_id) if len(listed) > limit else None
    return RunPage.model_validate({**runs.runs_document(shown), "nextCursor": following})


@router.get("/{run_id}", responses=problems({404: NO_SUCH_RUN}))
def read_run(
    who: Annotated[Principal, requires(Permission.RUN_READ)],
    at_hand: Annotated[Services, Depends(services)],
    run_id: RunIdPath,
) -> RunInFull:
    """One run with its report, without the issues: those are `/api/v1/findings?runId=…`."""
    run = find_run(at_hand, run_id)
    return RunInFull(run=_run(run), report=_head(at_hand, run, masked=not who.may(Permission.EVIDENCE_READ)))


@router.get("/{run_id}/difference", responses=problems({404: NO_SUCH_RUN}))
def compare_run(
    who: Annotated[Principal, requires(Permission.RUN_READ)],
    at_hand: Annotated[Services, Depends(services)],
    run_id: RunIdPath,
    earlier: EarlierRun = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Difference:
    """What is new, worse, reopened or resolved since the run before, or since another one."""
    masked = not who.may(Permission.EVIDENCE_READ)
    find_run(at_hand, run_id)
    if earlier is not None:
        find_run(at_hand, earlier)
    try:
        difference = runs.run_difference(run_id, store=at_hand.store, earlier=earlier, limit=limit)
    except runs.UnknownRun:
        raise Problem(404, NO_SUCH_RUN) from None
    kinds = {
        "new": difference.new,
        "worse": difference.worse,
        "reopened": difference.reopened,
        "resolved": difference.resolved,
    }
    return Difference(
        run_id=difference.run_id,
        with_run_id=difference.with_run_id,
        counts=MovedCounts(**{kind.value: count for kind, count in difference.counts.items()}),
        **{kind: _moved(moved, masked=masked) for kind, moved in kinds.items()},
    )


@router.post("", status_code=201)
async def start_run(
    _who: Annotated[Principal, requires(Permission.AUDIT_START)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[AuditBody, strict_json(AuditBody)],
) -> RunStarted:
    """Audit now, and answer when the audit is complete. Callers who ask at the same moment share one audit."""
    period_days = order.period_days or at_hand.config.policy.period_days
    await run_in_threadpool(lambda: at_hand.runs)  # the store may have to be opened
    run = await started_run(at_hand, period_days, 0, asked_at=at_hand.clock())
    return RunStarted(run=_run(run), report=_head(at_hand, run, masked=False), origin="started")


def _run(run: StoredRun) -> Run:
    return Run.model_validate(runs.run_document(run))


def _head(at_hand: Services, run: StoredRun, *, masked: bool) -> ReportHead:
    document: Any = runs.head_now(json.loads(run.head), run, now=at_hand.clock(), config=at_hand.config)
    return ReportHead.model_validate(without_addresses(document) if masked else document)


def _moved(findings: Iterable[MovedFinding], *, masked: bool) -> list[Moved]:
    documents = [runs.moved_document(finding) for finding in findings]
    return [Moved.model_validate(without_addresses(document) if masked else document) for document in documents]
