"""A page of findings: from filters and a cursor to JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
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
        )

    @property
    def digest(self) -> str:
        """The identity of these filters, without the run: a cursor continues only the same question."""
        asked = {name: value for name, value in dataclasses.asdict(self).items() if name != "run_id"}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode("utf-8")).hexdigest()[:16]


def listed(at_hand: Services, filters: Filters, *, limit: int, cursor: str | None, masked: bool) -> bytes:
    """The page. Raises ``Problem``: 404 for an unknown run, 422 for a cursor of another question."""
    if filters.state == State.RESOLVED and filters.run_id is None:
        return _resolved(at_hand, filters, limit=limit, cursor=cursor, masked=masked)
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
    return _written(run.run_id, page.issues, following, masked=masked)


def _resolved(at_hand: Services, filters: Filters, *, limit: int, cursor: str | None, masked: bool) -> bytes:
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
    return _written(None, page.issues, following, masked=masked)


def _written(run_id: str | None, issues: Iterable[StoredIssue], next_cursor: str | None, *, masked: bool) -> bytes:
    findings = [_finding(issue, masked=masked) for issue in issues]
    return json.dumps({"runId": run_id, "findings": findings, "nextCursor": next_cursor}).encode("ascii")


def _finding(issue: StoredIssue, *, masked: bool) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(issue.document)
    return (masked_issue(document) if masked else document) | {"state": issue.state}
