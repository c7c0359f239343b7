"""Stripe's side out of a sync tool's tables, or of files: in the app's own snapshot where its database holds them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.books.copy import copy_relation, note_unread
from trueup.books.file import Books
from trueup.config import Config
from trueup.mapping.resolve_stripe import FittedTables, fit_stripe
from trueup.model.errors import ConfigurationError, FileUnreadable, SourceUnavailable
from trueup.model.relations import STRIPE, columns_of, relation_name, relation_named
from trueup.model.source import ColumnMapping, Progress, RelationMapping, Snapshot, Source, SourceTable
from trueup.model.stripe_objects import NEWEST, OBJECT_KINDS, WHOLE_OR_UNKNOWN, StripeReading
from trueup.model.stripe_settings import StripeTables
from trueup.sources import open_source
from trueup.sources.file_tables import refuse_unread
from trueup.stripe.exported_objects import (
    ExportedObjects,
    ExportedSnapshot,
    Locate,
    list_relations,
    read_exported_objects,
)
from trueup.stripe.shapes.fields import AccountFilter

if TYPE_CHECKING:
    import pyarrow as pa

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSupply:
    """Where Stripe's side is. ``is_apps`` says that it is in the app's own database, and so in its snapshot."""

    tables: StripeTables
    source: Source
    live: tuple[SourceTable, ...]
    fitted: FittedTables
    is_apps: bool

    @property
    def relations(self) -> tuple[str, ...]:
        """The relations that are supplied, in their own order."""
        supplied = {*self.fitted.relations, *list_relations(self.fitted.objects)}
        return tuple(name for name in map(relation_name, STRIPE) if name in supplied)

    def mapping(self, relation: str) -> RelationMapping:
        """Where this relation comes from: columns of a table, or the objects of one."""
        if relation in self.fitted.relations:
            return self.fitted.relations[relation]
        kind = next(kind for kind in self.fitted.objects if relation in list_relations([kind]))
        columns = {column.name: ColumnMapping(column=column.name) for column in columns_of(relation_named(relation))}
        return RelationMapping(relation=relation, table=self.fitted.objects[kind].table, columns=columns)


def table_supply(config: Config, source: Source | None, live: Sequence[SourceTable]) -> TableSupply | None:
    """Stripe's tables as they are; None where there are none. ``source`` is the app's database, ``live`` its tables.

    Raises ``ConfigurationError``, and ``SourceUnavailable`` where they are in another place that cannot be reached.
    """
    tables = config.stripe.tables
    if tables is None:
        return None
    is_apps = tables.url is None or tables.url == config.database_url
    place = source
    if not is_apps and tables.url is not None:
        if tables.are_files:
            refuse_unread(Path(tables.url), {*OBJECT_KINDS, *map(relation_name, STRIPE)})
        place = open_source(tables.url, statement_timeout_seconds=config.statement_timeout_seconds)
        live = place.tables()
    if place is None:
        raise ConfigurationError("Stripe's tables are not read from an [engine]; name their database in stripe.url.")
    fitted = fit_stripe(tables, live, dialect=place.dialect)
    if not fitted.mappings:
        raise ConfigurationError(
            f"Nothing of Stripe's is at {place.place}: {(fitted.notes or fitted.unknown or ('no table',))[0]}"
        )
    return TableSupply(tables=tables, source=place, live=tuple(live), fitted=fitted, is_apps=is_apps)


def read_moment(supply: TableSupply, snapshot: Snapshot, *, now: datetime) -> datetime | None:
    """When what is there was last written: naive UTC, never to come. None where nothing ever was.

    What is to come is after the snapshot and after ``now``: an audit may be asked as of a later day than today. Where
    nothing says when rows were synced, it is the later of the two. Files are as old as the oldest.
    """
    latest = max(snapshot.as_of, now)
    if supply.tables.are_files or not supply.fitted.newest:
        used = {mapping.table for mapping in supply.fitted.mappings.values()}
        written = [table.written_at for table in supply.live if table.qualified_name in used and table.written_at]
        return min([*written, latest])
    newest = [_moment(snapshot, mapping) for mapping in supply.fitted.newest.values()]
    known = [moment for moment in newest if moment is not None]
    return min(max(known), latest) if known else None


def _moment(snapshot: Snapshot, mapping: RelationMapping) -> datetime | None:
    rows = snapshot.read(mapping).read_all().to_pylist()
    found = rows[0][NEWEST] if rows else None
    if isinstance(found, str):
        with contextlib.suppress(ValueError):
            found = datetime.fromisoformat(found)
    if isinstance(found, int | float):
        found = datetime.fromtimestamp(found, UTC)
    if not isinstance(found, datetime):
        if found is None:
            return None
        raise ConfigurationError(f"The column of {mapping.table} that says when a row was synced holds no moments.")
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def staleness(supply: TableSupply, moment: datetime | None, now: datetime) -> str | None:
    """Why what is there is too old, or never came; None where it is fresh enough."""
    if moment is None:
        return f"nothing was ever synced into Stripe's tables at {supply.source.place}"
    if now - moment <= supply.tables.stale_after_hours * _HOUR:
        return None
    what = "the oldest of Stripe's files is" if supply.tables.are_files else "what was last synced of Stripe is"
    hours = supply.tables.stale_after_hours
    return f"{what} of {moment:%Y-%m-%d %H:%M} UTC, and stripe.stale_after_hours allows {hours} hours"


def copy_tables(
    books: Books,
    supply: TableSupply,
    snapshot: Snapshot,
    config: Config,
    *,
    mappings: Mapping[str, RelationMapping],
    now: datetime,
    scratch: Path,
    progress: Progress,
) -> list[StripeReading]:
    """Copy these relations into the books, and say how each was read; one that is not whole is on record as such.

    Raises ``ConfigurationError`` for objects of several accounts, or all of the other mode.
    """
    try:
        moment = read_moment(supply, snapshot, now=now)
        problem = staleness(supply, moment, now)
        if problem is None and moment is not None:
            return _copy(books, supply, snapshot, config, mappings, moment, scratch, progress)
    except SourceUnavailable as error:
        problem = str(error)
    note_all_unread(books, mappings, problem or "Stripe's tables were not read")
    return []


def note_all_unread(books: Books, mappings: Mapping[str, RelationMapping], problem: str) -> None:
    """Put on record that none of these relations was read, where nothing is on record yet."""
    noted = {read.relation for read in books.copies() if read.problem}
    for relation, mapping in mappings.items():
        if relation not in noted:
            note_unread(books, mapping, problem)


def _copy(
    books: Books,
    supply: TableSupply,
    snapshot: Snapshot,
    config: Config,
    mappings: Mapping[str, RelationMapping],
    moment: datetime,
    scratch: Path,
    progress: Progress,
) -> list[StripeReading]:
    cut = _cut(supply, mappings)
    for relation, problem in cut.items():
        note_unread(books, mappings[relation], problem)
    by_columns = [name for name in mappings if name in supply.fitted.relations and name not in cut]
    by_objects = [name for name in mappings if name not in supply.fitted.relations and name not in cut]
    read = []
    for relation in by_columns:
        progress.begin(f"Copying {relation}", None)
        with contextlib.suppress(FileUnreadable):  # on record as unread, and the other files are not
            copy_relation(books, snapshot, mappings[relation], unique_key=False, progress=progress)
            read.append(relation)
        progress.end()
    since = dict.fromkeys(read, supply.tables.complete_since)
    if by_objects:
        given = ExportedObjects(
            kinds=tuple(supply.fitted.objects),
            batches=_batches(supply, snapshot, progress),
            as_of=moment,
            complete_since=supply.tables.complete_since,
            account=config.stripe.account,
            locate=_locate(supply),
            may_be_empty=supply.tables.may_be_empty,
        )
        with read_exported_objects(
            given, account_filter=account_filter_of(config), relations=by_objects, scratch=scratch
        ) as objects:
            since |= _copy_objects(books, objects, mappings, by_objects, progress)
    account = config.stripe.account
    return [
        StripeReading(relation=name, complete_since=complete, read_at=moment, stripe_account=account)
        for name, complete in since.items()
    ]


def _cut(supply: TableSupply, relations: Iterable[str]) -> dict[str, str]:
    """Why these relations are worth nothing: they must be whole, and are there only from a day on."""
    since = supply.tables.complete_since
    if since is None:
        return {}
    problem = (
        f"it is there only from {since:%Y-%m-%d} on (stripe.complete_since), and what is older is unknown; give "
        "[stripe] an api_key beside it, or export it whole"
    )
    return {relation: problem for relation in relations if relation in WHOLE_OR_UNKNOWN}


def _copy_objects(
    books: Books,
    objects: ExportedSnapshot,
    mappings: Mapping[str, RelationMapping],
    relations: Sequence[str],
    progress: Progress,
) -> dict[str, datetime | None]:
    """From when on each relation that could be read is whole."""
    read = {}
    for relation in relations:
        if relation in objects.unsupplied:
            continue
        if relation in objects.problems:
            note_unread(books, mappings[relation], objects.problems[relation])
            continue
        progress.begin(f"Copying {relation}", None)
        unsupplied = objects.unsupplied_columns.get(relation, frozenset())
        supplied = {name: source for name, source in mappings[relation].columns.items() if name not in unsupplied}
        mapping = replace(mappings[relation], columns=supplied)
        copy_relation(books, objects, mapping, unique_key=True, progress=progress)
        progress.end()
        read[relation] = objects.complete_since[relation]
    return read


def _batches(supply: TableSupply, snapshot: Snapshot, progress: Progress) -> Callable[[str], Iterator[pa.RecordBatch]]:
    rows = {table.qualified_name: table.rows for table in supply.live}

    def batches(kind: str) -> Iterator[pa.RecordBatch]:
        mapping = supply.fitted.objects[kind]
        progress.begin(f"Reading {mapping.table}", rows.get(mapping.table))
        for batch in snapshot.read(mapping):
            yield batch
            progress.advance(batch.num_rows)
        progress.end()

    return batches


def _locate(supply: TableSupply) -> Locate:
    from trueup.sources.files import FilesSource  # noqa: PLC0415 - heavy

    source = supply.source

    def locate(kind: str, text: str) -> str | None:
        return source.find_line(supply.fitted.objects[kind].table, text) if isinstance(source, FilesSource) else None

    return locate


def account_filter_of(config: Config) -> AccountFilter:
    """Return which of Stripe's objects are the app's."""
    return AccountFilter(
        livemode=config.policy.livemode,
        account_metadata_key=config.stripe.account_metadata_key,
        products=frozenset(config.stripe.products),
        metadata=config.stripe.metadata,
    )
