"""Copy one snapshot of the app's database into books."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from trueup.actions.audit.account_keys import follow_equality
from trueup.actions.audit.cluster import cluster_books
from trueup.actions.audit.column_pruning import needed_mappings
from trueup.actions.audit.configured import supply_configured
from trueup.actions.audit.guardrails.copying import copy_repairs
from trueup.actions.audit.kept_reading import KeptReading, kept_reading
from trueup.actions.audit.probe_gates import ask_the_app, ask_the_database, check_probes, supply_gates, wants_gates
from trueup.actions.audit.stripe_side import complete_stripe, needed_of_stripe, stripe_key
from trueup.actions.audit.stripe_table_side import GONE, TableSide, copy_side, table_side
from trueup.books.copy import copy_relation, note_unread
from trueup.books.derived_plans import derive_plans
from trueup.books.emptiness import note_nothing_read
from trueup.books.file import Books
from trueup.books.opening import create_books
from trueup.books.place import private_folder
from trueup.books.quarantine import note_unknown_plans
from trueup.config import Config
from trueup.disk import move_whole
from trueup.mapping.resolve import fit
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.kept_books import Rereading
from trueup.model.relations import columns_of, relation_named
from trueup.model.repair_offer import RepairOffer
from trueup.model.source import Progress, RelationMapping, Source, SourceTable, TrackedSnapshot, places_of
from trueup.model.stripe_objects import StripeReading
from trueup.sources import open_source

_BOOKS = "books.duckdb"


@contextlib.contextmanager
def copied_books(
    config: Config,
    *,
    checks: Sequence[Check],
    now: datetime,
    progress: Progress,
    keep_books: Path | None = None,
    everything: bool = False,
    also_of_stripe: frozenset[str] = frozenset(),
    may_reread: bool = False,
    fresh: bool = False,
) -> Iterator[Books]:
    """Make new books with what ``checks`` read, as of ``now`` (naive UTC).

    They are deleted afterwards unless ``keep_books`` names a new file; then, and with ``everything``, they hold every
    mapped column. ``also_of_stripe`` are relations of Stripe that are read although no check reads them, if the
    business uses Stripe. Stripe's tables are read in the database's own snapshot where they are in it; the API is asked
    for the rest after the database was released. Where the audit ``may_reread``, and the config keeps books, only what
    changed since the last audit is read, unless ``fresh`` asks for every row.

    Raises ``ConfigurationError``, and ``SourceUnavailable`` when the database cannot be reached; one
    that goes away in the middle leaves books that say so.
    """
    if keep_books is not None and os.path.lexists(keep_books):
        raise ConfigurationError(f"{keep_books} exists already; name another file for --keep-books or remove it.")
    if config.engine_url is not None:
        with cluster_books(config, checks=checks, now=now, progress=progress, keeps=keep_books is not None) as books:
            yield books
        return
    asks = wants_gates(config, checks)
    if config.gates is not None and asks:
        check_probes(config.gates, now=now)
    key = stripe_key(config)
    from trueup.probes import relations_read  # noqa: PLC0415 - heavy

    probed = relations_read(config.gates) if config.gates is not None and asks else frozenset()
    probed |= also_of_stripe - config.policy.without
    wanted = _wanted(config, checks, probed=probed, keeps=keep_books is not None, everything=everything)
    with private_folder() as folder, contextlib.ExitStack() as held:
        file = folder / _BOOKS
        kept = held.enter_context(_kept(config, wanted, may_reread=may_reread and keep_books is None, fresh=fresh))
        with (
            _begin(kept, file, config, is_kept=keep_books is not None) as books,
            _interruptible(books, progress),
        ):
            supply_configured(books, config)
            if config.gates is not None and asks:
                supply_gates(books, config.gates)
            copied = _Copied(books=books, file=file, kept=kept if isinstance(kept, KeptReading) else None)
            read = _copy_database(copied, config, wanted, asks=asks, now=now, scratch=folder, progress=progress)
            held.close()  # the kept books are free again while this audit goes on with its own
            left = [relation for relation in wanted.of_stripe if relation not in wanted.side.mappings]
            complete_stripe(books, config, key, read, left=left, now=now, scratch=folder, progress=progress)
            if asks:
                ask_the_app(books, config, now=now, progress=progress)
            offer = RepairOffer(mappings=wanted.fitted, is_on=config.repair_url is not None)
            rereading = kept.result if isinstance(kept, KeptReading) else kept
            yield dataclasses.replace(books, offer=offer, rereading=rereading)
        if keep_books is not None:
            _keep(file, keep_books)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What one audit reads and from where: the app's tables, and the part of Stripe's side that is in tables."""

    source: Source
    tables: Sequence[SourceTable]
    fitted: Mapping[str, RelationMapping]
    mappings: Sequence[RelationMapping]
    of_stripe: Sequence[str]
    side: TableSide


def _wanted(
    config: Config, checks: Sequence[Check], *, probed: frozenset[str], keeps: bool, everything: bool
) -> _Wanted:
    source = open_source(config.database_url, statement_timeout_seconds=config.statement_timeout_seconds)
    tables = source.tables()
    fitted, _ = fit(config.relations, tables, required=config.required, dialect=source.dialect)
    mappings = tuple(fitted.values())
    whole = keeps or everything
    if not whole:
        mappings = needed_mappings(
            mappings, checks, plans_exempted=any(exemption.plan for exemption in config.exemptions)
        )
    of_stripe = needed_of_stripe(checks, everything=keeps, probed=probed)
    side = table_side(config, source, tables, checks, of_stripe, everything=whole)
    return _Wanted(source=source, tables=tables, fitted=fitted, mappings=mappings, of_stripe=of_stripe, side=side)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Copied:
    """The books that are made, in their file, and those that were kept, where this audit may use them."""

    books: Books
    file: Path
    kept: KeptReading | None


def _kept(
    config: Config, wanted: _Wanted, *, may_reread: bool, fresh: bool
) -> contextlib.AbstractContextManager[KeptReading | Rereading | None]:
    if not may_reread:
        return contextlib.nullcontext()
    relations = frozenset(mapping.relation for mapping in wanted.mappings)
    return kept_reading(config, place=wanted.source.place, relations=relations, wants_all=fresh)


def _begin(
    kept: KeptReading | Rereading | None, file: Path, config: Config, *, is_kept: bool
) -> contextlib.AbstractContextManager[Books]:
    if isinstance(kept, KeptReading):
        return kept.books(file)
    return create_books(file, memory_limit=config.memory_limit, credit_decimals=config.credit_decimals, is_kept=is_kept)


def _copy_database(
    copied: _Copied, config: Config, wanted: _Wanted, *, asks: bool, now: datetime, scratch: Path, progress: Progress
) -> list[StripeReading]:
    """Copy the app's side and the tables of Stripe's side, and return how far back the latter are complete.

    The snapshot of the app's database is released before anything else is read.
    """
    books = copied.books
    side = functools.partial(copy_side, books, wanted.side, config, now=now, scratch=scratch, progress=progress)
    read: list[StripeReading] = []
    with wanted.source.snapshot() as snapshot:
        books.begin(environment=config.environment, as_of=now)
        is_whole = _copy(copied, snapshot, wanted.mappings, wanted.tables, progress=progress)
        is_whole = is_whole and follow_equality(
            books,
            snapshot,
            wanted.mappings,
            {table.qualified_name: table for table in wanted.tables},
            dialect=wanted.source.dialect,
            unique_accounts=_keeps_accounts_unique(wanted),
            progress=progress,
        )
        if any(mapping.plan_from is not None for mapping in wanted.mappings):
            derive_plans(books)
        if is_whole:
            skew = timedelta(minutes=config.policy.clock_skew_minutes)
            note_nothing_read(books, wanted.mappings, now=now, clock_skew=skew)
            copy_repairs(books, wanted.source, snapshot, wanted.fitted, wanted.tables, progress=progress)
        if asks:
            ask_the_database(books, config, snapshot=snapshot if is_whole else None, now=now, progress=progress)
        if wanted.side.is_apps:
            read = side(snapshot, is_whole=is_whole)
    note_unknown_plans(books)
    return read if wanted.side.is_apps else side(None)


def _keeps_accounts_unique(wanted: _Wanted) -> bool:
    mapping = wanted.fitted.get("account")
    if mapping is None:
        return False
    return unique_key(mapping, next((t for t in wanted.tables if mapping.table == t.qualified_name), None))


@contextlib.contextmanager
def _interruptible(books: Books, progress: Progress) -> Iterator[None]:
    """Let the progress's owner interrupt a query of these books, but only while the books are open."""
    progress.interruptible(books.connection.interrupt)
    try:
        yield
    finally:
        progress.interruptible(None)


def _keep(file: Path, destination: Path) -> None:
    try:
        move_whole(file, destination)
    except OSError as error:
        raise ConfigurationError(f"The books cannot be kept at {destination}: {error.strerror}.") from None


def _copy(
    copied: _Copied,
    snapshot: TrackedSnapshot,
    mappings: Sequence[RelationMapping],
    tables: Sequence[SourceTable],
    *,
    progress: Progress,
) -> bool:
    """Copy every mapping from one snapshot, and keep the books; False if the database went away before the end."""
    for position, mapping in enumerate(mappings):
        try:
            _copy_one(copied, snapshot, mapping, tables, progress)
        except SourceUnavailable:
            for unread in mappings[position + 1 :]:
                note_unread(copied.books, unread, GONE)
            if copied.kept is not None:
                copied.kept.note_not_kept(f"the books were not kept: {GONE}")
            return False
    if copied.kept is not None:
        copied.kept.keep(copied.books, copied.file, snapshot)
    return True


def _copy_one(
    copied: _Copied,
    snapshot: TrackedSnapshot,
    mapping: RelationMapping,
    tables: Sequence[SourceTable],
    progress: Progress,
) -> None:
    books, kept = copied.books, copied.kept
    table = next((t for t in tables if mapping.table in (t.name, t.qualified_name)), None)
    is_unique = unique_key(mapping, table)
    if kept is not None and kept.refresh(books, snapshot, mapping, table, unique_key=is_unique, progress=progress):
        return
    because = f", because {kept.why_whole(mapping.relation)}" if kept is not None else ""
    progress.begin(f"Copying {mapping.table}{because}", _rows_of(mapping, tables))
    copy_relation(books, snapshot, mapping, unique_key=is_unique, progress=progress)
    progress.end()
    if kept is not None:
        kept.note_copied(snapshot, mapping, unique_key=is_unique)


def _rows_of(mapping: RelationMapping, tables: Sequence[SourceTable]) -> int | None:
    """The database's own estimate of how many rows there are to read; None where it has none."""
    rows = {table.qualified_name: table.rows for table in tables}
    counts = [rows.get(place.table) for place in places_of(mapping)]
    return None if None in counts else sum(filter(None, counts))


def unique_key(mapping: RelationMapping, table: SourceTable | None) -> bool:
    """Whether the source itself keeps the relation's key unique."""
    key = next(column.name for column in columns_of(relation_named(mapping.relation)) if column.is_key)
    source = mapping.columns.get(key)
    return table is not None and source is not None and frozenset({source.column}) in table.unique
