"""Audit tables where they are, on a cluster: the books hold only what the cluster does not have, and odd rows."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.actions.audit.column_pruning import needed_mappings
from trueup.actions.audit.configured import supply_configured
from trueup.actions.audit.probe_gates import ask_the_app, ask_the_database, check_probes, supply_gates, wants_gates
from trueup.actions.audit.stripe_side import complete_stripe, needed_of_stripe, stripe_key
from trueup.actions.audit.stripe_table_side import copy_side, table_side
from trueup.books.copy import copy_relation, note_read_elsewhere
from trueup.books.emptiness import note_nothing_read
from trueup.books.file import Books
from trueup.books.opening import create_books
from trueup.books.place import private_folder
from trueup.books.quarantine import UNKNOWN_PLAN
from trueup.config import Config
from trueup.engines.engine import Engine
from trueup.engines.spark import Spark, supply
from trueup.engines.spark_tables import ClusterRelation, ClusterTable, connect, open_table
from trueup.mapping.resolve import fit
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.relations import RELATIONS, UnreadableRow, relation_name
from trueup.model.repair_offer import RepairOffer
from trueup.model.source import Progress, RelationMapping

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.connect.session import SparkSession


@contextlib.contextmanager
def cluster_books(
    config: Config,
    *,
    checks: Sequence[Check],
    now: datetime,
    progress: Progress,
    keeps: bool = False,
    engine: type[Spark] = Spark,
) -> Iterator[Books]:
    """Make books of what the cluster does not have, and let the cluster answer the checks, through this ``engine``.

    Raises ``ConfigurationError`` for what a cluster's tables cannot be mapped with, and ``SourceUnavailable``.
    """
    if keeps:
        raise ConfigurationError("--keep-books is not for an [engine]: the rows stay on the cluster.")
    session = connect(config.engine_url or "")
    key, asks = stripe_key(config), wants_gates(config, checks)
    if config.gates is not None and asks:
        check_probes(config.gates, now=now)
    with private_folder() as folder, _books(folder, config) as books:
        supply_configured(books, config)
        if config.gates is not None and asks:
            supply_gates(books, config.gates)
        read = _view_relations(books, session, config, checks, now=now, progress=progress)
        if asks:
            ask_the_database(books, config, snapshot=None, now=now, progress=progress)
        of_stripe = needed_of_stripe(checks, everything=False)
        side = table_side(config, None, (), checks, of_stripe, everything=False)
        from_tables = copy_side(books, side, config, None, now=now, scratch=folder, progress=progress)
        left = [relation for relation in of_stripe if relation not in side.mappings]
        complete_stripe(books, config, key, from_tables, left=left, now=now, scratch=folder, progress=progress)
        if asks:
            ask_the_app(books, config, now=now, progress=progress)

        def make_engine(parameters: Mapping[str, object]) -> Engine:
            for name in [relation_name(relation) for relation in RELATIONS]:
                if name not in read:
                    supply(session, name, books.connection.sql(f"SELECT * FROM {name}").to_arrow_table())
            return engine(session, parameters)

        offer = RepairOffer(mappings={}, is_on=False)
        try:
            yield dataclasses.replace(books, offer=offer, make_engine=make_engine)
        finally:
            session.stop()


def _books(folder: Path, config: Config) -> contextlib.AbstractContextManager[Books]:
    return create_books(
        folder / "books.duckdb",
        memory_limit=config.memory_limit,
        credit_decimals=config.credit_decimals,
        is_kept=False,
    )


def fitted_tables(
    session: SparkSession, config: Config
) -> tuple[Mapping[str, RelationMapping], Mapping[str, ClusterTable], tuple[str, ...]]:
    """Return the mapping in the cluster's own spelling, its tables by relation, and what is left unmapped.

    Raises ``ConfigurationError``.
    """
    for mapping in config.relations.values():
        refused = {
            "from": bool(mapping.parts),
            "query": mapping.query is not None,
            "rows_repeat": mapping.rows_repeat,
            "plan_from": mapping.plan_from is not None,
        }
        for name in (name for name, is_used in refused.items() if is_used):
            raise ConfigurationError(
                f"relations.{mapping.relation}.{name} is not read with an [engine]; make a view on the cluster."
            )
    tables = {name: open_table(session, mapping) for name, mapping in config.relations.items()}
    known = [table.table for table in tables.values()]
    fitted, notes = fit(config.relations, known, required=config.required, dialect="spark")
    return fitted, tables, notes


def _view_relations(
    books: Books,
    session: SparkSession,
    config: Config,
    checks: Sequence[Check],
    *,
    now: datetime,
    progress: Progress,
) -> frozenset[str]:
    """Make a view of each mapped relation; return the relations that the cluster has."""
    fitted, tables, _ = fitted_tables(session, config)
    books.begin(environment=config.environment, as_of=_moment([tables[name] for name in fitted], now))
    mappings = needed_mappings(
        tuple(fitted.values()), checks, plans_exempted=any(exemption.plan for exemption in config.exemptions)
    )
    for mapping in mappings:
        table = tables[mapping.relation]
        _view(books, ClusterRelation(session, mapping, table), table, now=now, progress=progress)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in session.sql(sql).toArrow().to_pylist()]

    skew = timedelta(minutes=config.policy.clock_skew_minutes)
    note_nothing_read(books, mappings, now=now, clock_skew=skew, ask=ask)
    read = frozenset(mapping.relation for mapping in mappings)
    if "account" in read and config.plans:
        counts = ask("SELECT plan, count(*) FROM account GROUP BY plan")
        _note_unknown_plans(books, {plan.plan for plan in config.plans}, counts)
    return read


def _moment(tables: Sequence[ClusterTable], now: datetime) -> datetime | None:
    """Return the moment that the rows are of: of the oldest version, as far as that is known. None without versions."""
    if any(table.version is None for table in tables):
        return None
    return min((table.written_at for table in tables if table.written_at is not None), default=now)


class _OddRows:
    """The odd rows of one relation, as a snapshot from which the books read them."""

    types_are_known = True

    def __init__(self, relation: ClusterRelation, as_of: datetime) -> None:
        self.as_of = as_of
        self._relation = relation

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:  # noqa: ARG002 - one signature for all snapshots
        """Return the rows; ``mapping`` is the relation's own."""
        return self._relation.odd_rows()

    def cancel(self) -> None:
        """The rows are there already."""


def _view(books: Books, relation: ClusterRelation, table: ClusterTable, *, now: datetime, progress: Progress) -> None:
    name = relation.mapping.relation
    progress.begin(f"Looking at {table.place}", None)
    mapping = dataclasses.replace(relation.mapping, table=table.place)
    copy_relation(books, _OddRows(relation, now), mapping, unique_key=False, progress=progress, is_part=True)
    odd = books.connection.sql(f"SELECT * FROM {name}").to_arrow_table()
    note_read_elsewhere(books, name, relation.make_view(odd))
    progress.end()


def _note_unknown_plans(books: Books, known: set[str], counts: Sequence[tuple[Any, ...]]) -> None:
    rows = [
        UnreadableRow(relation="account", row_key=f"plan={plan}", problem=UNKNOWN_PLAN, entries=count)
        for plan, count in counts
        if plan is not None and plan not in known
    ]
    books.add_rows(rows, of=UnreadableRow)
