"""What every repair of one installation needs: where to write, the resolved mapping, the tables' columns."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueup.actions.audit import (
    Reference,
    needed_mappings,
    references,
    supply_configured,
    trusted_relations,
    unique_key,
)
from trueup.books.opening import books_in_memory
from trueup.books.subject_books import SubjectBooks
from trueup.mapping.resolve import fit
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.source import places_of
from trueup.sources import open_source
from trueup.targets import open_target

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.config import Config
    from trueup.model.source import RelationMapping, SourceTable
    from trueup.targets.target import ColumnDescription

Columns = Mapping[str, "ColumnDescription"]

_MOST_USES = 1000
"""After this many uses small books are made again, because an engine returns some memory only when it is closed."""

_AUDITED = frozenset({"ledger_entry", "plan_change", "webhook_event"})
"""The relations that get audit rows: how their columns are written is learned from existing rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The live schema, as far as the mapping names it: fitted mappings, and their tables as the source sees them.

    ``read`` is the part of the mappings that the checks read, with the reasons of relations that get audit rows.
    ``selects`` are the statements made from them, by relation, columns and conditions. ``references`` are the columns
    that name an account, ``trusted`` the relations whose ids are compared by text because the config says so, and
    ``unique_accounts`` says whether the database keeps accounts from having equal keys.
    """

    mappings: Mapping[str, RelationMapping]
    read: Mapping[str, RelationMapping]
    tables: Mapping[str, SourceTable]
    references: tuple[Reference, ...] = ()
    trusted: frozenset[str] = frozenset()
    unique_accounts: bool = False
    selects: dict[Hashable, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Claims:
    """Whether balances here need a claim on the ledger, which the first such repair finds out, and whose turn it is."""

    are_needed: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)


class RepairSession:
    """An open place that repairs are written to; any number of threads may use it.

    The layout is read on first use and kept. ``forget`` makes the next use read it again, as after a statement that no
    longer fits the schema.
    """

    def __init__(self, config: Config, catalogue: Sequence[Check], url: str, *, only_looks: bool = False) -> None:
        """``only_looks`` keeps connections for reading, as many as there are places (``turn``)."""
        self.config = config
        self.catalogue = tuple(catalogue)
        self.target = open_target(url)
        if only_looks:
            self.target.keep_readings(os.cpu_count() or 1)
        self._url = url
        self._only_looks = only_looks
        self._lock = threading.Lock()
        self.asking = threading.Lock()
        """Held while Stripe is asked, so that many repairs together ask no faster than one."""
        self.claims = Claims()
        self._turns = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._layout: Layout | None = None
        self._columns: dict[str, Columns] = {}
        self._spare: list[tuple[SubjectBooks, contextlib.ExitStack]] = []
        self._places: dict[int, RepairSession] = {}
        self.everywhere: RepairSession | None = None
        """The session of which this one sees the accounts of one place; None where it sees all accounts."""
        self.place: int | None = None

    def for_config(self, config: Config, *, seeing: Layout | None = None) -> RepairSession:
        """The same place with another policy or other exemptions, which change more often than a schema does.

        ``seeing`` is a part of the layout that it sees in place of all of it.
        """
        other = RepairSession(config, self.catalogue, self._url, only_looks=self._only_looks)
        other._layout, other._columns, other._turns = seeing or self._layout, self._columns, self._turns
        other.asking, other.claims = self.asking, self.claims
        return other

    def for_account_place(self, position: int) -> RepairSession:
        """Return the session in which accounts come from this one of their places, which is kept with this one."""
        layout = self.layout()
        account = layout.mappings["account"].parts[position]
        with self._lock:
            if position not in self._places:
                narrowed = self._narrowed({**layout.mappings, "account": account}, layout.tables)
                self._places[position] = self.for_config(self.config, seeing=narrowed)
                self._places[position].everywhere, self._places[position].place = self, position
            return self._places[position]

    def layout(self) -> Layout:
        """The mapping against the live schema. Raises ``ConfigurationError`` and ``SourceUnavailable``."""
        with self._lock:
            if self._layout is None:
                self._layout = self._read_layout()
            return self._layout

    def columns(self, connection: Connection, table: str) -> Columns:
        """The table's columns by name, as a writer must know them."""
        with self._lock:
            if table not in self._columns:
                self._columns[table] = {c.name: c for c in self.target.columns(connection, table)}
            return self._columns[table]

    def turn(self) -> AbstractContextManager[object]:
        """One of as many places as there are processors.

        It is taken before a transaction begins, because a repair that waits for a processor must not hold rows
        meanwhile.
        """
        return self._turns

    @contextlib.contextmanager
    def scratch_books(self) -> Iterator[SubjectBooks]:
        """Small books that hold only what the config supplies, kept for the next repair."""
        with self._lock:
            spare = self._spare.pop() if self._spare else None
        books, held = spare or _opened(self.config, keeps_rows=self._only_looks)
        with held.pop_all() as until_used_again:  # after an error they are discarded with their content
            yield books
            books.forget()
            if books.uses < _MOST_USES:
                with self._lock:
                    self._spare.append((books, until_used_again.pop_all()))

    def close(self) -> None:
        """Close everything that is kept. A repair session that is used again opens it again."""
        with self._lock:
            while self._spare:
                self._spare.pop()[1].close()
            places, self._places = self._places, {}
        for place in places.values():
            place.close()
        self.target.close()

    def forget(self) -> None:
        """Read the layout again on next use."""
        if self.everywhere is not None:
            self.everywhere.forget()
            return
        with self._lock:
            self._layout = None
            self._columns.clear()
            places, self._places = self._places, {}
        for place in places.values():
            place.close()

    def _read_layout(self) -> Layout:
        source = open_source(self._url, statement_timeout_seconds=self.config.statement_timeout_seconds)
        tables = source.tables()
        fitted, _ = fit(self.config.relations, tables, required=self.config.required, dialect=source.dialect)
        named = {place.table for mapping in fitted.values() for place in places_of(mapping)}
        by_name = {table.qualified_name: table for table in tables if table.qualified_name in named}
        return self._narrowed(fitted, by_name)

    def _narrowed(self, fitted: Mapping[str, RelationMapping], by_name: Mapping[str, SourceTable]) -> Layout:
        # Exemptions change while a layout is kept, and one of them may be of a plan.
        needed = needed_mappings(tuple(fitted.values()), self.catalogue, plans_exempted=True)
        read = {m.relation: fitted[m.relation] if m.relation in _AUDITED else m for m in needed}
        account = fitted.get("account")
        return Layout(
            mappings=fitted,
            read=read,
            tables=by_name,
            references=references(fitted, by_name),
            trusted=trusted_relations(fitted, by_name),
            unique_accounts=account is not None and unique_key(account, by_name.get(account.table)),
        )


def open_repair_session(config: Config, catalogue: Sequence[Check]) -> RepairSession:
    """Open the session of this installation. Raises ``ConfigurationError`` without ``repair_url``."""
    if config.repair_url is None:
        raise ConfigurationError(
            f"Repairs are off: set database.repair_url in {config.path} to the role that may repair "
            "(`trueup doctor --print-grants` prints it)."
        )
    return RepairSession(config, catalogue, config.repair_url)


def open_reading_session(config: Config, catalogue: Sequence[Check]) -> RepairSession:
    """Open a session that only reads, as the audit role. Raises ``ConfigurationError`` for a folder."""
    return RepairSession(config, catalogue, config.database_url, only_looks=True)


def _opened(config: Config, *, keeps_rows: bool) -> tuple[SubjectBooks, contextlib.ExitStack]:
    held = contextlib.ExitStack()
    books = held.enter_context(books_in_memory(credit_decimals=config.credit_decimals))
    supply_configured(books, config)
    return SubjectBooks(books, keeps_rows=keeps_rows), held
