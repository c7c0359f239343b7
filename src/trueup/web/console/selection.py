"""Act on many findings at once: on an explicit list of one run's, frozen with its count before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from trueup.actions.bulk import (
    MOST_FROZEN,
    BulkLine,
    BulkOutcome,
    exempt_frozen,
    find_changed,
    frozen_findings,
    repair_frozen,
)
from trueup.actions.exemptions import with_stored_exemptions
from trueup.actions.runs import issues_of_run
from trueup.model.errors import TrueupError
from trueup.model.repair import Failed
from trueup.web import text
from trueup.web.access import Permission, Principal, form_requires, page_requires, strict_form
from trueup.web.console.findings import FindingQuery, find_listed_run, finding_query
from trueup.web.console.positions import POSITIONS, positions_text, read_positions
from trueup.web.console.rendering import lead_to, render
from trueup.web.logs import logger
from trueup.web.notes import request_id
from trueup.web.problems import Problem
from trueup.web.routes.lookups import find_run
from trueup.web.routes.query_types import Text, Word
from trueup.web.routes.repairing import reason_for_caller, repairing_config
from trueup.web.routes.request_bodies import Day, Reason, RequestBody
from trueup.web.services import Services, services

if TYPE_CHECKING:
    from trueup.store import StoredIssue

router = APIRouter(include_in_schema=False)

TOO_MANY = f"At most {MOST_FROZEN} findings can be acted on at once. Narrow the list first."
MOST_FAILED = 5
"""So many findings that fail one after the other end a list."""
NOT_ALL_THERE = "Not every finding of this list is kept any more. Select them again."

RunQuery = Annotated[str, Text(text.RUN_ID), Query(alias="run")]
IssuesQuery = Annotated[str, Text(POSITIONS), Query(alias="issues")]
ActQuery = Annotated[str, Word(("exempt", "repair")), Query(alias="act")]


class MarkedForm(RequestBody):
    """The findings that are marked on a page of the list."""

    run_id: Annotated[str, Field(pattern=text.RUN_ID)]
    act: Literal["exempt", "repair"]
    issue: Annotated[list[Annotated[str, Field(pattern="^[0-9]{1,9}$")]], Field(min_length=1)]


class FrozenForm(RequestBody):
    """What is done with a frozen list. ``count`` is the number that its reader was shown."""

    run_id: Annotated[str, Field(pattern=text.RUN_ID)]
    issues: Annotated[str, Field(pattern=POSITIONS)]
    count: Annotated[str, Field(pattern="^[0-9]{1,9}$")]
    verb: Literal["apply", "ask"]
    reason: Reason


class FrozenExemptionForm(FrozenForm):
    """The same for exemptions."""

    owner: Annotated[str, Field(pattern=text.NAME)]
    expires: Day


@router.post("/selection")
def freeze_marked(
    _who: Annotated[Principal, form_requires(Permission.EVIDENCE_READ)],
    request: Request,
    form: Annotated[MarkedForm, strict_form(MarkedForm)],
) -> Response:
    """Lead to the page of exactly the findings that were marked."""
    return _lead_to_list(request, form.run_id, [int(position) for position in form.issue], act=form.act)


@router.get("/selection/all")
def freeze_all(
    _who: Annotated[Principal, page_requires(Permission.EVIDENCE_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    query: Annotated[FindingQuery, Depends(finding_query)],
    act: ActQuery = "exempt",
) -> Response:
    """Lead to the page of the findings that match a filter now; from there on the filter plays no part."""
    run = find_listed_run(at_hand, query.run_id)
    filters = query.filters(masked=False)
    if run is None or filters.state is not None:
        raise Problem(409, "Only findings of a run can be acted on.")
    issues = issues_of_run(at_hand.store, run.run_id, limit=MOST_FROZEN + 1, **filters.of_issues).issues
    return _lead_to_list(request, run.run_id, [issue.position for issue in issues], act=act)


@router.get("/selection")
def show_selection(
    who: Annotated[Principal, page_requires(Permission.EVIDENCE_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    run_id: RunQuery,
    issues: IssuesQuery,
    act: ActQuery = "exempt",
) -> HTMLResponse:
    """Render the list with its count, and the form that acts on exactly this list."""
    findings = _frozen(at_hand, run_id, issues)
    return render(
        request,
        "selection.html",
        title=f"{act.capitalize()} {len(findings)} {'finding' if len(findings) == 1 else 'findings'}",
        at_hand=at_hand,
        who=who,
        act=act,
        run=find_run(at_hand, run_id),
        issues=issues,
        findings=findings,
    )


@router.post("/selection/repairs")
def repair_selection(
    who: Annotated[Principal, form_requires(Permission.REPAIR_APPLY)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    form: Annotated[FrozenForm, strict_form(FrozenForm)],
) -> HTMLResponse:
    """Repair each finding of the list as it was shown, or ask for a second person; say of each what became of it."""
    findings = _counted(at_hand, form)
    repairing_config(at_hand)  # refuses all at once where repairs are off

    def act(finding: StoredIssue) -> BulkLine:
        config = repairing_config(at_hand)  # an exemption may be made while the list is worked through
        return repair_frozen(
            finding,
            ask=form.verb == "ask",
            reason=form.reason,
            actor=who.actor,
            config=config,
            catalogue=at_hand.catalogue,
            store=at_hand.store,
            now=at_hand.clock(),
            request_id=request_id(request),
            session=at_hand.repair_sessions.writing(config),
        )

    return _result_page(request, at_hand, who, _each(at_hand, findings, act))


@router.post("/selection/exemptions")
def exempt_selection(
    who: Annotated[Principal, form_requires(Permission.EXEMPTION_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    form: Annotated[FrozenExemptionForm, strict_form(FrozenExemptionForm)],
) -> HTMLResponse:
    """Exempt each finding of the list, or ask for a second person; say of each what became of it."""
    findings = _counted(at_hand, form)
    changed = find_changed(findings, form.run_id, store=at_hand.store, config=at_hand.config)
    config = with_stored_exemptions(at_hand.config, at_hand.store)

    def act(finding: StoredIssue) -> BulkLine:
        return changed.get(finding.issue_id) or exempt_frozen(
            finding,
            ask=form.verb == "ask",
            owner=form.owner,
            reason=form.reason,
            expires_at=form.expires,
            actor=who.actor,
            config=config,
            catalogue=at_hand.catalogue,
            store=at_hand.store,
            now=at_hand.clock(),
        )

    return _result_page(request, at_hand, who, _each(at_hand, findings, act))


def _lead_to_list(request: Request, run_id: str, positions: Sequence[int], *, act: str) -> Response:
    if len(set(positions)) > MOST_FROZEN:
        raise Problem(409, TOO_MANY)
    if not positions:
        raise Problem(409, "No finding matches any more.")
    return lead_to(request, "/selection", run=run_id, issues=positions_text(positions), act=act)


def _frozen(at_hand: Services, run_id: str, issues: str) -> Sequence[StoredIssue]:
    """The findings of the list. Raises ``Problem`` where it is too long, and where one of them is not kept."""
    find_run(at_hand, run_id)
    positions = read_positions(issues, most=MOST_FROZEN)
    if positions is None:
        raise Problem(409, TOO_MANY)
    findings = frozen_findings(at_hand.store, run_id, positions)
    if len(findings) != len(positions):
        raise Problem(409, NOT_ALL_THERE)
    return findings


def _counted(at_hand: Services, form: FrozenForm) -> Sequence[StoredIssue]:
    """The findings of the list that the form acts on. Raises ``Problem`` where its reader saw another number."""
    findings = _frozen(at_hand, form.run_id, form.issues)
    if len(findings) != int(form.count):
        raise Problem(409, "The list is not the one that was shown. Select the findings again.")
    return findings


def _each(
    at_hand: Services, findings: Sequence[StoredIssue], act: Callable[[StoredIssue], BulkLine]
) -> Sequence[BulkLine]:
    """Act on each finding, and on no more once several in a row failed: a database that is gone fails them all."""
    lines: list[BulkLine] = []
    failed = 0
    for finding in findings:
        if failed == MOST_FAILED:
            detail = "Not tried: those before it failed one after the other."
            lines.append(BulkLine(issue_id=finding.issue_id, outcome=BulkOutcome.FAILED, detail=detail))
            continue
        line = _tried(at_hand, finding, act)
        is_busy = isinstance(line.result, Failed) and line.result.busy
        failed = failed + 1 if line.outcome is BulkOutcome.FAILED and not is_busy else 0
        lines.append(line)
    return lines


def _tried(at_hand: Services, finding: StoredIssue, act: Callable[[StoredIssue], BulkLine]) -> BulkLine:
    """Act on one finding. What fails ends its own line and not the list: the lines before it are done."""
    try:
        line = act(finding)
    except TrueupError as error:
        logger().warning("a finding of a list could not be acted on", issueId=finding.issue_id, reason=str(error))
        return BulkLine(
            issue_id=finding.issue_id,
            outcome=BulkOutcome.FAILED,
            detail="This cannot be done now; the server's log says why.",
        )
    if line.result is not None:
        at_hand.meters.repair(line.result)
    return line


def _result_page(request: Request, at_hand: Services, who: Principal, lines: Sequence[BulkLine]) -> HTMLResponse:
    counts = {outcome: sum(line.outcome is outcome for line in lines) for outcome in BulkOutcome}
    return render(
        request,
        "selection_done.html",
        title=f"What became of {len(lines)} {'finding' if len(lines) == 1 else 'findings'}",
        at_hand=at_hand,
        who=who,
        counts={outcome: count for outcome, count in counts.items() if count},
        lines=[(line, reason_for_caller(line.detail)) for line in lines],
    )
