"""Runs: listed, one in full, compared, and started."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool

from trueup.actions.runs import head_now
from trueup.formats.wording import instant
from trueup.model.report import Status
from trueup.store import Moved as MovedFinding
from trueup.store import StoredRun, UnknownRun
from trueup.web.access import Permission, Principal, requires
from trueup.web.cursors import refused
from trueup.web.problems import Problem
from trueup.web.routes.answers.problems import NO_SUCH_RUN, problems
from trueup.web.routes.answers.report import ReportHead
from trueup.web.routes.answers.runs import Difference, Moved, MovedCounts, Run, RunInFull, RunPage, RunStarted
from trueup.web.routes.lookups import find_run
from trueup.web.routes.parameters import DEFAULT_LIMIT, Cursor, EarlierRun, Limit, RunIdPath
from trueup.web.routes.redaction import without_addresses
from trueup.web.routes.request_bodies import AuditBody
from trueup.web.routes.waiting import started_run
from trueup.web.services import Services, services
from trueup.web.strict import strict_json

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
    """The runs that are remembered, newest first."""
    before = at_hand.cursors.read(cursor, of=LIST)["before"] if cursor is not None else None
    try:
        found = at_hand.store.runs.list(at_hand.config.environment, limit=limit + 1, before=before)
    except UnknownRun:
        raise refused() from None
    shown = found[:limit]
    following = at_hand.cursors.written(of=LIST, before=shown[-1].run_id) if len(found) > limit else None
    return RunPage(runs=[_run(run) for run in shown], next_cursor=following)


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
        found = at_hand.store.runs.difference(run_id, earlier)
    except UnknownRun:
        raise Problem(404, NO_SUCH_RUN) from None
    return Difference(
        run_id=found.run_id,
        with_run_id=found.with_run_id,
        counts=MovedCounts(
            new=len(found.new), worse=len(found.worse), reopened=len(found.reopened), resolved=len(found.resolved)
        ),
        new=_moved(found.new[:limit], masked=masked),
        worse=_moved(found.worse[:limit], masked=masked),
        reopened=_moved(found.reopened[:limit], masked=masked),
        resolved=_moved(found.resolved[:limit], masked=masked),
    )


@router.post("", status_code=201)
async def start_run(
    _who: Annotated[Principal, requires(Permission.AUDIT_START)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[AuditBody, strict_json(AuditBody)],
) -> RunStarted:
    """Audit now, and answer when it is done. Callers who ask at the same moment share one audit."""
    period_days = order.period_days or at_hand.config.policy.period_days
    await run_in_threadpool(lambda: at_hand.runs)  # the store may have to be opened
    run = await started_run(at_hand, period_days, 0, asked_at=at_hand.clock())
    return RunStarted(run=_run(run), report=_head(at_hand, run, masked=False), origin="started")


def _run(run: StoredRun) -> Run:
    return Run(
        run_id=run.run_id,
        environment=run.environment,
        generated_at=instant(run.generated_at),
        period_days=run.period_days,
        status=Status(run.status),
        score=run.score,
        confidence=run.confidence,
        complete=run.complete,
        decides=run.decides,
        trigger=run.trigger,
        milliseconds=run.milliseconds,
        issues=run.issues,
        new=run.new,
        worse=run.worse,
        reopened=run.reopened,
        resolved=run.resolved,
    )


def _head(at_hand: Services, run: StoredRun, *, masked: bool) -> ReportHead:
    document: Any = head_now(json.loads(run.head), run, now=at_hand.clock(), config=at_hand.config)
    return ReportHead.model_validate(without_addresses(document) if masked else document)


def _moved(found: Iterable[MovedFinding], *, masked: bool) -> list[Moved]:
    return [
        Moved(
            id=without_addresses(one.issue_id) if masked else one.issue_id,
            fingerprint=one.fingerprint,
            severity=one.severity,
        )
        for one in found
    ]
