"""A change in the app's words: one UPDATE of one column, one INSERT of one row, and their execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.actions.repair.subject_reader import literal_sql, statement, typed_key
from trueup.model.row_counts import RowCounts
from trueup.sources.select import quoted, table_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.session import RepairSession
    from trueup.model.source import RelationMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Compare-and-set of one column of one row, in the table's own words. ``where`` is the mapping's condition."""

    table: str
    key_column: str
    key: object
    column: str
    old: object
    new: object
    where: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """One new row, in the table's own words. ``where`` is the mapping's condition.

    ``key_column`` finds it again: it is the row's own key, or its account where the row has no key of one column.
    ``owner_column`` is its account; None where it has none.
    """

    table: str
    values: Mapping[str, object]
    key_column: str
    owner_column: str | None
    where: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """A whole change, ready to be written."""

    insert: Insert
    update: Update | None = None

    def tables(self) -> frozenset[str]:
        """The tables that are written to."""
        return frozenset(table for table, _ in self.rows())

    def rows(self) -> tuple[tuple[str, RowCounts], ...]:
        """How many rows of which table are written."""
        appended = (self.insert.table, RowCounts(inserts=1))
        return ((self.update.table, RowCounts(updates=1)), appended) if self.update else (appended,)

    def targets(self) -> frozenset[str]:
        """The tables that are written to, and the column that is replaced as ``table.column``."""
        return self.tables() | ({f"{self.update.table}.{self.update.column}"} if self.update else set())


def lock_row(
    session: RepairSession, connection: Connection, update_of: RelationMapping, key: str, *, at_once: bool = False
) -> int:
    """Lock the account's row until the transaction ends; return how many rows were locked.

    With ``at_once``, a row that another transaction holds is an error instead of a wait.
    """
    mapped = update_of.columns["account_id"].column
    if mapped is None:
        return 0
    quote = session.target.quote
    typed = typed_key(key, session.columns(connection, update_of.table)[mapped].family)
    if typed is None:
        return 0
    name = quoted(literal_sql(mapped), quote)
    table = table_name(literal_sql(update_of.table), quote)
    lock = session.target.row_lock_at_once if at_once else session.target.row_lock
    sql = f"SELECT {name} FROM {table} WHERE {name} = :key{lock}"
    return len(connection.execute(statement(sql, values=("key",)), {"key": typed}).fetchall())


def write(session: RepairSession, connection: Connection, writes: Writes) -> int:
    """Write the change; return how many rows the compare-and-set matched: exactly one, or the caller rolls back."""
    quote = session.target.quote
    matched = _set(connection, writes.update, quote) if writes.update else 1
    if matched == 1:
        insert = writes.insert
        names = ", ".join(quoted(literal_sql(name), quote) for name in insert.values)
        marks = {f"value_{position}": value for position, value in enumerate(insert.values.values())}
        places = ", ".join(f":{mark}" for mark in marks)
        sql = f"INSERT INTO {table_name(literal_sql(insert.table), quote)} ({names}) VALUES ({places})"
        connection.execute(statement(sql, values=marks), marks)
    return matched


def _set(connection: Connection, update: Update, quote: str) -> int:
    column, key = quoted(literal_sql(update.column), quote), quoted(literal_sql(update.key_column), quote)
    same = f"{column} IS NULL" if update.old is None else f"{column} = :old"
    where = f" AND ({literal_sql(update.where)}\n)" if update.where else ""
    table = table_name(literal_sql(update.table), quote)
    values = {"new": update.new, "key": update.key} | ({} if update.old is None else {"old": update.old})
    sql = f"UPDATE {table} SET {column} = :new WHERE {key} = :key AND {same}{where}"
    return connection.execute(statement(sql, values=values), values).rowcount
