"""The findings over time: first seen, last seen, and whether they are open."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import Row, and_, bindparam, or_, select

from trueup.model.severity import Severity
from trueup.store.database import Database
from trueup.store.issues import conditions_of, issue_of, with_first_seen
from trueup.store.records import IssueFilters, ResolvedPage, State, StoredFinding
from trueup.store.tables import FINDING, ISSUE

_LAST = and_(ISSUE.c.run_seq == FINDING.c.last_run_seq, ISSUE.c.fingerprint == FINDING.c.fingerprint)
"""A finding as the last run that saw it reported it."""

_ONE = (
    select(FINDING, ISSUE.c.document)
    .select_from(FINDING.outerjoin(ISSUE, _LAST))
    .where(FINDING.c.environment == bindparam("environment"), FINDING.c.issue_id == bindparam("issue_id"))
)
"""Built once: it is asked for every page of a finding, and building it costs as much as running it."""


class Findings:
    """The history of each finding of each environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, environment: str, issue_id: str) -> StoredFinding | None:
        """The history of this issue; None when no run that updates findings has seen it, or all of it was pruned."""
        with self._database.reading() as connection:
            row = connection.execute(_ONE, {"environment": environment, "issue_id": issue_id}).first()
        if row is None:
            return None
        document = None if row.document is None else with_first_seen(row.document, row.first_seen)
        return _finding(row, document=document)

    def about(self, environment: str, subjects: Collection[str], *, limit: int) -> tuple[StoredFinding, ...]:
        """The findings of these subjects, without their documents: open ones first, then the last seen."""
        is_resolved = FINDING.c.state == State.RESOLVED
        query = (
            select(FINDING)
            .where(FINDING.c.environment == environment, FINDING.c.subject.in_(subjects))
            .order_by(is_resolved, FINDING.c.last_seen.desc(), FINDING.c.fingerprint)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return tuple(_finding(row, document=None) for row in connection.execute(query))

    def resolved(
        self,
        environment: str,
        *,
        after: tuple[str, str] | None = None,
        limit: int = 100,
        **filters: Unpack[IssueFilters],
    ) -> ResolvedPage:
        """The resolved findings, last resolved first, as they were last seen, until they are pruned.

        ``after`` is the end of the page before. A filter that is None lets everything through.
        """
        query = (
            select(ISSUE, FINDING.c.state, FINDING.c.first_seen, FINDING.c.resolved_at)
            .select_from(FINDING.join(ISSUE, _LAST))
            .where(FINDING.c.environment == environment, FINDING.c.state == State.RESOLVED)
            .order_by(FINDING.c.resolved_at.desc(), FINDING.c.fingerprint)
        )
        if after is not None:
            moment, fingerprint = datetime.fromisoformat(after[0]), after[1]
            same = and_(FINDING.c.resolved_at == moment, FINDING.c.fingerprint > fingerprint)
            query = query.where(or_(FINDING.c.resolved_at < moment, same))
        with self._database.reading() as connection:
            wanted = query.where(*conditions_of(connection, filters)).limit(limit + 1)
            rows = connection.execute(wanted).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return ResolvedPage(
            issues=tuple(issue_of(row) for row in rows[:limit]),
            after=(last.resolved_at.isoformat(), last.fingerprint) if last is not None else None,
        )


def _finding(row: Row[Any], *, document: str | None) -> StoredFinding:
    return StoredFinding(
        issue_id=row.issue_id,
        fingerprint=row.fingerprint,
        check=row.check_id,
        subject=row.subject,
        severity=tuple(Severity)[row.severity],
        risk=row.risk,
        state=State(row.state),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        resolved_at=row.resolved_at,
        times_reopened=row.times_reopened,
        document=document,
    )
