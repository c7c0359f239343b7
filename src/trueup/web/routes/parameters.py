"""The parameters of routes in the query, the path and the headers, typed so that OpenAPI says exactly what is accepted.

Each value has one written form, unlike the framework's: its integer accepts ``30.0``, ``+30`` and ``1_0``, its boolean
``on``. A parameter that was left out is None; ``null`` is not a value.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Path, Query

from trueup.actions.runs import Sort, State
from trueup.model.approval import ApprovalState
from trueup.model.finding import Area
from trueup.model.policy import PERIOD_DAYS_LIMIT
from trueup.model.severity import Severity
from trueup.web import text
from trueup.web.routes.query_types import Text, TrueOrFalse, WholeNumber, Word

DEFAULT_LIMIT = 500
_MOST_AT_ONCE = 1000
_AGE_LIMIT_SECONDS = 30 * 24 * 3600

PeriodDays = Annotated[
    int | None,
    WholeNumber(1, PERIOD_DAYS_LIMIT),
    Query(alias="periodDays", description="How many days back the report looks. Default: the config's, usually 45."),
]
MaxAgeSeconds = Annotated[
    int,
    WholeNumber(0, _AGE_LIMIT_SECONDS),
    Query(
        alias="maxAgeSeconds",
        description="How many seconds old the report may be; otherwise an audit is started. 0 always starts one.",
    ),
]
Limit = Annotated[int, WholeNumber(1, _MOST_AT_ONCE), Query(description="The most to return at once.")]
Cursor = Annotated[
    str | None,
    Text(text.CURSOR),
    Query(description="The `nextCursor` of the page before. All other parameters must be the same again."),
]
RunFilter = Annotated[str | None, Text(text.RUN_ID), Query(alias="runId", description="The run. Default: the newest.")]
SeverityFilter = Annotated[str | None, Word(tuple(Severity)), Query(alias="severity")]
CategoryFilter = Annotated[str | None, Word(tuple(Area)), Query(alias="category")]
CheckFilter = Annotated[str | None, Text(text.CHECK_ID), Query(alias="check")]
SubjectFilter = Annotated[str | None, Text(text.SUBJECT), Query(alias="subject")]
StateFilter = Annotated[
    str | None,
    Word(tuple(State)),
    Query(
        alias="state",
        description="The finding's state now. `resolved`, without a run, lists resolved findings, last resolved first.",
    ),
]
ApprovalStateFilter = Annotated[
    str | None, Word(tuple(ApprovalState)), Query(alias="state", description="Only those in this state now.")
]
RepairableFilter = Annotated[bool | None, TrueOrFalse(), Query(alias="repairable")]
RevenueFilter = Annotated[bool | None, TrueOrFalse(), Query(alias="revenueImpacting")]
AlertsFilter = Annotated[
    bool | None, TrueOrFalse(), Query(alias="alerts", description="Whether the finding alerts operations.")
]
ExemptedFilter = Annotated[bool | None, TrueOrFalse(), Query(alias="exempted")]
FindingSort = Annotated[
    str,
    Word(tuple(Sort)),
    Query(alias="sort", description="The report's order, most at risk first, oldest first, or by subject."),
]
EarlierRun = Annotated[
    str | None, Text(text.RUN_ID), Query(alias="with", description="The run to compare with. Default: the one before.")
]

IssueIdPath = Annotated[str, Text(text.ISSUE_ID), Path(description="<check>:<subject>, as in the report.")]
AccountPath = Annotated[
    str, Text(text.SUBJECT), Path(description="Its id, its e-mail address, or an id of Stripe's that it has.")
]
RunIdPath = Annotated[str, Text(text.RUN_ID), Path()]
CheckIdPath = Annotated[str, Text(text.CHECK_ID), Path()]
PlanPath = Annotated[str, Text(text.PLAN), Path(description="One of the config's plans.")]
ApprovalIdPath = Annotated[str, Text(text.APPROVAL_ID), Path()]
TokenIdPath = Annotated[str, Text(text.TOKEN_ID), Path()]

IdempotencyKey = Annotated[
    str | None,
    Text(text.IDEMPOTENCY_KEY),
    Header(
        alias="Idempotency-Key",
        description="The same key and body again return the first result; the key with another body is refused.",
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", description="An `ETag` that the caller has; 304 where it is still current."),
]
