"""Findings, as ``/api/v1`` shows them: the report's issue, and its history."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trueup.actions.runs import State
from trueup.formats.report_document import Issue
from trueup.formats.timeline import TimelineDocument
from trueup.web.routes.answers.words import Answer, Count, Credits, Moment, NextCursor


class Finding(Issue):
    """One finding of a run, and its state now."""

    state: Annotated[State, Field(description="Its state now, whichever run is shown.")]


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
    """What happened around the finding, oldest first, as the database holds it now: the newest lines of each side.

    ``entries`` are the lines that are ledger entries, in full. Stripe is not asked for this; ``unknown`` says so.
    """

    account_id: str | None
    earlier_entries: Annotated[int, Field(ge=0, description="How many entries come before the first one shown.")]
    entries: list[TimelineEntry]


class FindingInFull(Answer):
    """One finding: as it was last seen, as it is now, and what happened around it.

    ``finding`` is null when the store holds only that it existed. For a caller who may not read evidence, the database
    is not read, and ``now``, ``current`` and ``timeline`` are null.
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
    finding: Annotated[Issue | None, Field(description="The finding as the last run that saw it reported it.")]
    now: Annotated[
        Literal["found", "not_found", "unknown"] | None,
        Field(description="Whether the check finds it in the database now; unknown where it cannot look."),
    ]
    current: Annotated[Issue | None, Field(description="The finding as the database has it now.")]
    timeline: Timeline | None
