"""Record a run: its issues, and how they change the state of each finding, in one transaction.

The database computes the states, in a few statements over whole sets, so that a run of a hundred thousand findings
costs a few passes over them and no memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, exists, func, insert, literal, or_, select, text, update

from trueup.model.severity import Severity
from trueup.model.worsening import ANY_GROWTH, is_worse
from trueup.store.bulk import insert_rows
from trueup.store.records import ChangeKind, IssueRecord, RunRecord, State
from trueup.store.tables import FINDING, ISSUE, RUN, TRANSITION


def add_run(connection: Connection, record: RunRecord) -> bool:
    """Record a run with its issues and the transitions it causes; return False when a run of this id exists already."""
    _one_at_a_time(connection, record.environment)
    if connection.execute(select(RUN.c.seq).where(RUN.c.run_id == record.run_id)).first():
        return False
    updates_state = record.updates_state and not _later_one_decided(connection, record)
    number = _insert_run(connection, record, updates_state=updates_state)
    counts = {"issues": _insert_issues(connection, number, record.issues)}
    if updates_state:
        _note_appearances(connection, number, record.environment)
        _note_resolved(connection, number, record)
        _apply(connection, number, record)
        counts |= _counts(connection, number)
    connection.execute(update(RUN).where(RUN.c.seq == number).values(counts))
    return True


def _one_at_a_time(connection: Connection, environment: str) -> None:
    """Let the runs of one environment be recorded one after the other. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        connection.execute(lock, {"name": f"trueup-run:{environment}"})


def _later_one_decided(connection: Connection, record: RunRecord) -> bool:
    """Whether a run of a later moment was recorded: an earlier moment must not change the present state."""
    later = and_(RUN.c.environment == record.environment, RUN.c.generated_at > record.generated_at, RUN.c.decides)
    return connection.execute(select(RUN.c.seq).where(later).limit(1)).first() is not None


def _insert_run(connection: Connection, record: RunRecord, *, updates_state: bool) -> int:
    values: dict[str, Any] = {
        "run_id": record.run_id,
        "environment": record.environment,
        "generated_at": record.generated_at,
        "as_of": record.as_of,
        "period_days": record.period_days,
        "status": record.status,
        "score": record.score,
        "confidence": record.confidence,
        "complete": record.complete,
        "whole": record.covers_all_checks,
        "decides": updates_state,
        "trigger": record.trigger,
        "milliseconds": record.milliseconds,
        **dict.fromkeys(("issues", *ChangeKind), 0),
        "answered_checks": json.dumps(sorted(record.answered_checks)),
        "head": record.head,
    }
    if updates_state:
        values["after_seq"] = (
            select(func.max(RUN.c.seq)).where(RUN.c.environment == record.environment, RUN.c.decides).scalar_subquery()
        )
    return int(connection.execute(insert(RUN).values(values).returning(RUN.c.seq)).scalar_one())


def _insert_issues(connection: Connection, number: int, issues: Iterable[IssueRecord]) -> int:
    """Insert the issues as a stream; return how many. A second issue of one fingerprint is the same broken thing."""
    known: set[str] = set()
    insert_rows(connection, ISSUE, _COLUMNS, _rows(number, issues, known))
    return len(known)


_COLUMNS = tuple(ISSUE.columns.keys())


def _rows(number: int, issues: Iterable[IssueRecord], known: set[str]) -> Iterator[tuple[object, ...]]:
    """A row for each issue, in the order of the table's columns; ``known`` gathers the fingerprints."""
    ranks = {severity: severity.rank for severity in Severity}
    for issue in issues:
        if issue.fingerprint in known:
            continue
        known.add(issue.fingerprint)
        yield (
            number,
            issue.fingerprint,
            len(known),
            issue.issue_id,
            issue.check,
            issue.category.value,
            ranks[issue.severity],
            issue.subject,
            issue.revenue_impacting,
            issue.alerts,
            issue.exempted,
            issue.repairable,
            issue.risk,
            issue.document,
        )


_MOVED = ("run_seq", "fingerprint", "kind", "issue_id", "severity")


def _note_appearances(connection: Connection, number: int, environment: str) -> None:
    """Record what is new, reopened or worse."""
    kind = case(
        (FINDING.c.fingerprint.is_(None), ChangeKind.NEW.value),
        (FINDING.c.state == State.RESOLVED, ChangeKind.REOPENED.value),
        else_=ChangeKind.WORSE.value,
    )
    known = and_(FINDING.c.environment == environment, FINDING.c.fingerprint == ISSUE.c.fingerprint)
    worse = is_worse(
        rank=ISSUE.c.severity,
        risk=ISSUE.c.risk,
        before_rank=FINDING.c.severity,
        before_risk=FINDING.c.risk,
        growth=ANY_GROWTH,
    )
    changed = or_(FINDING.c.fingerprint.is_(None), FINDING.c.state == State.RESOLVED, worse)
    changes = (
        select(literal(number), ISSUE.c.fingerprint, kind, ISSUE.c.issue_id, ISSUE.c.severity)
        .select_from(ISSUE.outerjoin(FINDING, known))
        .where(ISSUE.c.run_seq == number, changed)
    )
    connection.execute(insert(TRANSITION).from_select(_MOVED, changes))


def _note_resolved(connection: Connection, number: int, record: RunRecord) -> None:
    """Record what was open, was looked for, and was not found."""
    still_there = exists().where(ISSUE.c.run_seq == number, ISSUE.c.fingerprint == FINDING.c.fingerprint)
    gone = select(
        literal(number),
        FINDING.c.fingerprint,
        literal(ChangeKind.RESOLVED.value),
        FINDING.c.issue_id,
        FINDING.c.severity,
    ).where(
        FINDING.c.environment == record.environment,
        FINDING.c.state != State.RESOLVED,
        FINDING.c.check_id.in_(sorted(record.answered_checks)),
        ~still_there,
    )
    connection.execute(insert(TRANSITION).from_select(_MOVED, gone))


def _apply(connection: Connection, number: int, record: RunRecord) -> None:
    """Update the findings from the run and its transitions. Known ones first: new ones need no update."""
    environment, moment = record.environment, record.generated_at
    connection.execute(_seen_again(number, environment, moment))
    connection.execute(
        update(FINDING)
        .where(FINDING.c.environment == environment, FINDING.c.fingerprint.in_(_moved(number, ChangeKind.REOPENED)))
        .values(state=State.REOPENED.value, resolved_at=None, times_reopened=FINDING.c.times_reopened + 1)
    )
    connection.execute(
        update(FINDING)
        .where(FINDING.c.environment == environment, FINDING.c.fingerprint.in_(_moved(number, ChangeKind.RESOLVED)))
        .values(state=State.RESOLVED.value, resolved_at=moment)
    )
    connection.execute(_first_seen(number, environment, moment))


def _moved(number: int, kind: ChangeKind) -> Any:
    return select(TRANSITION.c.fingerprint).where(TRANSITION.c.run_seq == number, TRANSITION.c.kind == kind.value)


def _seen_again(number: int, environment: str, moment: datetime) -> Any:
    return (
        update(FINDING)
        .where(
            FINDING.c.environment == environment,
            ISSUE.c.run_seq == number,
            ISSUE.c.fingerprint == FINDING.c.fingerprint,
        )
        .values(last_seen=moment, last_run_seq=number, severity=ISSUE.c.severity, risk=ISSUE.c.risk)
    )


def _first_seen(number: int, environment: str, moment: datetime) -> Any:
    values = {
        "environment": literal(environment),
        "fingerprint": ISSUE.c.fingerprint,
        "issue_id": ISSUE.c.issue_id,
        "check_id": ISSUE.c.check_id,
        "subject": ISSUE.c.subject,
        "severity": ISSUE.c.severity,
        "risk": ISSUE.c.risk,
        "state": literal(State.OPEN.value),
        "first_seen": literal(moment),
        "last_seen": literal(moment),
        "times_reopened": literal(0),
        "last_run_seq": literal(number),
    }
    of_this_run = and_(TRANSITION.c.run_seq == ISSUE.c.run_seq, TRANSITION.c.fingerprint == ISSUE.c.fingerprint)
    new_findings = (
        select(*values.values())
        .select_from(ISSUE.join(TRANSITION, of_this_run))
        .where(ISSUE.c.run_seq == number, TRANSITION.c.kind == ChangeKind.NEW.value)
    )
    return insert(FINDING).from_select(tuple(values), new_findings)


def _counts(connection: Connection, number: int) -> dict[str, int]:
    counted = select(TRANSITION.c.kind, func.count().label("findings"))
    query = counted.where(TRANSITION.c.run_seq == number).group_by(TRANSITION.c.kind)
    return {row.kind: row.findings for row in connection.execute(query)}
