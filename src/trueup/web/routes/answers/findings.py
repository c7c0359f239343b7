"""Findings, as ``/api/v1`` shows them: the report's issue, and what is known of it over time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trueup.actions.runs import State
from trueup.formats.report_document import Issue
from trueup.formats.timeline import TimelineDocument
from trueup.web.routes.answers.words import Answer, Count, Credits, Moment, NextCursor


class Finding(Issue):
    """One finding of a run, and its state now."""

    state: Annotated[State, Field(description="What is known of it now, whatever run is shown.")]


class FindingPage(Answer):
    """Findings of one run, a page at a time; without a run, findings that were resolved."""

    run_id: Annotated[str | None, Field(description="The run they were found in; null for resolved ones.")]
    findings: list[Finding]
    next_cursor: NextCursor


class TimelineEntry(Answer):
    """One entry of the account's ledger."""

    created_at: Moment | None
    entry_id: str | None
    kind: str | None
    amount: Credits | None
    balance_after: Credits | None
    posted: bool | None
    reason: str | None
    stripe_id: str | None
    webhook_status: str | None


class Timeline(TimelineDocument):
    """What happened around the finding, oldest first, as the database holds it now: the newest of each side.

    ``entries`` are those of the lines that are the ledger's, in full. Stripe is not asked for it: ``unknown`` says so.
    """

    account_id: str | None
    earlier_entries: Annotated[int, Field(ge=0, description="How many entries come before the first one shown.")]
    entries: list[TimelineEntry]


class FindingInFull(Answer):
    """One finding: as it was last seen, as it is now, and what surrounds it.

    ``finding`` is null when memory holds only that it existed. For somebody who may not read evidence the database is
    not looked at, and ``now``, ``current`` and ``timeline`` are null.
    """

    id: str
    check: str
    subject: str
    title: str
    why: Annotated[str, Field(description="Who loses what if this is ignored.")]
    invariant: Annotated[str, Field(description="What holds when all is well.")]
    asks: Annotated[str, Field(description="What its severity asks of a person.")]
    state: State
    first_seen: Moment
    last_seen: Moment
    resolved_at: Moment | None
    times_reopened: Count
    finding: Annotated[Issue | None, Field(description="As the last run that saw it put it.")]
    now: Annotated[
        Literal["found", "not_found", "unknown"] | None,
        Field(description="Whether the check finds it in the database at this moment; unknown where it cannot look."),
    ]
    current: Annotated[Issue | None, Field(description="As the database has it at this moment.")]
    timeline: Timeline | None
