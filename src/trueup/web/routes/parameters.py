"""What routes take in the query, the path and the headers, typed so that OpenAPI says exactly what is taken.

Each value has one written form: the framework's own integer takes ``30.0``, ``+30`` and ``1_0``, its boolean takes
``on``. A parameter that was left out is None, and ``null`` is none of its values.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Path, Query

from trueup.actions.runs import Sort, State
from trueup.model.finding import Area
from trueup.model.policy import PERIOD_DAYS_LIMIT
from trueup.model.severity import Severity
from trueup.web import text
from trueup.web.routes.query_types import Text, Truth, Whole, Word

DEFAULT_LIMIT = 500
_MOST_AT_ONCE = 1000
_AGE_LIMIT_SECONDS = 30 * 24 * 3600

PeriodDays = Annotated[
    int | None,
    Whole(1, PERIOD_DAYS_LIMIT),
    Query(alias="periodDays", description="How far back recent reaches, in days. Default: the config's, usually 45."),
]
MaxAgeSeconds = Annotated[
    int,
    Whole(0, _AGE_LIMIT_SECONDS),
    Query(
        alias="maxAgeSeconds",
        description="How old the report may be; where none is as young, an audit is started. 0 starts one.",
    ),
]
Limit = Annotated[int, Whole(1, _MOST_AT_ONCE), Query(description="How many to answer at once.")]
Cursor = Annotated[
    str | None,
    Text(text.CURSOR),
    Query(description="The `nextCursor` of the page before. What else is asked for must be the same again."),
]
RunFilter = Annotated[
    str | None, Text(text.RUN_ID), Query(alias="runId", description="Of this run. Default: the newest.")
]
SeverityFilter = Annotated[str | None, Word(tuple(Severity)), Query(alias="severity")]
CategoryFilter = Annotated[str | None, Word(tuple(Area)), Query(alias="category")]
CheckFilter = Annotated[str | None, Text(text.CHECK_ID), Query(alias="check")]
SubjectFilter = Annotated[str | None, Text(text.SUBJECT), Query(alias="subject")]
StateFilter = Annotated[
    str | None,
    Word(tuple(State)),
    Query(
        alias="state",
        description="What is known of the finding now. `resolved`, without a run, lists what was resolved, last first.",
    ),
]
RepairableFilter = Annotated[bool | None, Truth(), Query(alias="repairable")]
RevenueFilter = Annotated[bool | None, Truth(), Query(alias="revenueImpacting")]
AlertsFilter = Annotated[bool | None, Truth(), Query(alias="alerts", description="Whether operations are told.")]
ExemptedFilter = Annotated[bool | None, Truth(), Query(alias="exempted")]
FindingSort = Annotated[
    str,
    Word(tuple(Sort)),
    Query(alias="sort", description="The report's order, most at risk first, oldest first, or by subject."),
]
EarlierRun = Annotated[
    str | None, Text(text.RUN_ID), Query(alias="with", description="The run to compare with. Default: the one before.")
]

IssueIdPath = Annotated[str, Text(text.ISSUE_ID), Path(description="<check>:<subject>, as the report has it.")]
RunIdPath = Annotated[str, Text(text.RUN_ID), Path()]
CheckIdPath = Annotated[str, Text(text.CHECK_ID), Path()]
PlanPath = Annotated[str, Text(text.PLAN), Path(description="One of the config's plans.")]
TokenIdPath = Annotated[str, Text(text.TOKEN_ID), Path()]

IdempotencyKey = Annotated[
    str | None,
    Text(text.IDEMPOTENCY_KEY),
    Header(
        alias="Idempotency-Key",
        description="The same key and body again answer with the first result; the key with another body is refused.",
    ),
]
IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", description="An `ETag` that the caller holds; 304 where it still stands.")
]
