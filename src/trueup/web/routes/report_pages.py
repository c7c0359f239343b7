"""The report as a page of JSON: from a run in the store to the bytes of an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from trueup.actions.runs import head_now, is_run_fresh, issues_of_run, run_of_id
from trueup.actions.serve import Origin
from trueup.web.cursors import refused
from trueup.web.pages import RenderedPage
from trueup.web.services import Services

if TYPE_CHECKING:
    from trueup.store import Keyset, StoredRun

LIST = "report"
_ISSUES_FOLLOW = "scoreBreakdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """The request for a page. ``asked_at`` is naive UTC."""

    period_days: int
    period_is_given: bool
    max_age_seconds: int
    limit: int
    cursor: str | None
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """One page of a run's report, and where the run came from."""

    run: StoredRun
    origin: Origin
    page: RenderedPage

    def answer(self, *, if_none_match: str | None, now: datetime) -> Response:
        """The page, or 304 where the caller already has it."""
        age = max(0, int((now - self.run.generated_at).total_seconds()))
        headers = {"ETag": self.page.etag, "Age": str(age), "Trueup-Report": self.origin}
        if if_none_match is not None and _names(if_none_match, self.page.etag):
            return Response(status_code=304, headers=headers)
        return Response(self.page.body, media_type="application/json", headers=headers)


def find_stored_page(at_hand: Services, wanted: PageRequest) -> ReportPage | None:
    """The page of a stored run: the cursor's, or the newest when it is fresh enough. Raises ``Problem``."""
    if wanted.cursor is None:
        run = at_hand.runs.stored(wanted.period_days, wanted.max_age_seconds, asked_at=wanted.asked_at)
        return None if run is None else render_page(at_hand, run, wanted.limit, origin="stored")
    place = at_hand.cursors.read(wanted.cursor, of=LIST)
    run = run_of_id(place["run"], store=at_hand.store, environment=at_hand.config.environment)
    if run is None or (wanted.period_is_given and wanted.period_days != run.period_days):
        raise refused()
    value, position = place["after"]
    return render_page(at_hand, run, wanted.limit, after=(value, position), origin="stored")


def render_page(
    at_hand: Services, run: StoredRun, limit: int, *, after: Keyset | None = None, origin: Origin
) -> ReportPage:
    """A page of this run's report, rendered once, and once more when its guardrails have become too old."""
    now = at_hand.clock()
    fresh = is_run_fresh(run, now=now, config=at_hand.config)

    def rendered() -> RenderedPage:
        head = head_now(json.loads(run.head), run, now=now, config=at_hand.config)
        page = issues_of_run(at_hand.store, run.run_id, after=after, limit=limit)
        following = at_hand.cursors.written(of=LIST, run=run.run_id, after=page.after) if page.after else None
        return RenderedPage.of(document(head, (issue.document for issue in page.issues), following))

    page = at_hand.pages.page((LIST, run.run_id, after, limit, fresh), rendered)
    return ReportPage(run=run, origin=origin, page=page)


def document(head: Mapping[str, Any], issues: Iterable[str], next_cursor: str | None) -> bytes:
    """Return the report's JSON: the fields of ``head``, and among them these issues, which are JSON texts."""
    written: dict[str, Any] = {}
    for name, value in head.items():
        written[name] = value
        if name == _ISSUES_FOLLOW:
            written |= {"issues": [json.loads(issue) for issue in issues], "nextCursor": next_cursor}
    return json.dumps(written).encode("ascii")


def _names(if_none_match: str, etag: str) -> bool:
    """Whether this header names the tag, by weak comparison (RFC 9110, section 13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return bool(tags & {etag, "*"})
