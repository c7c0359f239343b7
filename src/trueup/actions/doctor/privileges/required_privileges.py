"""The rights that the two roles need, in tables and columns, for every kind of database."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.journal.tables import BINDING, HEAD, JOURNAL, REPAIR, SERVER_WRITTEN, VERSION_TABLE
from trueup.model.errors import ConfigurationError
from trueup.model.repair_offer import refusal_of_places
from trueup.model.source import places_of

if TYPE_CHECKING:
    from trueup.model.source import RelationMapping
    from trueup.targets.serialization import EntryTable

_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,31}")  # MySQL's limit is the shortest; no character needs escaping
_REPAIRABLE = ("credits", "plan", "unlimited_credits")
_APPENDED = {
    "ledger_entry": (
        "account_id kind amount balance_after "
        "stripe_event_id stripe_payment_intent_id stripe_invoice_id stripe_checkout_session_id"
    ),
    "plan_change": "account_id from_plan to_plan",
    "webhook_event": "event_id type status livemode",
}
"""The relations that take audit rows, and which of their columns say what happened."""
_LINE_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The two roles' names. Raises ``ConfigurationError`` for one that would have to be escaped."""

    audit: str
    repair: str

    def __post_init__(self) -> None:
        for name in (self.audit, self.repair):
            if not _ROLE.fullmatch(name):
                raise ConfigurationError(
                    f'"{name}" cannot be the name of a role here: write letters, digits, _ and -, at most 32 of them.'
                )
        if self.audit == self.repair:
            raise ConfigurationError(
                "The audit role and the repair role must be different: the audit role must not write."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaceable:
    """A column that a repair replaces, in a table whose rows ``key`` names; ``ours`` is trueup's name for it."""

    ours: str
    table: str
    key: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appendable:
    """A table that gets the audit rows of the relation ``ours``; ``facts`` are its columns that say what happened."""

    ours: str
    table: str
    columns: frozenset[str]
    facts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Columns by table, for each right. ``entries`` is where an account's ledger entries are; None where unmapped."""

    selects: Mapping[str, Collection[str]]
    updates: Sequence[Replaceable]
    inserts: Sequence[Appendable]
    doubts: Sequence[str]
    entries: EntryTable | None

    def updated(self, table: str) -> list[str]:
        """The columns of this table that a repair may replace."""
        return sorted({each.column for each in self.updates if each.table == table})

    def written(self) -> list[Replaceable | Appendable]:
        """Everything that repairs write into the app's own tables."""
        return [*self.updates, *self.inserts]

    def inserted(self) -> dict[str, set[str]]:
        """The columns of each table that takes audit rows."""
        columns: dict[str, set[str]] = {}
        for each in self.inserts:
            columns.setdefault(each.table, set()).update(each.columns)
        return columns


_TO_THE_JOURNAL = tuple(column.name for column in JOURNAL.c)
_TO_THE_REPAIRS = (REPAIR.name, "INSERT", tuple(column.name for column in REPAIR.c))

JOURNAL_RIGHTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (JOURNAL.name, "INSERT", _TO_THE_JOURNAL),
    (HEAD.name, "UPDATE", ("seq", "hash")),
    _TO_THE_REPAIRS,
)
"""What the repair role may do to the journal besides reading it. It can never change or delete an entry."""

POSTGRES_JOURNAL_RIGHTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (JOURNAL.name, "INSERT", tuple(name for name in _TO_THE_JOURNAL if name not in SERVER_WRITTEN)),
    _TO_THE_REPAIRS,
)
"""The same on Postgres, where the journal's own trigger writes the rest and moves the head."""

JOURNAL_READS = (JOURNAL.name, HEAD.name, REPAIR.name, BINDING.name, VERSION_TABLE)


def replaceable(mappings: Mapping[str, RelationMapping]) -> tuple[Replaceable, ...]:
    """The account's columns that a repair can write; none where the key is mapped to an expression."""
    account = mappings.get("account")
    if account is None or refusal_of_places(mappings) is not None:
        return ()
    return tuple(
        Replaceable(ours=ours, table=place.table, key=key, column=column)
        for place in places_of(account)
        for ours in _REPAIRABLE
        if ours in place.columns
        and (key := place.columns["account_id"].column)
        and (column := place.columns[ours].column)
    )


def appended(mappings: Mapping[str, RelationMapping]) -> tuple[Appendable, ...]:
    """The tables that take an audit row, with the columns that can be written."""
    appendables = []
    for ours, facts in _APPENDED.items():
        mapped = mappings[ours].columns if ours in mappings else {}
        plain = {name: column.column for name, column in mapped.items() if column.column}
        if plain and refusal_of_places(mappings) is None:
            appendables.append(
                Appendable(
                    ours=ours,
                    table=mappings[ours].table,
                    columns=frozenset(plain.values()),
                    facts=frozenset(plain[name] for name in facts.split() if name in plain),
                )
            )
    return tuple(appendables)


def written(mappings: Mapping[str, RelationMapping]) -> list[Replaceable | Appendable]:
    """Everything that repairs may write into the app's own tables."""
    return [*replaceable(mappings), *appended(mappings)]


def unwritable(mappings: Mapping[str, RelationMapping]) -> Iterator[str]:
    """What repairs would have to write but cannot, because an expression is mapped."""
    refusal = refusal_of_places(mappings)
    if refusal is not None:
        yield f"nothing can be repaired: {refusal}"
        return
    account = mappings.get("account")
    for place in places_of(account) if account else ():
        where = f" in {place.table}" if account and account.parts else ""
        for ours in ("account_id", *_REPAIRABLE):
            if ours in place.columns and place.columns[ours].column is None:
                what = "no account can be repaired" if ours == "account_id" else "it cannot be repaired"
                yield f"account.{ours}{where} is mapped to an expression: {what}"


def comment(sentence: str) -> str:
    """An SQL comment of one line, even if names in it hold line breaks."""
    return f"-- {_LINE_BREAKS.sub(' ', sentence)}"
