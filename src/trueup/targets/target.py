"""The interface that every kind of database offers to a repair."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from trueup.model.errors import TrueupError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError

    from trueup.model.row_counts import RowCounts
    from trueup.targets.serialization import Claimed, EntryTable, Serialization, Unserialized

LOCK_TIMEOUT_SECONDS = 2
"""How long a repair waits for a row that the application holds, and so the longest that others wait for it there."""

BRIEF_WAIT_MILLISECONDS = 500
"""How long a repair that already holds a row waits for another: less than the second after which Postgres looks for
deadlocks, so that the repair gives way and not the application.
"""

STATEMENT_TIMEOUT_SECONDS = 5
CONNECT_TIMEOUT_SECONDS = 5

READING_TIMEOUT_SECONDS = 600
"""How long a read-only transaction may wait for its reader, and one of its statements may take."""


SINGLE_DIGITS, DOUBLE_DIGITS = 6, 15
"""How many significant digits come back exactly from a floating-point number of 4 and of 8 bytes (FLT_DIG, DBL_DIG)."""


class Trouble(StrEnum):
    """Why the database did not do what it was asked, as far as a repair must distinguish."""

    BUSY = "busy"
    """A lock was not free, or a statement not finished, in time."""
    CONFLICT = "conflict"
    """A deadlock or a serialisation failure: the whole transaction may be evaluated again."""
    DUPLICATE = "duplicate"
    """A unique key is already used."""
    UNFIT = "unfit"
    """A value, a right or an object differs from the mapping: a person has to correct one of the two."""
    LOST = "lost"
    """The connection is gone."""


class TargetUnavailable(TrueupError):
    """The database that repairs are written to cannot be reached or refused us.

    ``busy`` means that another writer did not finish in time.
    """

    def __init__(self, message: str, *, busy: bool = False) -> None:
        super().__init__(message)
        self.busy = busy


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDescription:
    """A column as a writer must know it. ``family`` is the type in the source's own words, lower case.

    ``supplied`` says that the database fills it when it is left out: a default, an identity, a row id. ``decimals`` are
    the digits after the point of an exact number, ``float_digits`` the significant digits that are sure to come back
    where fractions are floating-point numbers, and ``second_digits`` those of a second that a moment keeps.
    """

    name: str
    family: str
    nullable: bool
    supplied: bool
    length: int | None = None
    decimals: int | None = None
    is_text: bool = False
    is_unsigned: bool = False
    float_digits: int | None = None
    second_digits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTrigger:
    """A trigger or a rule of the application's on a table. ``table`` is its name as it was asked for."""

    table: str
    name: str
    kind: str


class WriteCounter(Protocol):
    """Counts the rows that a transaction writes, also by triggers and rules, as finely as the server can."""

    def pause(self) -> None:
        """Statements that only read come next, and some servers would count them."""

    def resume(self) -> None:
        """Statements that write come next."""

    def difference(self, planned: Mapping[str, RowCounts], *, ignored: Collection[str] = ()) -> str | None:
        """How what was written differs from ``planned``, by quoted table name; None where it is exactly that.

        ``ignored`` are tables that do not matter, where the server counts by table. Call it while it counts.
        """


class Target(Protocol):
    """A database that repairs are written to. Opening one does not connect; ``transaction`` does."""

    place: str
    """The address for messages, without its password."""

    dialect: str
    """sqlglot's name of the SQL dialect that the mapping's expressions are in."""

    quote: str
    """The character that quotes identifiers in ``SELECT`` statements."""

    rest_seconds: float
    """How long a batch rests after a repair that wrote, so that the application's writers get their turn."""

    row_lock: str
    """What a ``SELECT`` ends with so that it holds its rows; empty where the transaction holds everything."""

    row_lock_at_once: str
    """The same, except that a row held by another transaction is an error and is not waited for."""

    def transaction(self, serialization: Serialization | None = None) -> AbstractContextManager[Connection]:
        """A read-write transaction with short lock and statement timeouts, times in UTC.

        ``serialization`` is what will be claimed in it. It is rolled back unless the caller commits. Raises
        ``TargetUnavailable`` when it cannot be opened; errors inside are SQLAlchemy's own, which ``trouble`` tells
        apart.
        """

    def find_serialization(
        self, connection: Connection, entries: EntryTable, key: object
    ) -> Serialization | Unserialized:
        """Return what proves that an account has no uncommitted entry, or why nothing does. ``key`` is an account's."""

    def claim(self, connection: Connection, entries: EntryTable, key: object) -> Claimed | Unserialized:
        """Lock what ``find_serialization`` named, at once, before anything is read and the account's row is locked.

        Raises ``DBAPIError`` where another transaction is in the way.
        """

    def wait_briefly(self, connection: Connection) -> AbstractContextManager[None]:
        """Wait very briefly for rows that others hold, as far as the server has a setting for it, until this ends."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A read-only transaction that sees one moment for as long as it lasts, and blocks no writer.

        Raises ``TargetUnavailable`` when it cannot be opened.
        """

    def keep_readings(self, most: int) -> None:
        """Keep so many connections between uses of ``reading``, each for a short time, until ``close``."""

    def close(self) -> None:
        """Close the connections that are kept."""

    def trouble(self, error: DBAPIError) -> Trouble:
        """The kind of this failure."""

    def describe_error(self, error: DBAPIError) -> str:
        """The database's own first line, without any secret."""

    def obstacle(self, connection: Connection, tables: Collection[str]) -> str | None:
        """Why these tables cannot be written to at all: a replica, an engine without transactions."""

    def column_obstacle(self, connection: Connection, table: str, column: str) -> str | None:
        """Why a repair must not write this column; None where it may. A sentence."""

    def columns(self, connection: Connection, table: str) -> tuple[ColumnDescription, ...]:
        """The columns of a table, as a writer must know them. Raises SQLAlchemy's ``NoSuchTableError``."""

    def count_writes(self, connection: Connection) -> WriteCounter:
        """A counter of what this transaction writes from now on."""

    def settle_constraints(self, connection: Connection) -> None:
        """Make everything that waits for COMMIT (deferred triggers and keys) happen now, while it can be undone."""

    def commit(self, connection: Connection) -> None:
        """Commit, in ``STATEMENT_TIMEOUT_SECONDS`` or not at all where triggers may run in it."""

    def look_again(self, connection: Connection) -> AbstractContextManager[Connection]:
        """A fresh look at what is there, after ``connection`` has committed."""

    def triggers(self, connection: Connection, tables: Collection[str]) -> tuple[TableTrigger, ...]:
        """The triggers and rules of these tables, by quoted name, as far as the role may see them."""


def followed_column(key_of: str, table: str, column: str, place: str) -> str:
    """Why not to write a column that a foreign key of ``key_of`` refers to, where what keys write is not counted."""
    return (
        f"A foreign key of {key_of} follows {table}.{column}, and what it would write there is not counted in {place}; "
        "let that key refer to other columns, or drop it."
    )
