"""Copying one snapshot of the app's database into books."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from trueup.actions.guardrails.copying import copy_repairs
from trueup.actions.plan_gates.ask import ask_the_app, ask_the_database, check_probes, supply_gates, wants_gates
from trueup.actions.stripe_side import copy_stripe, needed_of_stripe, stripe_key
from trueup.actions.stripe_tables import TableSupply, copy_tables, note_all_unread, table_supply
from trueup.books.copy import copy_relation, note_unknown_plans, note_unread
from trueup.books.file import Books, made_books
from trueup.books.place import private_folder
from trueup.engines.requirements import needs_of_check
from trueup.engines.sql import Need
from trueup.mapping.config import Config
from trueup.mapping.fit import fit
from trueup.model.check import Check
from trueup.model.columns import Kind
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.relations import MADE, Exemption, Plan, PlanPrice, columns_of, relation_name, relation_named
from trueup.model.source import Progress, RelationMapping, Snapshot, Source, SourceTable
from trueup.model.stripe_objects import StripeReading
from trueup.sources import open_source

_BOOKS = "books.duckdb"
_GONE = "not read: the database had gone away before"


@contextlib.contextmanager
def copied_books(
    config: Config,
    *,
    checks: Sequence[Check],
    now: datetime,
    progress: Progress,
    keep_books: Path | None = None,
    everything: bool = False,
) -> Iterator[Books]:
    """New books with what ``checks`` read, as of ``now`` (naive UTC).

    They are gone afterwards unless ``keep_books`` names a new file; then, and with ``everything``, they hold every
    mapped column. Stripe's tables are read in the database's own snapshot where they are in it; its API is asked for
    the rest after the database was let go.

    Raises ``ConfigurationError``, and ``SourceUnavailable`` when the database cannot be reached; one
    that goes away in the middle leaves books that say so.
    """
    if keep_books is not None and keep_books.exists():
        raise ConfigurationError(f"{keep_books} exists already; name another file for --keep-books or remove it.")
    asks = wants_gates(config, checks)
    if config.gates is not None and asks:
        check_probes(config.gates, now=now)
    key = stripe_key(config)
    source = open_source(config.database_url, statement_timeout_seconds=config.statement_timeout_seconds)
    tables = source.tables()
    fitted, _ = fit(config.relations, tables, required=config.required, dialect=source.dialect)
    wanted = tuple(fitted.values())
    if keep_books is None and not everything:
        wanted = needed_mappings(wanted, checks, plans_exempted=any(one.plan for one in config.exemptions))
    needed = needed_of_stripe(checks, everything=keep_books is not None)
    side = _table_side(config, source, tables, checks, needed, everything=keep_books is not None or everything)
    with private_folder() as folder:
        made = folder / _BOOKS
        with made_books(made, memory_limit=config.memory_limit) as books, _interruptible(books, progress):
            supply_configured(books, config)
            if config.gates is not None and asks:
                supply_gates(books, config.gates)
            copy_side = functools.partial(_copy_side, books, side, config, now=now, scratch=folder, progress=progress)
            with source.snapshot() as snapshot:
                books.begin(environment=config.environment, as_of=now)
                is_whole = _copy(books, snapshot, wanted, tables, progress=progress)
                if is_whole:
                    copy_repairs(books, source, snapshot, fitted, tables, progress=progress)
                if asks:
                    ask_the_database(books, config, snapshot=snapshot if is_whole else None, now=now, progress=progress)
                read = copy_side(snapshot, is_whole=is_whole) if side.is_apps else []
            note_unknown_plans(books)
            if not side.is_apps:
                read = copy_side(None)
            books.replace_rows(read, of=StripeReading)
            if key is not None:
                left = [relation for relation in needed if relation not in side.mappings]
                copy_stripe(
                    books, config, key, relations=left, already=read, now=now, scratch=folder, progress=progress
                )
            if asks:
                ask_the_app(books, config, now=now, progress=progress)
            yield books
        if keep_books is not None:
            _keep(made, keep_books)


@contextlib.contextmanager
def _interruptible(books: Books, progress: Progress) -> Iterator[None]:
    """Whoever watches may end a query of these books while they are open, and not after."""
    progress.interruptible(books.connection.interrupt)
    try:
        yield
    finally:
        progress.interruptible(None)


def _keep(made: Path, kept: Path) -> None:
    try:
        shutil.move(made, kept)
    except OSError as error:
        raise ConfigurationError(f"The books cannot be kept at {kept}: {error.strerror}.") from None


def needed_mappings(
    fitted: Sequence[RelationMapping], checks: Sequence[Check], *, plans_exempted: bool = False
) -> tuple[RelationMapping, ...]:
    """What these checks read of the mapping: the rest, personal data among it, stays where it is.

    A check about the reading itself needs every relation, or it would find nothing because nobody looked. Where whole
    plans are exempted, each account's plan is needed too, whatever the checks read.
    """
    needs = {need for check in checks for need in needs_of_check(check)}
    if plans_exempted:
        needs |= {("account", "account_id"), ("account", "plan")}
    relations = {relation for relation, _ in needs}
    about_reading = bool(relations & {relation_name(relation) for relation in MADE})
    return tuple(_narrowed(m, needs) for m in fitted if about_reading or m.relation in relations)


def _narrowed(mapping: RelationMapping, needs: Collection[Need]) -> RelationMapping:
    """The mapping without text that nobody reads; what could be unreadable is always looked at."""
    read = {
        column.name
        for column in columns_of(relation_named(mapping.relation))
        if column.is_key or column.kind is not Kind.TEXT or (mapping.relation, column.name) in needs
    }
    columns = {name: source for name, source in mapping.columns.items() if name in read}
    return dataclasses.replace(mapping, columns=columns)


def supply_configured(books: Books, config: Config, *, for_this_run: bool = False) -> None:
    """Put the config's plans, prices and exemptions into the books."""
    books.replace_rows(config.plans, of=Plan, for_this_run=for_this_run)
    books.replace_rows(config.plan_prices, of=PlanPrice, for_this_run=for_this_run)
    books.replace_rows(config.exemptions, of=Exemption, for_this_run=for_this_run)


def _copy(
    books: Books,
    snapshot: Snapshot,
    mappings: Sequence[RelationMapping],
    tables: Sequence[SourceTable],
    *,
    progress: Progress,
) -> bool:
    """Copy every mapping from one snapshot; whether the database stayed until the end."""
    for position, mapping in enumerate(mappings):
        try:
            _copy_one(books, snapshot, mapping, tables, progress)
        except SourceUnavailable:
            for unread in mappings[position + 1 :]:
                note_unread(books, unread, _GONE)
            return False
    return True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _TableSide:
    """What of Stripe's side tables supply. ``problem`` says why they cannot be looked at, if they cannot."""

    supply: TableSupply | None = None
    mappings: Mapping[str, RelationMapping] = dataclasses.field(default_factory=dict)
    problem: str | None = None

    @property
    def is_apps(self) -> bool:
        return self.supply is not None and self.supply.is_apps


def _table_side(
    config: Config,
    source: Source,
    tables: Sequence[SourceTable],
    checks: Sequence[Check],
    needed: Collection[str],
    *,
    everything: bool,
) -> _TableSide:
    try:
        supply = table_supply(config, source, tables)
    except SourceUnavailable as error:
        unread = {name: RelationMapping(relation=name, table="Stripe's tables", columns={}) for name in needed}
        return _TableSide(mappings=unread, problem=str(error))
    if supply is None:
        return _TableSide()
    mappings = {relation: supply.mapping(relation) for relation in supply.relations if relation in needed}
    if not everything:
        by_columns = [mapping for relation, mapping in mappings.items() if relation in supply.fitted.relations]
        mappings |= {mapping.relation: mapping for mapping in needed_mappings(by_columns, checks)}
    return _TableSide(supply=supply, mappings=mappings)


def _copy_side(
    books: Books,
    side: _TableSide,
    config: Config,
    snapshot: Snapshot | None,
    *,
    now: datetime,
    scratch: Path,
    progress: Progress,
    is_whole: bool = True,
) -> list[StripeReading]:
    """Copy what tables supply of Stripe's side: from this snapshot, or from one of a place of their own."""
    if not side.mappings:
        return []
    if side.supply is None or not is_whole:
        note_all_unread(books, side.mappings, side.problem or _GONE)
        return []
    copied = functools.partial(
        copy_tables,
        books,
        side.supply,
        config=config,
        mappings=side.mappings,
        now=now,
        scratch=scratch,
        progress=progress,
    )
    try:
        with contextlib.nullcontext(snapshot) if snapshot else side.supply.source.snapshot() as opened:
            return copied(opened)
    except SourceUnavailable as error:
        note_all_unread(books, side.mappings, str(error))
        return []


def _copy_one(
    books: Books, snapshot: Snapshot, mapping: RelationMapping, tables: Sequence[SourceTable], progress: Progress
) -> None:
    table = next((t for t in tables if mapping.table in (t.name, t.qualified_name)), None)
    progress.begin(f"Copying {mapping.table}", table.rows if table else None)
    copy_relation(books, snapshot, mapping, unique_key=unique_key(mapping, table), progress=progress)
    progress.end()


def unique_key(mapping: RelationMapping, table: SourceTable | None) -> bool:
    """Whether the source itself keeps the relation's key unique."""
    key = next(column.name for column in columns_of(relation_named(mapping.relation)) if column.is_key)
    source = mapping.columns.get(key)
    return table is not None and source is not None and frozenset({source.column}) in table.unique
