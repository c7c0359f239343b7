"""A page of findings: from filters and a cursor to JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trueup.actions.runs import IssueFilters, State, issues_of_run, resolved_findings, run_of_id
from trueup.web.cursors import refused
from trueup.web.routes.lookups import find_run
from trueup.web.routes.redaction import masked_issue
from trueup.web.services import Services

if TYPE_CHECKING:
    from trueup.store import StoredIssue

LIST = "findings"
RESOLVED = "findings/resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The filters, in the parameters' own words; None lets everything through."""

    run_id: str | None
    severity: str | None
    category: str | None
    check: str | None
    subject: str | None
    state: str | None
    repairable: bool | None
    revenue_impacting: bool | None
    alerts: bool | None
    exempted: bool | None
    sort: str
    text: str | None = None

    @property
    def of_issues(self) -> IssueFilters:
        """Those that the store applies to an issue."""
        return IssueFilters(
            severity=self.severity,
            category=self.category,
            check=self.check,
            subject=self.subject,
            repairable=self.repairable,
            revenue_impacting=self.revenue_impacting,
            alerts=self.alerts,
            exempted=self.exempted,
            text=self.text,
        )

    @property
    def digest(self) -> str:
        """The identity of these filters, without the run: a cursor continues only the same question."""
        asked = {name: value for name, value in dataclasses.asdict(self).items() if name != "run_id"}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode("utf-8")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsPage:
    """Some findings of a run, or with no ``run_id`` some that were resolved; ``next_cursor`` asks for the next ones."""

    run_id: str | None
    issues: Sequence[StoredIssue]
    next_cursor: str | None

    def documents(self, *, masked: bool) -> list[dict[str, Any]]:
        """The findings as the API shows them."""
        return [_finding(issue, masked=masked) for issue in self.issues]


def listed(at_hand: Services, filters: Filters, *, limit: int, cursor: str | None, masked: bool) -> bytes:
    """The page as JSON. Raises ``Problem``: 404 for an unknown run, 422 for a cursor of another question."""
    page = find_page(at_hand, filters, limit=limit, cursor=cursor)
    document = {"runId": page.run_id, "findings": page.documents(masked=masked), "nextCursor": page.next_cursor}
    return json.dumps(document).encode("ascii")


def find_page(at_hand: Services, filters: Filters, *, limit: int, cursor: str | None) -> FindingsPage:
    """The page. Raises ``Problem`` as ``listed`` does."""
    if filters.state == State.RESOLVED and filters.run_id is None:
        return _resolved(at_hand, filters, limit=limit, cursor=cursor)
    run_id, after = filters.run_id, None
    if cursor is not None:
        place = at_hand.cursors.read(cursor, of=LIST)
        if place["asked"] != filters.digest or filters.run_id not in {None, place["run"]}:
            raise refused()
        (value, position), run_id = place["after"], place["run"]
        after = (value, position)
        if run_of_id(place["run"], store=at_hand.store, environment=at_hand.config.environment) is None:
            raise refused()
    run = find_run(at_hand, run_id)
    page = issues_of_run(
        at_hand.store,
        run.run_id,
        after=after,
        limit=limit,
        sort=filters.sort,
        **filters.of_issues,
        state=filters.state,
    )
    following = (
        at_hand.cursors.written(of=LIST, run=run.run_id, asked=filters.digest, after=page.after) if page.after else None
    )
    return FindingsPage(run_id=run.run_id, issues=page.issues, next_cursor=following)


def _resolved(at_hand: Services, filters: Filters, *, limit: int, cursor: str | None) -> FindingsPage:
    after = None
    if cursor is not None:
        place = at_hand.cursors.read(cursor, of=RESOLVED)
        if place["asked"] != filters.digest:
            raise refused()
        moment, fingerprint = place["after"]
        after = (moment, fingerprint)
    page = resolved_findings(
        at_hand.store,
        at_hand.config.environment,
        after=after,
        limit=limit,
        **filters.of_issues,
    )
    following = at_hand.cursors.written(of=RESOLVED, asked=filters.digest, after=page.after) if page.after else None
    return FindingsPage(run_id=None, issues=page.issues, next_cursor=following)


def _finding(issue: StoredIssue, *, masked: bool) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(issue.document)
    return (masked_issue(document) if masked else document) | {"state": issue.state}
