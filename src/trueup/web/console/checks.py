"""Checks: the catalogue with how each ended last, and one check in full."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse

from trueup.actions.runs import list_runs, newest_run
from trueup.web.access import Permission, Principal, page_requires
from trueup.web.console.rendering import render
from trueup.web.problems import Problem
from trueup.web.routes.checks import NO_SUCH_CHECK
from trueup.web.routes.lookups import find_check
from trueup.web.routes.parameters import CheckIdPath
from trueup.web.routes.redaction import without_addresses
from trueup.web.services import Services, services

if TYPE_CHECKING:
    from trueup.store import StoredRun

router = APIRouter(include_in_schema=False)

RUNS_LOOKED_AT = 30
EXAMPLES_SHOWN = 6

Outcome = Mapping[str, Any]
"""How one check ended in one run, as the report's JSON has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInRun:
    """How a check ended in one run; ``outcome`` is None where the run did not ask it."""

    run_id: str
    at: datetime
    outcome: Outcome | None

    @property
    def is_off(self) -> bool:
        """Whether the check was switched off then."""
        return self.outcome is not None and self.outcome["outcome"] == "off"


@router.get("/checks")
def show_checks(
    who: Annotated[Principal, page_requires(Permission.CHECK_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
) -> HTMLResponse:
    """Render the catalogue, and how each check ended in the newest run."""
    run = newest_run(at_hand.store, at_hand.config)
    outcomes = _outcomes(run) if run is not None else {}
    if not who.may(Permission.EVIDENCE_READ):
        outcomes = without_addresses(dict(outcomes))
    policy = at_hand.config.policy
    severities = {check.id: policy.severity.get(check.id, check.severity) for check in at_hand.catalogue}
    return render(
        request,
        "checks.html",
        title="Checks",
        at_hand=at_hand,
        who=who,
        run=run,
        checks=at_hand.catalogue,
        levels=severities,
        outcomes=outcomes,
    )


@router.get("/checks/{check_id}")
def show_check(
    who: Annotated[Principal, page_requires(Permission.CHECK_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    check_id: CheckIdPath,
) -> HTMLResponse:
    """Render one check: why, its findings over runs, its SQL and its examples."""
    check = find_check(at_hand.catalogue, check_id)
    if check is None:
        raise Problem(404, NO_SUCH_CHECK)
    history = _history(at_hand, check_id)
    off = list(takewhile(lambda each: each.is_off, history))
    return render(
        request,
        "check.html",
        title=check.title,
        at_hand=at_hand,
        who=who,
        check=check,
        level=at_hand.config.policy.severity.get(check.id, check.severity),
        examples=check.cases[:EXAMPLES_SHOWN],
        history=history,
        most=max((each.outcome["findings"] for each in history if each.outcome), default=0),
        off_since=off[-1].at if off else None,
        is_off_longer=len(off) == len(history),
    )


def _history(at_hand: Services, check_id: str) -> Sequence[CheckInRun]:
    """How the check ended in the newest runs that asked every check, newest first."""
    runs = list_runs(at_hand.store, at_hand.config.environment, limit=RUNS_LOOKED_AT)
    return [_in_run(run, check_id) for run in runs if run.covers_all_checks]


def _in_run(run: StoredRun, check_id: str) -> CheckInRun:
    return CheckInRun(run_id=run.run_id, at=run.generated_at, outcome=_outcomes(run).get(check_id))


def _outcomes(run: StoredRun) -> Mapping[str, Outcome]:
    """How each check ended in a run."""
    return {outcome["check"]: outcome for outcome in json.loads(run.head)["outcomes"]}
