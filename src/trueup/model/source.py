"""How trueup sees an app's database: its tables, and which of their columns are mapped to its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from trueup.model.changes import Changes, UnknownChanges
    from trueup.model.key_equality import KeyEquality


_PART = re.compile(r'"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^".][^.]*)')


def spelled_table(name: str, schema: str | None = None) -> str:
    """A table's name in its only unambiguous spelling: a part with a dot or a double quote is put in double quotes.

    >>> spelled_table("users", "app"), spelled_table("app.users"), spelled_table('a"b')
    ('app.users', '"app.users"', '"a""b"')
    """
    parts = (schema, name) if schema else (name,)
    return ".".join('"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part for part in parts)


def schema_and_table(spelling: str) -> tuple[str | None, str]:
    """Return the schema, where there is one, and the table that this spelling means, divided by the first unquoted dot.

    >>> schema_and_table("app.users"), schema_and_table('"app.users"'), schema_and_table('app."a""b"')
    (('app', 'users'), (None, 'app.users'), ('app', 'a"b'))
    """
    first = _PART.match(spelling)
    if first is None:
        return None, spelling
    head, rest = _meant(first), spelling[first.end() :]
    if not rest:
        return None, head
    if not rest.startswith("."):
        return None, spelling
    second = _PART.fullmatch(rest[1:])
    return head, _meant(second) if second else rest[1:]


def _meant(part: re.Match[str]) -> str:
    quoted = part["quoted"]
    return str(part["plain"]) if quoted is None else quoted.replace('""', '"')


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceColumn:
    """A column of the app's table; ``type`` is the source's own word for it, in lower case.

    ``equality`` is the rule by which its values are compared; None where the schema does not say. ``labels`` are the
    words that an enum allows.
    """

    name: str
    type: str
    nullable: bool = True
    equality: KeyEquality | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A declared reference of one column. ``table`` is the referred one's qualified name."""

    column: str
    table: str
    referred: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """A table or view of the app's database.

    ``unique`` holds the column sets that the database itself keeps unique and free of NULL (primary keys, unique
    indexes), so that the books need not look for duplicates. ``rows`` is the database's own estimate. ``indexed`` are
    the columns with which an index begins.
    ``written_at`` is when a file was written, naive UTC; a database does not say.
    """

    name: str
    columns: tuple[SourceColumn, ...]
    schema: str | None = None
    unique: frozenset[frozenset[str]] = frozenset()
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexed: frozenset[str] = frozenset()
    is_view: bool = False
    rows: int | None = None
    written_at: datetime | None = None

    @property
    def qualified_name(self) -> str:
        """The name as a config says it: ``table``, or ``schema.table`` outside the default schema."""
        return spelled_table(self.name, self.schema)


def without_ours(tables: Iterable[SourceTable]) -> list[SourceTable]:
    """Return the tables that are the app's own: trueup's, of the journal, are all named ``trueup_…``."""
    return [table for table in tables if not table.name.startswith("trueup_")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """Where one of trueup's columns comes from: a column of the app, or a scalar SQL expression in the app's dialect.

    ``values`` maps the app's word to trueup's; ``""`` also means NULL.
    """

    column: str | None = None
    expression: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationMapping:
    """Where one of trueup's relations comes from. ``columns`` is keyed by trueup's column names.

    A ``query`` in the source's dialect is read in place of the table, whose name is then used only in messages.
    ``exact_keys`` says that its account ids are spelled exactly as the accounts' own, where the schema cannot say so.
    ``allow_empty`` says that the relation may be empty.
    """

    relation: str
    table: str
    columns: Mapping[str, ColumnMapping]
    where: str | None = None
    dense_sequence: bool = False
    query: str | None = None
    exact_keys: bool = False
    allow_empty: bool = False
    rows_repeat: bool = False
    """Several rows of one key are one thing, such as the deliveries of one event."""
    version: str | None = None
    """The version or snapshot of a cluster's table that is read."""
    balances_since: date | None = None
    """Entries of earlier days need no balance_after: the column came later."""
    outputs: tuple[str, ...] = ()
    """The names of the columns that the config's own ``query`` returns."""
    key_prefix: str = ""
    """What goes before the row's own key, so that the keys of several tables differ."""
    account_prefix: str = ""
    """What goes before ``account_id`` in a row that names an account: the ``key_prefix`` of its account."""
    plan_from: str | None = None
    """Of accounts: the relation that says which plan each has, in place of a column."""
    parts: tuple[RelationMapping, ...] = ()
    """The places that the rows come from, where there are several, each with the columns that it has. ``table`` then
    names all of them for messages, and ``columns`` are those that any of them has."""
    absent: frozenset[str] = frozenset()
    """Of a part: columns of which its rows never have a value."""
    unknown: frozenset[str] = frozenset()
    """Columns that a part lacks although NULL in them would be an answer: they count as not mapped."""
    lacking: frozenset[str] = frozenset()
    """Columns that a part lacks: NULL in them is not unreadable."""

    @property
    def is_one_table(self) -> bool:
        """Whether every row is a row of the table ``table``, so that it can be found and written there."""
        return not self.parts and self.query is None


def mapped_columns(mapping: RelationMapping) -> frozenset[str]:
    """The columns that this mapping supplies, with ``dense_sequence`` where the sequence is mapped as dense, and
    ``plan`` where another relation says it.
    """
    further = {"dense_sequence"} if mapping.dense_sequence else set()
    if mapping.plan_from is not None:
        further |= {"plan"}
    return frozenset(mapping.columns) - mapping.unknown | further


def places_of(mapping: RelationMapping) -> tuple[RelationMapping, ...]:
    """Return the places that the rows come from: the parts of the mapping, or the mapping itself.

    >>> places_of(RelationMapping(relation="account", table="users", columns={}))[0].table
    'users'
    """
    return mapping.parts or (mapping,)


class Snapshot(Protocol):
    """One consistent moment of the source, read only. Closing it releases everything that it holds in the source."""

    as_of: datetime
    """The moment the snapshot was opened: naive UTC, by this machine's clock."""

    types_are_known: bool
    """Whether its columns are typed: in a CSV file everything is text."""

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        """The relation's rows as a stream of Arrow batches.

        The columns carry our names, in the mapping's order, with the source's types; nothing is converted beyond what
        the transport forces. Raises ``SourceUnavailable`` when the source goes away, also while the stream is read.
        """

    def cancel(self) -> None:
        """End the read that is running: its stream fails. Callable from any thread; nothing is read afterwards."""


class TrackedSnapshot(Snapshot, Protocol):
    """A snapshot of a source that may know which rows changed since an earlier one."""

    def mark(self, mapping: RelationMapping) -> str | None:
        """Return what a later snapshot needs to find the changes since this one, after the relation was read.

        ``mapping`` is of one table. None where the source does not notice changes, or cannot of this table.
        """

    def changes(self, mapping: RelationMapping, since: str) -> Changes | UnknownChanges:
        """Return which rows may have changed since the snapshot that gave the mark ``since`` for the same mapping.

        It asks for no right beyond SELECT and takes no lock beyond that of a SELECT. Whatever is in doubt is
        ``UnknownChanges``. Raises ``SourceUnavailable``.
        """


class Source(Protocol):
    """An app's database. Opening one does not connect; ``tables`` and ``snapshot`` do."""

    place: str
    """The address for messages, without its password."""

    dialect: str
    """sqlglot's name of the SQL dialect that ``where`` and expressions are in."""

    def tables(self) -> tuple[SourceTable, ...]:
        """The tables and views that may be read, in name order, without the database's own."""

    def snapshot(self) -> AbstractContextManager[TrackedSnapshot]:
        """A read-only snapshot."""

    def may_hide(self, table: str) -> bool:
        """Whether a table of this name may exist that ``tables`` does not show, because reading it is not allowed."""

    def privileges(self) -> Iterable[str]:
        """The rights of this connection that an audit does not need, one sentence each; empty when it only reads."""


class Progress(Protocol):
    """Receives how far a long action is, and how to interrupt it. The default implementation does nothing.

    What a method raises ends the action.
    """

    def begin(self, label: str, total: int | None) -> None:
        """A step begins; ``total`` is how many units it has, where known."""

    def advance(self, units: int) -> None:
        """So many more units of the current step are done."""

    def end(self) -> None:
        """The current step is over."""

    def interruptible(self, interrupt: Callable[[], None] | None) -> None:
        """Get the function that ends the running query, callable from any thread; None when no query can be running."""


class Silent:
    """Progress that is not shown."""

    def begin(self, label: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, units: int) -> None:
        """Say nothing."""

    def end(self) -> None:
        """Say nothing."""

    def interruptible(self, interrupt: Callable[[], None] | None) -> None:
        """Interrupt nothing."""
