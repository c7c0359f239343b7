"""The list of findings: what it is narrowed by, how many there are of each kind, one page of them, or all as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from trueup.actions.bulk import MOST_FROZEN
from trueup.actions.runs import Sort, State, count_issues, newest_run
from trueup.formats.csv import COLUMNS, cells_of_document
from trueup.model.severity import Severity
from trueup.web.access import Permission, Principal, page_requires
from trueup.web.console.query import (
    CategoryQuery,
    CheckQuery,
    CursorQuery,
    Download,
    DownloadQuery,
    FindingState,
    RepairableQuery,
    RunQuery,
    SeverityQuery,
    SortQuery,
    StateQuery,
    TextQuery,
)
from trueup.web.console.rendering import render
from trueup.web.routes.listing import Filters, FindingsPage, find_page
from trueup.web.routes.lookups import find_run
from trueup.web.services import Services, services

if TYPE_CHECKING:
    from trueup.store import IssueCount, StoredRun

router = APIRouter(include_in_schema=False)

FINDINGS_ON_A_PAGE = 50
FINDINGS_AT_ONCE = 1000
"""How many are read at once for a file."""

_SORTS = {Sort.SEVERITY: "severity", Sort.RISK: "most at risk", Sort.FIRST_SEEN: "oldest", Sort.SUBJECT: "subject"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingQuery:
    """What the address asks for."""

    run_id: str | None
    severity: str | None
    category: str | None
    check: str | None
    state: str
    repairable: bool | None
    text: str | None
    sort: str

    @property
    def address(self) -> Mapping[str, object]:
        """The parameters of the address that asks for the same, without those that have their usual value."""
        return {
            "run": self.run_id,
            "severity": self.severity,
            "category": self.category,
            "check": self.check,
            "state": None if self.state == FindingState.OPEN else self.state,
            "repairable": self.repairable,
            "q": self.text,
            "sort": None if self.sort == Sort.SEVERITY else self.sort,
        }

    def filters(self, *, masked: bool) -> Filters:
        """The same for the store. A caller from whom subjects are masked cannot search in them, only name one whole."""
        is_resolved = self.state == FindingState.RESOLVED
        return Filters(
            run_id=self.run_id,
            severity=self.severity,
            category=self.category,
            check=self.check,
            subject=self.text if masked else None,
            state=State.RESOLVED if is_resolved else None,
            repairable=self.repairable,
            revenue_impacting=None,
            alerts=None,
            exempted=None if is_resolved else self.state == FindingState.EXEMPT,
            sort=self.sort,
            text=None if masked else self.text,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """One value by which the list can be narrowed: how many findings it has, and whether it is chosen."""

    name: str
    value: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many findings there are of each kind. Each facet counts under all filters but its own."""

    total: int
    severity: Sequence[FacetValue]
    state: Sequence[FacetValue]
    category: Sequence[FacetValue]
    check: Sequence[FacetValue]
    repairable: Sequence[FacetValue]


def facets_of(counts: Sequence[IssueCount], query: FindingQuery) -> Facets:
    """Return the facets of a list of findings that are counted by kind."""
    is_exempt = query.state == FindingState.EXEMPT
    chosen: dict[str, Any] = {
        "severity": query.severity,
        "category": query.category,
        "check": query.check,
        "repairable": query.repairable,
        "exempted": is_exempt,
    }

    def counted_by(name: str) -> Mapping[Any, int]:
        by: dict[Any, int] = {}
        for line in counts:
            others = (other for other in chosen if other != name)
            if all(chosen[other] is None or getattr(line, other) == chosen[other] for other in others):
                by[getattr(line, name)] = by.get(getattr(line, name), 0) + line.count
        return by

    def values(name: str, order: Sequence[Any]) -> Sequence[FacetValue]:
        by = counted_by(name)
        return [
            FacetValue(name=str(each), value=str(each), count=by.get(each, 0), is_chosen=chosen[name] == each)
            for each in order
            if by.get(each) or chosen[name] == each
        ]

    exempted, repairable = counted_by("exempted"), counted_by("repairable")
    return Facets(
        total=exempted.get(is_exempt, 0),
        severity=values("severity", tuple(reversed(Severity))),
        category=values("category", sorted(counted_by("category"))),
        check=values("check", sorted(counted_by("check"))),
        state=[
            FacetValue(name="open", value="", count=exempted.get(False, 0), is_chosen=not is_exempt),
            FacetValue(name="exempt", value="exempt", count=exempted.get(True, 0), is_chosen=is_exempt),
        ],
        repairable=[
            FacetValue(
                name="repairable", value="true", count=repairable.get(True, 0), is_chosen=query.repairable is True
            )
        ],
    )


def finding_query(
    run_id: RunQuery = None,
    severity: SeverityQuery = None,
    category: CategoryQuery = None,
    check: CheckQuery = None,
    state: StateQuery = None,
    repairable: RepairableQuery = None,
    text: TextQuery = None,
    sort: SortQuery = None,
) -> FindingQuery:
    """The dependency that reads what the address asks for."""
    return FindingQuery(
        run_id=run_id,
        severity=severity,
        category=category,
        check=check,
        state=state or FindingState.OPEN,
        repairable=repairable,
        text=text,
        sort=sort or Sort.SEVERITY,
    )


@router.get("/findings")
def show_findings(
    who: Annotated[Principal, page_requires(Permission.FINDING_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    query: Annotated[FindingQuery, Depends(finding_query)],
    cursor: CursorQuery = None,
    download: DownloadQuery = None,
) -> Response:
    """Render one page of the findings that the address asks for, or send all of them as a file."""
    masked = not who.may(Permission.EVIDENCE_READ)
    filters = query.filters(masked=masked)
    run = find_listed_run(at_hand, query.run_id)
    if download is not None and run is not None:
        return _file(at_hand, filters, download, masked=masked)
    is_resolved = query.state == FindingState.RESOLVED
    page = facets = None
    if run is not None:
        page = find_page(at_hand, filters, limit=FINDINGS_ON_A_PAGE, cursor=cursor)
        if page.run_id is not None:  # a cursor continues through the run in which it began, and marks are of that run
            run = find_run(at_hand, page.run_id)
        counts = count_issues(at_hand.store, run.run_id, text=filters.text, subject=filters.subject)
        facets = facets_of(counts, query)
    return render(
        request,
        "findings.html",
        title="Findings",
        at_hand=at_hand,
        who=who,
        run=run,
        query=query,
        cursor=cursor,
        is_resolved=is_resolved,
        page=page,
        findings=page.documents(masked=masked) if page else [],
        positions=[issue.position for issue in page.issues] if page else [],
        most_frozen=MOST_FROZEN,
        may_select=not (masked or is_resolved),
        facets=facets,
        sorts=_SORTS,
        is_narrowed=any(
            value is not None for name, value in query.address.items() if name not in {"sort", "state", "run"}
        ),
    )


def find_listed_run(at_hand: Services, run_id: str | None) -> StoredRun | None:
    """The run whose findings are listed, the newest where none is named. Raises ``Problem`` 404."""
    return newest_run(at_hand.store, at_hand.config) if run_id is None else find_run(at_hand, run_id)


def _file(at_hand: Services, filters: Filters, download: str, *, masked: bool) -> StreamingResponse:
    pages = _every_page(at_hand, filters)
    is_csv = download == Download.CSV
    body = _csv(pages, masked=masked) if is_csv else _json(pages, masked=masked)
    media_type = "text/csv; charset=utf-8" if is_csv else "application/json"
    headers = {"Content-Disposition": f'attachment; filename="findings.{download}"'}
    return StreamingResponse(body, media_type=media_type, headers=headers)


def _every_page(at_hand: Services, filters: Filters) -> Iterator[FindingsPage]:
    """Every page of one run: a cursor continues through the run in which it began."""
    cursor: str | None = None
    while True:
        page = find_page(at_hand, filters, limit=FINDINGS_AT_ONCE, cursor=cursor)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return


def _csv(pages: Iterator[FindingsPage], *, masked: bool) -> Iterator[str]:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for page in pages:
        rows.writerows(cells_of_document(finding) for finding in page.documents(masked=masked))
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def _json(pages: Iterator[FindingsPage], *, masked: bool) -> Iterator[str]:
    separator = '{"findings": [\n'
    for page in pages:
        for finding in page.documents(masked=masked):
            yield separator + json.dumps(finding)
            separator = ",\n"
    yield "]}\n" if separator.startswith(",") else f"{separator}]}}\n"
