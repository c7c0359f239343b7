"""The relations: the only words a check knows. A class is a relation, its fields are the columns.

Three kinds of column, told apart by how the field is written:

- ``key()``      names the row. It must be mapped, and a row without it cannot be kept.
- ``fact(x)``    has no neutral value: a check that reads it is *skipped* when it is not mapped. ``x`` only
                 saves typing where rows are written by hand (cases, tests).
- ``= x``        is neutral: an app that has no such column means ``x`` by it, and NULL means ``x`` too.

``None`` in the type says that NULL is an answer (no Stripe customer); without it, NULL is an unreadable value.
Credits are exact decimals, times are UTC and naive, text ids stay text; ``entry_id`` keeps its own type, so that
integer ids order as integers.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

_MARK = "trueup"


class Kind(StrEnum):
    """What a column holds, and so how a source's value is read into it."""

    TEXT = "text"
    ID = "id"
    """An entry's id: an integer or text, whichever the source has."""
    CREDITS = "credits"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"
    WORD = "word"
    """One of a fixed set of words, reached through the mapping's value map."""


class Role(StrEnum):
    """Who an account belongs to. A word the mapping does not name is an ordinary user."""

    USER = "user"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"


class EntryKind(StrEnum):
    """Why credits moved."""

    PURCHASE = "purchase"
    SUBSCRIPTION_GRANT = "subscription_grant"
    PROMOTIONAL_GRANT = "promotional_grant"
    USAGE = "usage"
    REFUND = "refund"
    CLAWBACK = "clawback"
    ADJUSTMENT = "adjustment"
    BALANCE_SYNC = "balance_sync"
    EXPIRY = "expiry"
    OTHER = "other"


class EventStatus(StrEnum):
    """How far the app got with a webhook."""

    PROCESSING = "processing"
    PROCESSED = "processed"
    FAILED = "failed"


class Interval(StrEnum):
    """How often a price bills."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def key() -> Any:
    """A column that names the row."""
    return dataclasses.field(metadata={_MARK: "key"})


def fact(example: object = None) -> Any:
    """A column without a neutral value: unmapped, the checks that read it are skipped."""
    return dataclasses.field(default=example, metadata={_MARK: "fact"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who can hold a plan and credits: a user, or an organisation."""

    account_id: str = key()
    email: str | None = None
    role: Role = Role.USER
    plan: str = fact("FREE")
    stripe_customer_id: str | None = fact()
    stripe_subscription_id: str | None = None
    credits: Decimal = fact(Decimal(0))
    unlimited_credits: bool = False
    active: bool = True
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One movement of credits. ``balance_after`` is the running balance that the app wrote beside it."""

    entry_id: str | int = key()
    account_id: str = fact("user_1")
    sequence: int | None = None
    kind: EntryKind = fact(EntryKind.OTHER)
    amount: Decimal = fact(Decimal(0))
    balance_after: Decimal = fact(Decimal(0))
    posted: bool = True
    stripe_event_id: str | None = fact()
    stripe_payment_intent_id: str | None = fact()
    stripe_invoice_id: str | None = fact()
    stripe_checkout_session_id: str | None = None
    created_at: datetime = fact(datetime(2026, 1, 1))
    actor: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """The app's idempotency record of one Stripe event."""

    event_id: str = key()
    type: str = fact("invoice.paid")
    status: EventStatus = EventStatus.PROCESSED
    received_at: datetime = fact(datetime(2026, 1, 1))
    processed_at: datetime | None = None
    livemode: bool = fact(True)  # noqa: FBT003 - an example value
    api_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """One change of an account's plan, as the app recorded it."""

    account_id: str = key()
    from_plan: str | None = None
    to_plan: str = key()
    changed_at: datetime = key()
    actor: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person inside an organisation's account: ``account_id`` pays, ``member_id`` is the member's own account."""

    account_id: str = key()
    member_id: str = key()
    role: str | None = None
    billable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan as the config names it. ``price_minor`` is what one period costs, and only puts a price on findings."""

    plan: str = key()
    rank: int = 0
    paid: bool = False
    credits_per_period: Decimal | None = None
    price_minor: int | None = None
    price_currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPrice:
    """A Stripe price that means a plan."""

    price_id: str = key()
    plan: str = key()
    interval: Interval = Interval.MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A known and accepted exception. It silences a finding and blocks its automatic repair, until it expires."""

    check_id: str = key()
    subject: str = key()
    owner: str = "nobody"
    reason: str = "none given"
    expires_at: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRow:
    """A row, or a word, of the source that could not be read as mapped. Made by the books, never mapped.

    ``row_key`` is the row's id, or ``column=word`` for a word that the mapping does not know. ``entries`` is how many
    rows show it.
    """

    relation: str = key()
    row_key: str = key()
    account_id: str | None = None
    problem: str = "a required value is missing"
    entries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedRelation:
    """One relation that was copied, and how many rows the source sent. Made by the books, never mapped."""

    relation: str = key()
    rows: int = 0


Row = (
    Account
    | LedgerEntry
    | WebhookEvent
    | PlanChange
    | Member
    | Plan
    | PlanPrice
    | Exemption
    | UnreadableRow
    | CopiedRelation
)
Relation = type[Row]

MAPPED: tuple[Relation, ...] = (Account, LedgerEntry, WebhookEvent, PlanChange, Member)
"""Relations that a table of the app's database supplies."""
CONFIGURED: tuple[Relation, ...] = (Plan, PlanPrice, Exemption)
"""Relations that the config supplies."""
MADE: tuple[Relation, ...] = (UnreadableRow, CopiedRelation)
"""Relations that the books make while they copy."""
RELATIONS: tuple[Relation, ...] = MAPPED + CONFIGURED + MADE

EMPTY_WHEN_UNMAPPED: tuple[Relation, ...] = (PlanChange, Member)
"""Relations that only ever excuse: an app without them has none, and no check is skipped for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a relation, read from its field."""

    name: str
    kind: Kind
    nullable: bool
    is_key: bool
    has_neutral: bool
    neutral: object
    words: tuple[str, ...] = ()


_KINDS: dict[object, Kind] = {
    str: Kind.TEXT,
    Decimal: Kind.CREDITS,
    int: Kind.INTEGER,
    bool: Kind.BOOLEAN,
    datetime: Kind.TIME,
    date: Kind.TIME,
}


def relation_name(relation: type) -> str:
    """The relation's name in SQL and in the config.

    >>> relation_name(LedgerEntry)
    'ledger_entry'
    """
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in relation.__name__).lstrip("_")


def relation_named(name: str) -> Relation:
    """The relation of this name; ``KeyError`` when there is none."""
    return {relation_name(r): r for r in RELATIONS}[name]


def columns_of(relation: Relation) -> tuple[Column, ...]:
    """The relation's columns in the order they are declared."""
    return _COLUMNS[relation_name(relation)]


def _column(field: dataclasses.Field[Any], hint: object) -> Column:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    plain = [option for option in options if option is not types.NoneType]
    words = tuple(str(word) for word in plain[0]) if isinstance(plain[0], type) and issubclass(plain[0], Enum) else ()
    mark = field.metadata.get(_MARK)
    kind = Kind.WORD if words else Kind.ID if len(plain) > 1 else _KINDS[plain[0]]
    return Column(
        name=field.name,
        kind=kind,
        nullable=len(plain) < len(options),
        is_key=mark == "key",
        has_neutral=mark is None,
        neutral=field.default if mark is None else None,
        words=words,
    )


def _columns(relation: Relation) -> tuple[Column, ...]:
    hints = typing.get_type_hints(relation)
    return tuple(_column(field, hints[field.name]) for field in dataclasses.fields(relation))


_COLUMNS = {relation_name(relation): _columns(relation) for relation in RELATIONS}
