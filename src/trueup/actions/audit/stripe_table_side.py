"""What tables or files supply of Stripe's side, and copying it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from trueup.actions.audit.column_pruning import needed_mappings
from trueup.actions.audit.stripe_tables import TableSupply, copy_tables, note_all_unread, table_supply
from trueup.books.file import Books
from trueup.config import Config
from trueup.model.check import Check
from trueup.model.errors import SourceUnavailable
from trueup.model.source import Progress, RelationMapping, Snapshot, Source, SourceTable
from trueup.model.stripe_objects import WHOLE_OR_UNKNOWN, StripeReading

GONE = "not read: the database had gone away before"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TableSide:
    """What of Stripe's side tables supply. ``problem`` says why they cannot be looked at, if they cannot."""

    supply: TableSupply | None = None
    mappings: Mapping[str, RelationMapping] = dataclasses.field(default_factory=dict)
    problem: str | None = None

    @property
    def is_apps(self) -> bool:
        """Whether they stand in the app's own database."""
        return self.supply is not None and self.supply.is_apps


def table_side(
    config: Config,
    source: Source | None,
    tables: Sequence[SourceTable],
    checks: Sequence[Check],
    needed: Collection[str],
    *,
    everything: bool,
) -> TableSide:
    """What tables supply of the relations that are ``needed``.

    What must be whole and is there only from a day on is left to the API, where that can be asked.
    """
    try:
        supply = table_supply(config, source, tables)
    except SourceUnavailable as error:
        unread = {name: RelationMapping(relation=name, table="Stripe's tables", columns={}) for name in needed}
        return TableSide(mappings=unread, problem=str(error))
    if supply is None:
        return TableSide()
    supplied = [relation for relation in supply.relations if relation in needed]
    if supply.tables.complete_since is not None and config.stripe.api_key is not None:
        supplied = [relation for relation in supplied if relation not in WHOLE_OR_UNKNOWN]
    mappings = {relation: supply.mapping(relation) for relation in supplied}
    if not everything:
        by_columns = [mapping for relation, mapping in mappings.items() if relation in supply.fitted.relations]
        mappings |= {mapping.relation: mapping for mapping in needed_mappings(by_columns, checks)}
    return TableSide(supply=supply, mappings=mappings)


def copy_side(
    books: Books,
    side: TableSide,
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
        note_all_unread(books, side.mappings, side.problem or GONE)
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
