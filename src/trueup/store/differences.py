"""What changed from one run to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, select

from trueup.model.severity import Severity
from trueup.model.worsening import ANY_GROWTH, is_worse
from trueup.store.records import ChangeKind, Moved, RunDifference, StoredRun
from trueup.store.tables import FINDING, ISSUE, RUN, TRANSITION

_SEVERITIES = tuple(Severity)


def recorded_difference(
    connection: Connection, run: StoredRun, *, with_run_id: str | None, limit: int | None = None
) -> RunDifference:
    """What a run changed about the findings, as it was recorded then. Only runs that update findings have this."""
    columns = (TRANSITION.c.issue_id, TRANSITION.c.fingerprint, TRANSITION.c.severity)
    changes = {
        kind: select(*columns)
        .where(TRANSITION.c.run_seq == _seq(run), TRANSITION.c.kind == kind.value)
        .order_by(TRANSITION.c.severity.desc(), TRANSITION.c.issue_id)
        for kind in ChangeKind
    }
    counts = {kind: int(getattr(run, kind.value)) for kind in ChangeKind}
    return _difference(connection, run, with_run_id, changes, limit=limit, counts=counts)


def is_as_recorded(connection: Connection, run: StoredRun, earlier: StoredRun) -> bool:
    """Whether ``compared`` would return what was recorded of the run, which need not be worked out again.

    It would where the run changed what the earlier one had left, and asked no check that was not answered then: so what
    was open is what the earlier run found.
    """
    if not run.answered_checks <= earlier.answered_checks:
        return False
    after = select(RUN.c.after_seq).where(RUN.c.run_id == run.run_id, RUN.c.after_seq == _seq(earlier))
    answered = ISSUE.c.check_id.in_(sorted(earlier.answered_checks))
    unanswered = exists().where(ISSUE.c.run_seq == _seq(run), ~answered)
    return connection.execute(after.where(~unanswered)).first() is not None


def compared(
    connection: Connection, run: StoredRun, earlier: StoredRun | None, *, limit: int | None = None
) -> RunDifference:
    """The issues that are in one run and not in an earlier one, or the other way round.

    An issue that the earlier run lacks is ``reopened`` when it was known by then, and ``new`` otherwise. ``limit`` is
    how many of each kind are listed.
    """
    if earlier is None:
        return _difference(connection, run, None, {ChangeKind.NEW: _issues_of(run)}, limit=limit)
    here, there = _seq(run), _seq(earlier)
    before = ISSUE.alias()
    same = and_(before.c.run_seq == there, before.c.fingerprint == ISSUE.c.fingerprint)
    known = exists().where(
        FINDING.c.environment == run.environment,
        FINDING.c.fingerprint == ISSUE.c.fingerprint,
        FINDING.c.first_seen <= earlier.generated_at,
    )
    appeared = _issues_of(run).where(~exists().where(same))
    worse = is_worse(
        rank=ISSUE.c.severity,
        risk=ISSUE.c.risk,
        before_rank=before.c.severity,
        before_risk=before.c.risk,
        growth=ANY_GROWTH,
    )
    still = exists().where(before.c.run_seq == here, before.c.fingerprint == ISSUE.c.fingerprint)
    changes = {
        ChangeKind.NEW: appeared.where(~known),
        ChangeKind.WORSE: _issues_of(run).where(exists().where(same, worse)),
        ChangeKind.REOPENED: appeared.where(known),
        ChangeKind.RESOLVED: _issues_of(earlier).where(~still, ISSUE.c.check_id.in_(sorted(run.answered_checks))),
    }
    return _difference(connection, run, earlier.run_id, changes, limit=limit)


def _difference(
    connection: Connection,
    run: StoredRun,
    with_run_id: str | None,
    changes: Mapping[ChangeKind, Select[Any]],
    *,
    limit: int | None,
    counts: Mapping[ChangeKind, int] | None = None,
) -> RunDifference:
    """The first of each kind of change. ``counts`` is how many there are, where that is known."""
    moved = {kind: tuple(_moved(connection, query.limit(limit))) for kind, query in changes.items()}
    if counts is None:
        counts = {
            kind: len(moved[kind]) if limit is None or len(moved[kind]) < limit else _count(connection, query)
            for kind, query in changes.items()
        }
    return RunDifference(
        run_id=run.run_id,
        with_run_id=with_run_id,
        counts={kind: counts.get(kind, 0) for kind in ChangeKind},
        **{kind.value: listed for kind, listed in moved.items()},
    )


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one())


def _seq(run: StoredRun) -> Any:
    return select(RUN.c.seq).where(RUN.c.run_id == run.run_id).scalar_subquery()


def _issues_of(run: StoredRun) -> Select[Any]:
    return (
        select(ISSUE.c.issue_id, ISSUE.c.fingerprint, ISSUE.c.severity)
        .where(ISSUE.c.run_seq == _seq(run))
        .order_by(ISSUE.c.severity.desc(), ISSUE.c.issue_id)
    )


def _moved(connection: Connection, query: Select[Any]) -> Iterator[Moved]:
    for row in connection.execute(query):
        yield Moved(issue_id=row.issue_id, fingerprint=row.fingerprint, severity=_SEVERITIES[row.severity])
