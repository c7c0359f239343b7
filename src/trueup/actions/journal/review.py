"""List the balances that an older trueup may have synced wrongly: by account, for a person to look at.

Before journal revision 0002, ids were compared byte by byte where the database itself may ignore case, accents or
blanks, and a balance was written without proof that the application had no uncommitted entry of the account. Entries of
that time have no ``db_role``; later ones are not reviewed, because both are proven before they are written.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow.compute
from sqlalchemy import inspect
from sqlalchemy.exc import NoSuchTableError

from trueup import journal
from trueup.actions.audit import Reference, references
from trueup.actions.journal.reading import journal_url, reading_journal
from trueup.mapping.resolve import fit
from trueup.model.errors import ConfigurationError
from trueup.model.key_equality import Comparison
from trueup.model.source import ColumnMapping, RelationMapping, places_of, schema_and_table
from trueup.sources import open_source
from trueup.sources.key_matching import equal_sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.config import Config
    from trueup.model.source import Snapshot

_SYNC = "sync-credit-balance"
_LEDGER, _ACCOUNT = "ledger_entry", "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """An account whose balance was synced, the entries that did so, and why that may have been wrong.

    ``spellings`` are the other ids that the database may compare as equal to this account's; ``is_open`` says that no
    foreign key made the sync wait for an entry that the application had not committed.
    """

    account_id: str
    entries: tuple[int, ...]
    spellings: tuple[str, ...]
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """How many balances an older trueup synced, and which accounts to look at."""

    syncs: int
    doubts: tuple[Doubt, ...]


def review_journal(config: Config) -> Review:
    """Review the journal's balance syncs against the tables as they are now. Reads only.

    Raises ``JournalUnusable``, ``ConfigurationError`` and ``SourceUnavailable`` where it cannot be done.
    """
    source = open_source(config.database_url, statement_timeout_seconds=config.statement_timeout_seconds)
    tables = source.tables()
    fitted, _ = fit(config.relations, tables, required=config.required, dialect=source.dialect)
    missing = [name for name in (_LEDGER, _ACCOUNT) if name not in fitted]
    if missing:
        raise ConfigurationError(f"A review needs the ledger and the accounts: map [relations.{missing[0]}].")
    with reading_journal(journal_url(config)) as connection:
        synced = _synced(connection)
        is_open = bool(synced) and not _is_serialized(connection, fitted[_LEDGER], fitted[_ACCOUNT])
    if not synced:
        return Review(syncs=0, doubts=())
    all_references = references(fitted, {table.qualified_name: table for table in tables})
    reference = next(each for each in all_references if each.place == (_LEDGER, "account_id"))
    with source.snapshot() as snapshot:
        spellings = _spellings(snapshot, reference, fitted, set(synced), source.dialect)
    doubts = (
        Doubt(account_id=key, entries=tuple(entries), spellings=tuple(sorted(spellings.get(key, ()))), is_open=is_open)
        for key, entries in sorted(synced.items())
        if is_open or spellings.get(key)
    )
    return Review(syncs=sum(len(entries) for entries in synced.values()), doubts=tuple(doubts))


def _synced(connection: Connection) -> dict[str, list[int]]:
    """The entries of the first form that replaced a balance, by the account's id as its row spells it."""
    synced: dict[str, list[int]] = {}
    for entry in journal.entries(connection):
        key = entry.before.get("key")
        if entry.action == _SYNC and entry.db_role is None and isinstance(key, str):
            synced.setdefault(key, []).append(entry.seq)
    return synced


def _is_serialized(connection: Connection, ledger: RelationMapping, account: RelationMapping) -> bool:
    """Whether an uncommitted entry makes a sync of its account wait: SQLite's one writer, or an immediate key."""
    if connection.dialect.name == "sqlite":
        return True
    column, key = ledger.columns["account_id"].column, account.columns["account_id"].column
    try:
        schema, name = schema_and_table(ledger.table)
        keys = inspect(connection).get_foreign_keys(name, schema=schema)
    except NoSuchTableError:
        return False
    return any(
        each["referred_table"] == schema_and_table(account.table)[1]
        and (column, key) in list[object](zip(each["constrained_columns"], each["referred_columns"], strict=True))
        and str(each.get("options", {}).get("initially") or "").upper() != "DEFERRED"
        for each in keys
    )


def _spellings(
    snapshot: Snapshot, reference: Reference, fitted: Mapping[str, RelationMapping], keys: set[str], dialect: str
) -> Mapping[str, set[str]]:
    """The other spellings of these ids in either table that the database compares as equal, or may compare as equal."""
    if reference.comparison is Comparison.BY_TEXT:
        return {}
    alike: dict[str, set[str]] = {}
    by_fold: dict[str, set[str]] = {}
    for key in keys:
        by_fold.setdefault(_folded(key), set()).add(key)
    for relation in (_LEDGER, _ACCOUNT):
        for spelling in _ids(snapshot, fitted[relation]):
            for key in by_fold.get(_folded(spelling), ()):
                if spelling != key:
                    alike.setdefault(key, set()).add(spelling)
    if reference.comparison is Comparison.UNKNOWN or reference.equality is None or not alike:
        return alike
    every = set().union(*alike.values())
    equal: dict[str, set[str]] = {}
    for spelling, key in _asked(snapshot, equal_sql(dialect, reference.equality, every, alike)):
        if spelling != key:
            equal.setdefault(key, set()).add(spelling)
    return equal


def _ids(snapshot: Snapshot, mapping: RelationMapping) -> Iterator[str]:
    """The account ids of a relation, each once a batch; the batches are not kept."""
    places = [
        dataclasses.replace(place, columns={"account_id": place.columns["account_id"]}) for place in places_of(mapping)
    ]
    for batch in chain.from_iterable(map(snapshot.read, places)):
        yield from (str(key) for key in pyarrow.compute.unique(batch.column(0)).to_pylist() if key is not None)


def _asked(snapshot: Snapshot, sql: str) -> Iterator[tuple[str, str]]:
    columns = {name: ColumnMapping(column=name) for name in ("spelling", "account_id")}
    answer = RelationMapping(relation=_ACCOUNT, table="the account ids", columns=columns, query=sql)
    for batch in snapshot.read(answer):
        for row in batch.to_pylist():
            yield str(row["spelling"]), str(row["account_id"])


def _folded(key: str) -> str:
    """One form for all spellings that a collation is likely to compare as equal: case, accents, blanks.

    It only selects what to ask the database about; the database decides which ids are equal.
    """
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", key) if not unicodedata.combining(letter))
    return bare.casefold().strip()
