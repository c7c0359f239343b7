"""A run's issues, one page at a time, in several orders."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, exists, func, or_, select

from trueup.model.errors import StoreUnavailable
from trueup.model.finding import Area
from trueup.model.severity import Severity
from trueup.store.records import IssueCount, IssueFilters, IssuePage, Keyset, Sort, State, StoredIssue
from trueup.store.tables import FINDING, ISSUE, RUN

_SEVERITIES = tuple(Severity)


def conditions_of(connection: Connection, filters: IssueFilters) -> list[ColumnElement[bool]]:
    """Return what the filters ask of an issue's row in this database."""
    values: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
    if "severity" in values:
        values["severity"] = Severity(values["severity"]).rank
    if "category" in values:
        values["category"] = Area(values["category"]).value
    if "check" in values:
        values["check_id"] = values.pop("check")
    text, positions, issue_ids = (values.pop(name, None) for name in ("text", "positions", "issue_ids"))
    conditions = [ISSUE.c[name] == value for name, value in values.items()]
    conditions += [] if positions is None else [ISSUE.c.position.in_(positions)]
    conditions += [] if issue_ids is None else [ISSUE.c.issue_id.in_(issue_ids)]
    return conditions if text is None else [*conditions, _holds(connection, text)]


def _holds(connection: Connection, text: str) -> ColumnElement[bool]:
    """Whether the check or the subject holds the text, whatever the case of its letters."""
    if connection.dialect.name == "sqlite":  # its LIKE ignores the case of those letters that its lower() knows
        return ISSUE.c.issue_id.contains(text, autoescape=True)
    return ISSUE.c.issue_id.icontains(text, autoescape=True)


def counts_of(connection: Connection, run_id: str, *, filters: IssueFilters) -> tuple[IssueCount, ...]:
    """How many issues of a run match the filters, by everything that a list of them is narrowed by."""
    columns = (ISSUE.c.severity, ISSUE.c.category, ISSUE.c.check_id, ISSUE.c.exempted, ISSUE.c.repairable)
    query = (
        select(*columns, func.count().label("issues"))
        .select_from(RUN.join(ISSUE, ISSUE.c.run_seq == RUN.c.seq))
        .where(RUN.c.run_id == run_id, *conditions_of(connection, filters))
        .group_by(*columns)
    )
    return tuple(
        IssueCount(
            severity=_SEVERITIES[row.severity],
            category=Area(row.category),
            check=row.check_id,
            exempted=row.exempted,
            repairable=row.repairable,
            count=row.issues,
        )
        for row in connection.execute(query)
    )


def page_of(
    connection: Connection,
    run_id: str,
    *,
    filters: IssueFilters,
    state: State | None,
    sort: Sort,
    after: Keyset | None,
    limit: int,
) -> IssuePage:
    """The issues of a run that match the filters."""
    run = connection.execute(select(RUN.c.seq, RUN.c.environment, RUN.c.generated_at).where(RUN.c.run_id == run_id))
    if (of := run.first()) is None:
        return IssuePage(issues=(), after=None)
    conditions = conditions_of(connection, filters)
    conditions += [] if state is None else [_is_in(state, of)]
    value = _value(sort, of)
    query = select(ISSUE, value.label("sorted_by")).where(ISSUE.c.run_seq == of.seq, *conditions)
    if sort is Sort.FIRST_SEEN:
        query = query.select_from(ISSUE.outerjoin(FINDING, _known(ISSUE, of)))
    if after is not None:
        query = query.where(_beyond(sort, value, after))
    ordered = query.order_by(ISSUE.c.position) if sort is Sort.SEVERITY else query.order_by(value, ISSUE.c.position)
    rows = connection.execute(_with_state(ordered.limit(limit + 1), of)).all()
    page = tuple(issue_of(row) for row in rows[:limit])
    return IssuePage(issues=page, after=_end(rows[limit - 1]) if len(rows) > limit and page else None)


def first_seen_before(connection: Connection, run_id: str) -> dict[str, datetime]:
    """When the findings of a run were first seen, by fingerprint, where that was before this run."""
    known = and_(FINDING.c.environment == RUN.c.environment, FINDING.c.fingerprint == ISSUE.c.fingerprint)
    query = (
        select(ISSUE.c.fingerprint, FINDING.c.first_seen)
        .select_from(RUN.join(ISSUE, ISSUE.c.run_seq == RUN.c.seq).join(FINDING, known))
        .where(RUN.c.run_id == run_id, FINDING.c.first_seen < RUN.c.generated_at)
    )
    return {row.fingerprint: row.first_seen for row in connection.execute(query)}


def with_first_seen(document: str, moment: datetime) -> str:
    """Return the issue's JSON with its ``firstSeen``, which is stored separately. Raises ``StoreUnavailable``."""
    try:
        issue = json.loads(document)
    except ValueError as error:
        raise StoreUnavailable(
            f"An issue in the store is not JSON ({error}); restore the store from its backup."
        ) from None
    return json.dumps(issue | {"firstSeen": f"{moment.isoformat()}Z"})


def _value(sort: Sort, run: Row[*tuple[Any, ...]]) -> ColumnElement[Any]:
    """The value that a page is sorted by. Except for the age it is in the issue's row, so only the page is read."""
    match sort:
        case Sort.SEVERITY:
            return ISSUE.c.position
        case Sort.RISK:
            return -ISSUE.c.risk
        case Sort.FIRST_SEEN:
            return func.coalesce(FINDING.c.first_seen, run.generated_at)
        case Sort.SUBJECT:
            return ISSUE.c.subject


def _beyond(sort: Sort, value: ColumnElement[Any], after: Keyset) -> ColumnElement[bool]:
    bound, position = after
    if sort is Sort.SEVERITY:
        return ISSUE.c.position > position
    known = datetime.fromisoformat(str(bound)) if sort is Sort.FIRST_SEEN else bound
    return or_(value > known, and_(value == known, ISSUE.c.position > position))


def _with_state(query: Select[Any], run: Row[*tuple[Any, ...]]) -> Select[Any]:
    """The page with the state of its findings. A finding without a run that updates findings has no own state."""
    page = query.subquery()
    state = func.coalesce(FINDING.c.state, State.OPEN.value).label("state")
    first_seen = func.coalesce(FINDING.c.first_seen, run.generated_at).label("first_seen")
    joined = page.outerjoin(FINDING, _known(page, run))
    return select(page, state, first_seen).select_from(joined).order_by(page.c.sorted_by, page.c.position)


def _is_in(state: State, run: Row[*tuple[Any, ...]]) -> ColumnElement[bool]:
    known = exists().where(_known(ISSUE, run)).correlate(ISSUE)
    return (
        ~known.where(FINDING.c.state != state.value)
        if state is State.OPEN
        else known.where(FINDING.c.state == state.value)
    )


def _known(issues: FromClause, run: Row[*tuple[Any, ...]]) -> ColumnElement[bool]:
    return and_(FINDING.c.environment == run.environment, FINDING.c.fingerprint == issues.c.fingerprint)


def _end(last: Row[*tuple[Any, ...]]) -> Keyset:
    value = last.sorted_by
    return value.isoformat() if isinstance(value, datetime) else value, last.position


def issue_of(row: Row[Any]) -> StoredIssue:
    """The issue in a row that holds its columns, the finding's ``state`` and ``first_seen``."""
    return StoredIssue(
        issue_id=row.issue_id,
        fingerprint=row.fingerprint,
        check=row.check_id,
        category=Area(row.category),
        severity=_SEVERITIES[row.severity],
        subject=row.subject,
        revenue_impacting=row.revenue_impacting,
        alerts=row.alerts,
        exempted=row.exempted,
        repairable=row.repairable,
        risk=row.risk,
        document=with_first_seen(row.document, row.first_seen),
        state=State(row.state),
        first_seen=row.first_seen,
        position=row.position,
    )
