"""What changed from one run to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, select

from trueup.model.severity import Severity
from trueup.model.worsening import ANY_GROWTH, is_worse
from trueup.store.records import ChangeKind, Moved, RunDifference, StoredRun
from trueup.store.tables import FINDING, ISSUE, RUN, TRANSITION

_SEVERITIES = tuple(Severity)


def recorded_difference(connection: Connection, run: StoredRun, *, with_run_id: str | None) -> RunDifference:
    """What a run changed about the findings, as it was recorded then. Only runs that update findings have this."""
    query = (
        select(TRANSITION.c.kind, TRANSITION.c.issue_id, TRANSITION.c.fingerprint, TRANSITION.c.severity)
        .select_from(TRANSITION.join(RUN, RUN.c.seq == TRANSITION.c.run_seq))
        .where(RUN.c.run_id == run.run_id)
        .order_by(TRANSITION.c.severity.desc(), TRANSITION.c.issue_id)
    )
    moved: dict[ChangeKind, list[Moved]] = {kind: [] for kind in ChangeKind}
    for row in connection.execute(query):
        moved[ChangeKind(row.kind)].append(_one(row))
    return RunDifference(
        run_id=run.run_id, with_run_id=with_run_id, **{kind.value: tuple(moved[kind]) for kind in ChangeKind}
    )


def compared(connection: Connection, run: StoredRun, earlier: StoredRun | None) -> RunDifference:
    """The issues that are in one run and not in an earlier one, or the other way round.

    An issue that the earlier run lacks is ``reopened`` when it was known by then, and ``new`` otherwise.
    """
    if earlier is None:
        return RunDifference(run_id=run.run_id, with_run_id=None, new=tuple(_moved(connection, _issues_of(run))))
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
    gone = _issues_of(earlier).where(~still, ISSUE.c.check_id.in_(sorted(run.answered_checks)))
    return RunDifference(
        run_id=run.run_id,
        with_run_id=earlier.run_id,
        new=tuple(_moved(connection, appeared.where(~known))),
        worse=tuple(_moved(connection, _issues_of(run).where(exists().where(same, worse)))),
        reopened=tuple(_moved(connection, appeared.where(known))),
        resolved=tuple(_moved(connection, gone)),
    )


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
        yield _one(row)


def _one(row: Row[*tuple[Any, ...]]) -> Moved:
    return Moved(issue_id=row.issue_id, fingerprint=row.fingerprint, severity=_SEVERITIES[row.severity])
