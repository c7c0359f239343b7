"""The first page: how things are, what changed, what is at risk, and how old all of this is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from trueup.actions.runs import head_now, list_runs, newest_run
from trueup.formats.wording import counted
from trueup.model.severity import Severity
from trueup.web.access import Permission, Principal
from trueup.web.console.rendering import render
from trueup.web.console.trend import Trend, trend_of
from trueup.web.routes.redaction import without_addresses
from trueup.web.services import Services

if TYPE_CHECKING:
    from trueup.store import StoredRun

MONTH = timedelta(days=30)
"""How much older the run is that finance compares the newest one with."""

TREND_RUNS = 30
"""How many of the newest runs the trend shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the checks looked at, in subjects: of ``examined`` so many agree, are open or are exempt.

    ``unknown`` counts checks that could not answer: what they would have examined is not known.
    """

    examined: int
    open: int
    exempt: int
    checks: int
    unknown: int

    @property
    def agree(self) -> int:
        """The subjects without a finding of the check that examined them."""
        return max(0, self.examined - self.open - self.exempt)


def scope_of(head: Mapping[str, Any]) -> Scope:
    """Return what a report looked at."""
    checked = [outcome for outcome in head["outcomes"] if outcome["outcome"] == "checked"]
    is_open = sum(head["summary"]["severities"].values())
    return Scope(
        examined=sum(outcome["population"] for outcome in checked),
        open=is_open,
        exempt=sum(outcome["findings"] for outcome in checked) - is_open,
        checks=len(checked),
        unknown=_count_unanswered(head),
    )


def sentence_of(head: Mapping[str, Any]) -> str:
    """Return the report's status in one sentence.

    >>> sentence_of({"summary": {"severities": {"critical": 2, "error": 1}, "status": "critical"}, "outcomes": []})
    '2 critical findings and 1 error are open.'
    """
    counts = {Severity(level): number for level, number in head["summary"]["severities"].items() if number}
    nouns = {Severity.CRITICAL: "critical finding", Severity.INFO: "note"}
    parts = [counted(number, nouns.get(level, level.value)) for level, number in counts.items()]
    unanswered = _count_unanswered(head)
    lacks = f" {counted(unanswered, 'check')} could not answer: what they look at is unknown." if unanswered else ""
    if not parts:
        return f"No finding is open.{lacks}"
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    is_single = len(parts) == 1 and sum(counts.values()) == 1
    return f"{listed} {'is' if is_single else 'are'} open.{lacks}"


def _count_unanswered(head: Mapping[str, Any]) -> int:
    return sum(outcome["outcome"] in {"skipped", "broken"} for outcome in head["outcomes"])


def show_overview(request: Request, at_hand: Services, who: Principal) -> HTMLResponse:
    """Render the page, of the newest run."""
    run = newest_run(at_hand.store, at_hand.config)
    if run is None:
        return render(request, "overview_none.html", title="Overview", at_hand=at_hand, who=who)
    head = head_now(json.loads(run.head), run, now=at_hand.clock(), config=at_hand.config)
    shown = head if who.may(Permission.EVIDENCE_READ) else without_addresses(head)
    return render(
        request,
        "overview.html",
        title="Overview",
        at_hand=at_hand,
        who=who,
        run=run,
        head=shown,
        scope=scope_of(head),
        sentence=sentence_of(head),
        trend=_trend(at_hand, run),
        month_ago=newest_run(at_hand.store, at_hand.config, until=run.generated_at - MONTH),
    )


def _trend(at_hand: Services, newest: StoredRun) -> Trend:
    runs: Sequence[StoredRun] = list_runs(at_hand.store, at_hand.config.environment, limit=TREND_RUNS)
    alike = [run for run in runs if run.period_days == newest.period_days and run.covers_all_checks]
    return trend_of(reversed(alike))
