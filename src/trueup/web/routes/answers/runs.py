"""Runs, as ``/api/v1`` shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trueup.formats.report_document import ReportHead
from trueup.model.report import Status
from trueup.model.severity import Severity
from trueup.web.routes.answers.words import Answer, Count, Fingerprint, Moment, NextCursor


class Run(Answer):
    """One recorded audit, and what it changed."""

    run_id: str
    environment: str
    generated_at: Moment
    as_of: Annotated[
        Moment | None, Field(description="The moment the database was read at; null when it was not read.")
    ]
    period_days: Annotated[int, Field(ge=1, le=3650)]
    status: Status
    score: Annotated[int, Field(ge=0, le=100)]
    confidence: Annotated[float, Field(ge=0, le=1)]
    complete: Annotated[bool, Field(description="Whether every check that is on was answered from complete data.")]
    every_check: Annotated[bool, Field(description="Whether it asked every check of the catalogue.")]
    decides: Annotated[bool, Field(description="Whether it opened and resolved findings.")]
    trigger: Annotated[str, Field(description="What started it: command, schedule or request.")]
    milliseconds: Count
    issues: Count
    new: Count
    worse: Count
    reopened: Count
    resolved: Count


class RunPage(Answer):
    """Runs, newest first."""

    schema_version: Literal[1]
    runs: list[Run]
    next_cursor: NextCursor


class RunInFull(Answer):
    """One run with its report, without the report's issues: ``/api/v1/findings?runId=…`` lists those."""

    run: Run
    report: ReportHead


class RunStarted(RunInFull):
    """The run that a request to audit returns."""

    origin: Annotated[
        Literal["started"], Field(description="The audit was started by this request, or by another one just before.")
    ]


class Moved(Answer):
    """A finding that differs between two runs, its severity as it was last seen."""

    id: str
    fingerprint: Fingerprint
    severity: Severity


class MovedCounts(Answer):
    """How many findings changed in each way."""

    new: Count
    worse: Count
    reopened: Count
    resolved: Count


class Difference(Answer):
    """What changed from one run to another; of each kind the most severe findings."""

    run_id: str
    with_run_id: Annotated[str | None, Field(description="The earlier run; null when there was none.")]
    counts: Annotated[MovedCounts, Field(description="Counts of all changes, however many are listed.")]
    new: list[Moved]
    worse: list[Moved]
    reopened: list[Moved]
    resolved: list[Moved]
