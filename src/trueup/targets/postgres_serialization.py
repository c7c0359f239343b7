"""What serializes a balance with the application's own transactions in Postgres: a foreign key, or a table lock.

A foreign key does if its trigger looks at every new entry at once: not deferrable (a deferred key locks nothing before
COMMIT), enforced, its triggers switched on, and the table without children that inherit (they inherit no key). A key
that was never validated still holds for new rows. It does not look at updates: where an account has entries that can
still be posted, only the table lock is enough.

Column rights do not allow LOCK TABLE, so a function that belongs to the ledger's owner does it for the repair role.
The printed grants make it, and its text is compared with what would be printed today.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from trueup.model.sql_names import quoted, table_name
from trueup.targets.serialization import HELD_SECONDS, Claimed, EntryTable, Serialization, Unserialized

if TYPE_CHECKING:
    from sqlalchemy import Connection

LOCK_FUNCTION = "trueup_lock_ledger"
_TRANSACTION_TIMEOUT_FROM = 17
_HAS_KEY = """
SELECT EXISTS (
    SELECT FROM pg_constraint AS c
    JOIN pg_attribute AS entry ON entry.attrelid = c.conrelid AND entry.attnum = c.conkey[1]
    JOIN pg_attribute AS account ON account.attrelid = c.confrelid AND account.attnum = c.confkey[1]
    WHERE c.contype = 'f' AND NOT c.condeferrable
      AND c.conrelid = to_regclass(:entries) AND c.confrelid = to_regclass(:accounts)
      AND cardinality(c.conkey) = 1 AND entry.attname = :column AND account.attname = :key
      AND EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgconstraint = c.oid AND t.tgrelid = c.conrelid)
      AND NOT EXISTS (
          SELECT FROM pg_constraint AS part
          JOIN pg_trigger AS t ON t.tgconstraint = part.oid AND t.tgrelid = part.conrelid
          WHERE (part.oid = c.oid OR part.conparentid <> 0 AND part.contype = 'f')
            AND (part.conrelid = c.conrelid OR part.conrelid IN (SELECT relid FROM pg_partition_tree(c.conrelid)))
            AND t.tgenabled NOT IN ('O', 'A')
      )
) AND NOT EXISTS (
    SELECT FROM pg_inherits AS i JOIN pg_class AS child ON child.oid = i.inhrelid
    WHERE i.inhparent = to_regclass(:entries) AND NOT child.relispartition
)
"""
_LEDGER = """
SELECT c.relkind::text, n.nspname, c.relname, has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') AS may_lock
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass(:entries)
"""
_FUNCTION = """
SELECT n.nspname, p.prosrc, p.prosecdef AND has_table_privilege(p.proowner, to_regclass(:entries)::oid,
                                                                'UPDATE, DELETE, TRUNCATE') AS may_lock,
       has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE') AS may_be_called
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_class AS journal ON journal.relnamespace = n.oid
WHERE journal.oid = to_regclass('trueup_journal') AND p.proname = :function AND p.pronargs = 0
"""
_IS_LOCKED = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation = to_regclass(:entries) AND granted
      AND mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
)
"""
_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lock:
    """The statement that locks the ledger for this session."""

    sql: str


def find_serialization(connection: Connection, entries: EntryTable) -> Serialization | Unserialized:
    """Return what serializes a balance with the entries here, or why nothing does."""
    if entries.grows_only and has_immediate_key(connection, entries):
        return Serialization.FOREIGN_KEY
    lock = _find_lock(connection, entries)
    return Serialization.TABLE_LOCK if isinstance(lock, _Lock) else lock


def has_immediate_key(connection: Connection, entries: EntryTable) -> bool:
    """Return whether a foreign key makes every new entry hold its account's key at once."""
    names = {
        "entries": table_name(entries.table),
        "accounts": table_name(entries.account_table),
        "column": entries.account_column,
        "key": entries.account_key,
    }
    return bool(connection.execute(text(_HAS_KEY), names).scalar_one())


def lock_ledger(connection: Connection, entries: EntryTable) -> Claimed | Unserialized:
    """Lock the ledger against every other writer, at once or not at all, until the transaction ends.

    A session that does not end it within ``HELD_SECONDS`` is ended by the server: before Postgres 17 one that is idle
    for so long, or whose statement takes so long. Raises ``DBAPIError`` where another transaction is writing.
    """
    lock = _find_lock(connection, entries)
    if isinstance(lock, Unserialized):
        return lock
    connection.exec_driver_sql(_limits(connection))
    claimed = Claimed(since=time.monotonic())
    connection.exec_driver_sql(lock.sql)
    is_locked = connection.execute(text(_IS_LOCKED), {"entries": table_name(entries.table)}).scalar_one()
    return claimed if is_locked else Unserialized(reason=f"{LOCK_FUNCTION}() did not lock {entries.table}; {_PRINT}.")


def lock_function_body(schema: str, table: str) -> str:
    """Return the text of the function that locks this ledger."""
    return f"\nBEGIN\n    {_lock_sql(schema, table)};\nEND\n"


_PRINT = "run the script that `trueup doctor --print-grants` prints again"


def _find_lock(connection: Connection, entries: EntryTable) -> _Lock | Unserialized:
    names = {"entries": table_name(entries.table)}
    ledger = connection.execute(text(_LEDGER), names).one_or_none()
    if ledger is None:
        return Unserialized(reason=f"{entries.table} is not a table that the repair role can see.")
    if ledger.relkind not in {"r", "p"}:
        kind = _KINDS.get(ledger.relkind, "not a table")
        return Unserialized(reason=f"{entries.table} is {kind}, which cannot be locked; map the table itself.")
    function = connection.execute(text(_FUNCTION), {**names, "function": LOCK_FUNCTION}).one_or_none()
    if function is not None and function.may_be_called:
        if function.may_lock and function.prosrc == lock_function_body(ledger.nspname, ledger.relname):
            return _Lock(sql=f"SELECT {quoted(function.nspname)}.{quoted(LOCK_FUNCTION)}()")
        if not ledger.may_lock:
            return Unserialized(reason=f"{LOCK_FUNCTION}() is not the function that locks {entries.table}; {_PRINT}.")
    if ledger.may_lock:
        return _Lock(sql=_lock_sql(ledger.nspname, ledger.relname))
    if not entries.grows_only:
        return Unserialized(
            reason=f"the repair role may not lock {entries.table}, and no foreign key protects against an entry that "
            f"is posted by a transaction that is not committed yet; {_PRINT}."
        )
    return Unserialized(
        reason=f"the repair role may not lock {entries.table}, and no foreign key from {entries.keys_text} protects "
        f"against entries that are not committed yet; add that key (not deferrable), or {_PRINT}."
    )


def _lock_sql(schema: str, table: str) -> str:
    return f"LOCK TABLE {quoted(schema)}.{quoted(table)} IN SHARE ROW EXCLUSIVE MODE NOWAIT"


def _limits(connection: Connection) -> str:
    version = connection.dialect.server_version_info
    names = ["statement_timeout", "idle_in_transaction_session_timeout"]
    # A timer that runs already is not set again, so it is switched off first.
    names += ["transaction_timeout"] if version and int(version[0]) >= _TRANSACTION_TIMEOUT_FROM else []
    settings = [
        f"set_config('{name}', '{value}', true)" for name in names for value in ("0", f"{HELD_SECONDS * 1000:.0f}ms")
    ]
    return f"SELECT {', '.join(settings)}"
