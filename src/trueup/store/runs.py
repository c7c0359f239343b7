"""The runs: record, list, page, compare."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from trueup.model.errors import ConfigurationError
from trueup.store.database import Database
from trueup.store.differences import compared, is_as_recorded, recorded_difference
from trueup.store.issues import counts_of, first_seen_before, page_of
from trueup.store.recording import add_run
from trueup.store.records import (
    GATE_TRIGGER,
    IssueCount,
    IssueFilters,
    IssuePage,
    Keyset,
    RunDifference,
    RunRecord,
    Sort,
    State,
    StoredRun,
)
from trueup.store.retention import Retention, prune
from trueup.store.tables import RUN

MOST_AT_ONCE = 1_000
"""The most issues or runs of one page."""


class UnknownRun(ConfigurationError):
    """The store holds no such run, or holds it no longer."""


class Runs:
    """The audits of every environment, newest first unless another order is asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, record: RunRecord) -> RunDifference:
        """Record a run, delete what is older than is kept, and return what the run changed.

        Recording a run a second time changes nothing and returns the same. A run whose moment is before one that has
        updated the findings is kept, but changes no state.
        """
        with self._database.writing() as connection:
            if add_run(connection, record):
                prune(connection, record.environment, retention=Retention(), now=record.generated_at)
            return _difference(connection, _known(connection, record.run_id), None)

    def newest(
        self,
        environment: str,
        *,
        period_days: int | None = None,
        complete: bool = False,
        gates: bool = False,
        until: datetime | None = None,
    ) -> StoredRun | None:
        """The newest run in which every check was asked; with ``complete``, in which every one was answered too.

        A run that `trueup gate` made counts only with ``gates``; ``until`` leaves out later ones.
        """
        wanted = [RUN.c.environment == environment, RUN.c.whole]
        wanted += [] if gates else [RUN.c.trigger != GATE_TRIGGER]
        wanted += [RUN.c.period_days == period_days] if period_days is not None else []
        wanted += [RUN.c.complete] if complete else []
        wanted += [RUN.c.generated_at <= until] if until is not None else []
        with self._database.reading() as connection:
            return _first(connection, *wanted)

    def get(self, run_id: str) -> StoredRun | None:
        """The run of this id."""
        with self._database.reading() as connection:
            return _first(connection, RUN.c.run_id == run_id)

    def starting(self, beginning: str) -> tuple[StoredRun, ...]:
        """The runs whose id begins like this, as a person copied it. At most two, to know whether it is unique."""
        with self._database.reading() as connection:
            query = _newest_first(RUN.c.run_id.startswith(beginning, autoescape=True)).limit(2)
            return tuple(_run(row) for row in connection.execute(query))

    def list(
        self, environment: str | None = None, *, limit: int = 50, before: str | None = None
    ) -> tuple[StoredRun, ...]:
        """Up to ``limit`` runs, newest first; ``before`` is the id of the last run of the page before.

        Raises ``UnknownRun`` when that run is gone.
        """
        wanted = [RUN.c.environment == environment] if environment is not None else []
        with self._database.reading() as connection:
            if before is not None:
                wanted.append(_older(connection, before))
            query = _newest_first(*wanted).limit(min(limit, MOST_AT_ONCE))
            return tuple(_run(row) for row in connection.execute(query))

    def issues(
        self,
        run_id: str,
        *,
        after: Keyset | None = None,
        limit: int = 100,
        sort: Sort | str = Sort.SEVERITY,
        state: State | str | None = None,
        **filters: Unpack[IssueFilters],
    ) -> IssuePage:
        """A page of a run's issues; empty for a run that does not exist. ``after`` is the end of the page before.

        A filter that is None lets everything through; ``state`` is the finding's state now. At most a thousand are
        returned at once.
        """
        most = min(limit, MOST_AT_ONCE)
        with self._database.reading() as connection:
            known = None if state is None else State(state)
            return page_of(connection, run_id, filters=filters, state=known, sort=Sort(sort), after=after, limit=most)

    def count_issues(self, run_id: str, **filters: Unpack[IssueFilters]) -> tuple[IssueCount, ...]:
        """How many issues of a run match the filters, by what they are narrowed by; none for an unknown run."""
        with self._database.reading() as connection:
            return counts_of(connection, run_id, filters=filters)

    def before(self, run_id: str) -> StoredRun | None:
        """The run with which this one is compared when no other is named; None where there was none.

        Raises ``UnknownRun``.
        """
        with self._database.reading() as connection:
            return _before(connection, _known(connection, run_id))

    def difference(self, run_id: str, with_run_id: str | None = None, *, limit: int | None = None) -> RunDifference:
        """What changed from another run to this one; from the run before it when none is named.

        ``limit`` is how many findings of each kind are listed; None lists all. Raises ``UnknownRun``.
        """
        with self._database.reading() as connection:
            return _difference(connection, _known(connection, run_id), with_run_id, limit=limit)

    def first_seen(self, run_id: str) -> dict[str, datetime]:
        """When the findings of a run were first seen, by fingerprint, where that was before the run itself."""
        with self._database.reading() as connection:
            return first_seen_before(connection, run_id)


def _difference(
    connection: Connection, run: StoredRun, with_run_id: str | None, *, limit: int | None = None
) -> RunDifference:
    if with_run_id is None:
        earlier, is_recorded = _before(connection, run), run.updates_state
    else:
        earlier = _known(connection, with_run_id)
        is_recorded = is_as_recorded(connection, run, earlier)
    if is_recorded:
        return recorded_difference(connection, run, with_run_id=earlier.run_id if earlier else None, limit=limit)
    return compared(connection, run, earlier, limit=limit)


def _before(connection: Connection, run: StoredRun) -> StoredRun | None:
    same = [RUN.c.decides] if run.updates_state else [RUN.c.whole, RUN.c.period_days == run.period_days]
    return _first(connection, RUN.c.environment == run.environment, _older(connection, run.run_id), *same)


def _known(connection: Connection, run_id: str) -> StoredRun:
    run = _first(connection, RUN.c.run_id == run_id)
    if run is None:
        raise UnknownRun(f'The store holds no run "{run_id}"; `trueup runs` lists its runs.')
    return run


def _older(connection: Connection, run_id: str) -> ColumnElement[bool]:
    """The condition of a run with an earlier moment than this run, or recorded before it for the same moment."""
    row = connection.execute(select(RUN.c.generated_at, RUN.c.seq).where(RUN.c.run_id == run_id)).first()
    if row is None:
        raise UnknownRun(f'The store holds no run "{run_id}"; it may have been pruned.')
    moment, number = row
    return or_(RUN.c.generated_at < moment, and_(RUN.c.generated_at == moment, RUN.c.seq < number))


def _newest_first(*wanted: ColumnElement[bool]) -> Any:
    return select(RUN).where(*wanted).order_by(RUN.c.generated_at.desc(), RUN.c.seq.desc())


def _first(connection: Connection, *wanted: ColumnElement[bool]) -> StoredRun | None:
    row = connection.execute(_newest_first(*wanted).limit(1)).first()
    return _run(row) if row is not None else None


def _run(row: Row[Any]) -> StoredRun:
    values = dict(row._mapping)  # noqa: SLF001 - the library's public name for a row as a mapping
    del values["seq"], values["after_seq"]
    return StoredRun(
        answered_checks=frozenset(json.loads(values.pop("answered_checks"))),
        covers_all_checks=values.pop("whole"),
        updates_state=values.pop("decides"),
        **values,
    )
