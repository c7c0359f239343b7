"""One audit: copy one snapshot of the app's database into the books, run the checks over it, report."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from trueup.actions.examine import examine
from trueup.books.copy import copy_relation, note_unknown_plans, note_unread
from trueup.books.file import Books, made_books, opened_books
from trueup.books.place import private_folder
from trueup.engines.requirements import needs_of_check
from trueup.mapping.config import Config
from trueup.mapping.fit import fit
from trueup.model.check import Check
from trueup.model.errors import BooksUnreadable, ConfigurationError, SourceUnavailable
from trueup.model.policy import Policy
from trueup.model.relations import MADE, MAPPED, Exemption, Plan, PlanPrice, columns_of, relation_name, relation_named
from trueup.model.report import Report
from trueup.model.source import Progress, RelationMapping, Snapshot, Source, SourceTable
from trueup.sources import open_source

_BOOKS = "books.duckdb"


def audit(
    config: Config, *, checks: Sequence[Check], now: datetime, progress: Progress, keep_books: Path | None = None
) -> Report:
    """Audit the database that ``config`` names, as of ``now`` (naive UTC).

    A database that goes away in the middle makes an incomplete report that says what was read. One that cannot be
    reached at all raises ``SourceUnavailable``; a mapping that does not fit raises ``ConfigurationError``.
    ``keep_books`` names a new file that keeps the books.
    """
    with copied_books(config, checks=checks, now=now, progress=progress, keep_books=keep_books) as books:
        return report_on(books, checks=checks, policy=config.policy, now=now, progress=progress)


def audit_books(
    path: Path, *, config: Config | None, checks: Sequence[Check], now: datetime | None, progress: Progress
) -> Report:
    """Audit books that were kept, with no database. ``now`` defaults to the moment of the books.

    With a config, its plans, exemptions and policy hold; without one, those that the books were made with and the
    default policy. Raises ``BooksUnreadable``.
    """
    with private_folder() as folder, opened_books(path, spill=folder / "spill") as books:
        if config is not None:
            _supply_configured(books, config, for_this_run=True)
        moment = now or moment_of(books, path)
        policy = config.policy if config else Policy()
        return report_on(books, checks=checks, policy=policy, now=moment, progress=progress)


def moment_of(books: Books, path: Path) -> datetime:
    """The moment of kept books. Raises ``BooksUnreadable`` when they hold no snapshot."""
    if books.as_of is None:
        raise BooksUnreadable(f"{path} holds no snapshot; make the books again.")
    return books.as_of


def report_on(books: Books, *, checks: Sequence[Check], policy: Policy, now: datetime, progress: Progress) -> Report:
    """The report of these books."""
    return Report(
        run_id=str(uuid.uuid4()),
        generated_at=now,
        environment=books.environment,
        period_days=policy.period_days,
        database_as_of=books.as_of,
        relations=books.copies(),
        outcomes=examine(books, checks=checks, policy=policy, now=now, progress=progress),
    )


@contextlib.contextmanager
def copied_books(
    config: Config,
    *,
    checks: Sequence[Check],
    now: datetime,
    progress: Progress,
    keep_books: Path | None = None,
    also: frozenset[str] = frozenset(),
) -> Iterator[Books]:
    """New books with the relations that ``checks`` need, and those named in ``also``.

    They are gone afterwards unless ``keep_books`` names a file.
    """
    if keep_books is not None and keep_books.exists():
        raise ConfigurationError(f"{keep_books} exists already; name another file for --keep-books or remove it.")
    source = open_source(config.database_url, statement_timeout_seconds=config.statement_timeout_seconds)
    tables = source.tables()
    fitted, _ = fit(config.relations, tables, required=config.required, dialect=source.dialect)
    wanted = _needed(tuple(fitted.values()), checks, also)
    with private_folder() as folder:
        made = folder / _BOOKS
        with made_books(made, memory_limit=config.memory_limit) as books:
            _supply_configured(books, config)
            _copy(books, source, wanted, tables, environment=config.environment, now=now, progress=progress)
            note_unknown_plans(books)
            yield books
        if keep_books is not None:
            _keep(made, keep_books)


def _keep(made: Path, kept: Path) -> None:
    try:
        shutil.move(made, kept)
    except OSError as error:
        raise ConfigurationError(f"The books cannot be kept at {kept}: {error.strerror}.") from None


def _needed(
    fitted: Sequence[RelationMapping], checks: Sequence[Check], also: frozenset[str]
) -> tuple[RelationMapping, ...]:
    """The mappings that some of these checks read, in the order of the relations.

    A check about the reading itself reads them all, or it would find nothing because nobody looked.
    """
    needs = also | {relation for check in checks for relation, _ in needs_of_check(check)}
    order = [relation_name(relation) for relation in MAPPED]
    about_reading = needs & {relation_name(relation) for relation in MADE}
    wanted = [mapping for mapping in fitted if about_reading or mapping.relation in needs]
    return tuple(sorted(wanted, key=lambda mapping: order.index(mapping.relation)))


def _supply_configured(books: Books, config: Config, *, for_this_run: bool = False) -> None:
    books.replace_rows(config.plans, of=Plan, for_this_run=for_this_run)
    books.replace_rows(config.plan_prices, of=PlanPrice, for_this_run=for_this_run)
    books.replace_rows(config.exemptions, of=Exemption, for_this_run=for_this_run)


def _copy(
    books: Books,
    source: Source,
    mappings: Sequence[RelationMapping],
    tables: Sequence[SourceTable],
    *,
    environment: str,
    now: datetime,
    progress: Progress,
) -> None:
    """Copy every mapping from one snapshot, which is released as soon as the last row is here."""
    with source.snapshot() as snapshot:
        books.begin(environment=environment, as_of=now)
        for position, mapping in enumerate(mappings):
            try:
                _copy_one(books, snapshot, mapping, tables, progress)
            except SourceUnavailable:
                for unread in mappings[position + 1 :]:
                    note_unread(books, unread, "not read: the database had gone away before")
                return


def _copy_one(
    books: Books, snapshot: Snapshot, mapping: RelationMapping, tables: Sequence[SourceTable], progress: Progress
) -> None:
    table = next((t for t in tables if mapping.table in (t.name, t.qualified_name)), None)
    progress.begin(f"Copying {mapping.table}", table.rows if table else None)
    copy_relation(books, snapshot, mapping, unique_key=_unique_key(mapping, table), progress=progress)
    progress.end()


def _unique_key(mapping: RelationMapping, table: SourceTable | None) -> bool:
    """Whether the source itself keeps the relation's key unique."""
    key = next(column.name for column in columns_of(relation_named(mapping.relation)) if column.is_key)
    source = mapping.columns.get(key)
    return table is not None and source is not None and frozenset({source.column}) in table.unique


def with_period(config: Config, period_days: int | None) -> Config:
    """The config with another period, where one was asked for."""
    if period_days is None:
        return config
    return dataclasses.replace(config, policy=dataclasses.replace(config.policy, period_days=period_days))
