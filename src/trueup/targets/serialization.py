"""How a balance is written while the application may be in a transaction of its own.

A ledger entry that the application has inserted but not committed cannot be read, so a balance that is set to the last
entry would be wrong a moment later. Each kind of database has its own way to prove that there is no such entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.model.source import RelationMapping

HELD_SECONDS = 0.25
"""How long a claim is held at most, because the application's own writers wait for it."""


class Serialization(StrEnum):
    """What proves that an account has no uncommitted entry. The values are written into the journal."""

    FOREIGN_KEY = "foreign key"
    """A transaction that inserts an entry holds the key of its account, and the lock on the account's row waits for it.
    """
    TABLE_LOCK = "table lock"
    """No other transaction writes to the ledger while its table is locked."""
    ENTRY_LOCKS = "entry locks"
    """The account's entries are locked, and the gaps of the index where new ones would go."""
    FILE_LOCK = "file lock"
    """The database has one writer at a time."""
    NONE = "none: repairs.balance_without_serialization"
    """Nothing: the config says that the application needs no such proof."""

    @property
    def is_claimed(self) -> bool:
        """Whether something must be locked before the account's row is."""
        return self in {Serialization.TABLE_LOCK, Serialization.ENTRY_LOCKS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserialized:
    """No proof is possible here. ``reason`` is a sentence that says what is missing and what to do."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Everything that is needed is locked, ``since`` a moment by the monotonic clock."""

    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTable:
    """Where an account's ledger entries are, and the account that they refer to, in the database's own names.

    A column is None where an expression is mapped in its place. ``read_column`` is any column that can be read.
    ``grows_only``: an entry counts from its insertion on, or never. Where entries are posted later, or a condition
    chooses among them, an update may make one count, and no foreign key looks at that.
    """

    table: str
    account_column: str | None
    read_column: str | None
    account_table: str
    account_key: str | None
    grows_only: bool = True

    @property
    def keys_text(self) -> str:
        """The foreign key that would serialize the two, for messages."""
        column, key = self.account_column or "its account column", self.account_key or "its key"
        return f"{self.table}.{column} to {self.account_table}.{key}"


def entry_table_of(mappings: Mapping[str, RelationMapping]) -> EntryTable | None:
    """Return where the mapping has the accounts' entries; None where the ledger or the account is not mapped."""
    ledger, account = mappings.get("ledger_entry"), mappings.get("account")
    if ledger is None or account is None or not ledger.is_one_table or account.query is not None:
        return None
    columns = {name: column.column for name, column in ledger.columns.items()}
    return EntryTable(
        table=ledger.table,
        account_column=columns.get("account_id"),
        read_column=columns.get("balance_after") or columns.get("amount"),
        account_table=account.table,
        account_key=account.columns["account_id"].column,
        grows_only="posted" not in ledger.columns and ledger.where is None,
    )
