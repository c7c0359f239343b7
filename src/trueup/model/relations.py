"""The relations: the only tables that a check knows. A class is a relation, its fields are the columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from trueup.model.columns import Column, declared_columns, fact, key
from trueup.model.history import HistoryChange
from trueup.model.price_list import PRICE_LIST, PriceRow
from trueup.model.repair_evidence import EVIDENCE, EvidenceRow
from trueup.model.stripe_objects import STRIPE_OBJECTS, StripeReading, StripeRow, SubscriptionStatus


class AccountRole(StrEnum):
    """Who an account belongs to. A word that the mapping does not name means an ordinary user."""

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
    """How far the app processed a webhook."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who can hold a plan and credits: a user, or an organisation."""

    account_id: str = key()
    email: str | None = None
    role: AccountRole = AccountRole.USER
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
    wallet: str = ""
    """Which of the account's balances it moves, where an account has several; each has running balances of its own."""
    sequence: int | None = None
    kind: EntryKind = fact(EntryKind.OTHER)
    amount: Decimal = fact(Decimal(0))
    balance_after: Decimal = fact(Decimal(0))
    posted: bool = True
    sets_balance: bool = False
    """Whether the entry sets the balance of its wallet to ``amount``, as a monthly allowance that replaces what was
    left does, and is not added to it."""
    stripe_event_id: str | None = fact()
    stripe_payment_intent_id: str | None = fact()
    stripe_invoice_id: str | None = fact()
    stripe_checkout_session_id: str | None = None
    stripe_charge_id: str | None = None
    stripe_subscription_id: str | None = None
    stripe_account: str | None = None
    """The Stripe account that the ids are of, where it is a connected one (Connect); NULL is the app's own."""
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
    stripe_account: str | None = None
    """The connected account that the event is of (its ``account``); NULL is the app's own."""


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
class CreditGrant:
    """Credits that were given at once, with what is left of them and the day on which the rest lapses, if any.

    A ledger entry that says both itself (``expires_at``, ``remaining``) is one.
    """

    grant_id: str = key()
    account_id: str = fact("user_1")
    wallet: str = ""
    """Which of the account's balances it is in, where an account has several."""
    amount: Decimal = Decimal(0)
    remaining: Decimal | None = fact(Decimal(0))
    expires_at: datetime | None = fact()
    entry_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletBalance:
    """The cached balance of one wallet of an account that has several. Several rows of one wallet count together."""

    account_id: str = key()
    wallet: str = key()
    credits: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSubscription:
    """The app's own copy of a subscription, one row for each. ``stripe_subscription_id`` is NULL until Stripe has it.

    ``status`` is one of Stripe's words; ``seats`` is a quantity; ``price_id`` may be a lookup key.
    """

    local_subscription_id: str = key()
    account_id: str | None = None
    stripe_subscription_id: str | None = fact("sub_1")
    status: SubscriptionStatus | None = None
    plan: str | None = None
    price_id: str | None = None
    current_period_start: datetime | None = None
    current_period_end: datetime | None = None
    seats: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan as the config names it. ``credits_per_period`` is for one ``interval``, however often its prices bill.

    ``price_minor`` is what one period costs, and only puts a price on findings.
    """

    plan: str = key()
    rank: int = 0
    paid: bool = False
    interval: Interval = Interval.MONTH
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
class StripeProduct:
    """A Stripe product that this app sells. Without any, every product of the Stripe account is this app's."""

    product_id: str = key()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A known and accepted exception. It silences a finding and blocks its repair until it expires.

    It covers one ``subject``, or every finding about an account that is on ``plan``: exactly one of them is given.
    """

    check_id: str = key()
    subject: str | None = None
    plan: str | None = None
    owner: str = "nobody"
    reason: str = "none given"
    expires_at: date | None = None

    @property
    def scope(self) -> tuple[str, str | None, str | None]:
        """What it covers: check, subject, plan. Two exemptions of one scope are the same exemption."""
        return self.check_id, self.subject, self.plan

    @property
    def scope_text(self) -> str:
        """Which of its check's findings it covers, for a person.

        >>> Exemption(check_id="stale-paid-plan", plan="PARTNER").scope_text
        'plan PARTNER'
        """
        return self.subject if self.subject is not None else f"plan {self.plan}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateExpectation:
    """What the matrix gives a plan of a feature: 1 or 0, or where ``is_limit`` how much of it."""

    feature: str = key()
    plan: str = key()
    is_limit: bool = False
    expected: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """What a plan really gets, as one probe reports it. Without an answer, ``problem`` says why."""

    feature: str = key()
    plan: str = key()
    probe: str = key()
    is_limit: bool = False
    actual: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateProbe:
    """A probe that was asked. ``lists`` says that it named every feature there is; ``problem`` why it could not."""

    probe: str = key()
    kind: str = "callable"
    lists: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFeature:
    """A feature that the app has, as reported by a probe that lists all of them."""

    feature: str = key()
    probe: str = key()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAcceptance:
    """What a plan got when it was last accepted: a line of the lock file."""

    feature: str = key()
    plan: str = key()
    is_limit: bool = False
    accepted: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRow:
    """A row, or a word, of the source that could not be read as mapped. The books make it; it is never mapped.

    ``row_key`` is the row's id, or ``column=word`` for a word that the mapping does not know. ``entries`` is how many
    rows show it. ``cause`` is what other rows may share, the column and what is wrong with it, or None where each
    problem is a matter of its own. A row with two problems is here twice.
    """

    relation: str = key()
    row_key: str = key()
    account_id: str | None = None
    problem: str = "a required value is missing"
    entries: int = 1
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedRelation:
    """One relation that was copied, and how many rows the source sent. The books make it; it is never mapped."""

    relation: str = key()
    rows: int = 0


Row = (
    Account
    | LedgerEntry
    | WebhookEvent
    | PlanChange
    | Member
    | CreditGrant
    | WalletBalance
    | LocalSubscription
    | Plan
    | PlanPrice
    | PriceRow
    | StripeProduct
    | Exemption
    | GateExpectation
    | GateAnswer
    | GateProbe
    | GateFeature
    | GateAcceptance
    | UnreadableRow
    | CopiedRelation
    | HistoryChange
    | EvidenceRow
    | StripeReading
    | StripeRow
)
Relation = type[Row]

MAPPED: tuple[Relation, ...] = (
    Account,
    LedgerEntry,
    WebhookEvent,
    PlanChange,
    Member,
    CreditGrant,
    WalletBalance,
    LocalSubscription,
)
"""Relations that a table of the app's database supplies."""
MUST_HOLD_ROWS = ("account", "ledger_entry")
"""Relations of which at least one row must be read, unless the config allows them to be empty."""
MUST_EXIST = ("account",)
"""Relations without which there is nothing to audit, so that no config may say that they are absent."""
CONFIGURED: tuple[Relation, ...] = (Plan, PlanPrice, *PRICE_LIST, StripeProduct, Exemption)
"""Relations that the config supplies."""
STRIPE: tuple[Relation, ...] = STRIPE_OBJECTS
"""Relations that Stripe supplies."""
GATES: tuple[Relation, ...] = (GateExpectation, GateAnswer, GateProbe, GateFeature, GateAcceptance)
"""Relations about plan gates: the matrix and the lock, which are files, and what the probes answered."""
MADE: tuple[Relation, ...] = (UnreadableRow, CopiedRelation, HistoryChange, StripeReading, *EVIDENCE)
"""Relations that the books make while they copy."""
RELATIONS: tuple[Relation, ...] = MAPPED + CONFIGURED + STRIPE + GATES + MADE

ABOUT_READING: tuple[Relation, ...] = (UnreadableRow, CopiedRelation)
"""Relations that describe how every other one was read. A check that reads one of them needs all relations."""

ONLY_WHERE_MAPPED: tuple[Relation, ...] = (CreditGrant, LocalSubscription)
"""Relations that few apps have: where one is not mapped, its checks do not apply and nothing is incomplete."""

EMPTY_WHEN_UNMAPPED: tuple[Relation, ...] = (PlanChange, Member, WalletBalance)
"""Relations that an app without them has none of, and no check is skipped for that: two can only excuse, and accounts
with one balance have no wallets."""


def relation_name(relation: type) -> str:
    """The relation's name in SQL and in the config.

    >>> relation_name(LedgerEntry)
    'ledger_entry'
    """
    return _NAMES[relation]


def relation_named(name: str) -> Relation:
    """The relation of this name; ``KeyError`` when there is none."""
    return _RELATIONS[name]


def columns_of(relation: Relation) -> tuple[Column, ...]:
    """The relation's columns in the order they are declared."""
    return _COLUMNS[relation_name(relation)]


_NAMES: dict[type, str] = {
    relation: re.sub("(?<!^)([A-Z])", r"_\1", relation.__name__).lower() for relation in RELATIONS
}
_RELATIONS: dict[str, Relation] = {relation_name(relation): relation for relation in RELATIONS}
_COLUMNS = {relation_name(relation): declared_columns(relation) for relation in RELATIONS}
