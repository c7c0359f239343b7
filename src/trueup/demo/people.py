"""The rows that a scene is made of: accounts with their ledger, events, plan changes, memberships, exemptions.

What the app would have written comes first; a fault then changes it. That is why accounts and ledger rows here, unlike
everywhere else, are mutable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(slots=True, kw_only=True, eq=False)
class Move:
    """One ledger row. ``placed_at`` is its place in the order of the table's ids, where that differs from its date."""

    kind: str
    amount: int | None
    balance_after: int
    sequence: int
    at: datetime
    posted: bool = True
    event_id: str | None = None
    payment_intent_id: str | None = None
    invoice_id: str | None = None
    checkout_session_id: str | None = None
    actor: str | None = None
    reason: str | None = None
    placed_at: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Person:
    """One account. ``credits`` is the cached balance; ``None`` lets it follow the ledger, as an honest app does."""

    created_at: datetime
    plan: str = "FREE"
    role: str = "user"
    customer_id: str | None = None
    subscription_id: str | None = None
    credits: int | None = None
    unlimited_credits: bool = False
    active: bool = True
    exists: bool = True
    moves: list[Move] = field(default_factory=list)
    number: int = 0

    @property
    def account_id(self) -> str:
        """The id that the company gave; known once every scene is made."""
        return account_id(self.number)

    @property
    def balance(self) -> int:
        """The running balance that the next row starts from: that of the latest posted row."""
        return next((move.balance_after for move in reversed(self.moves) if move.posted), 0)

    @property
    def cached(self) -> int:
        """The cached balance that is written."""
        return self.balance if self.credits is None else self.credits

    def move(
        self,
        kind: str,
        amount: int,
        at: datetime,
        *,
        event: str | None = None,
        payment: str | None = None,
        invoice: str | None = None,
        checkout: str | None = None,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Move:
        """Append a row that follows from the one before, as the app does."""
        move = Move(
            kind=kind,
            amount=amount,
            balance_after=self.balance + amount,
            sequence=self.moves[-1].sequence + 1 if self.moves else 1,
            at=at,
            event_id=event,
            payment_intent_id=payment,
            invoice_id=invoice,
            checkout_session_id=checkout,
            actor=actor,
            reason=reason,
        )
        self.moves.append(move)
        return move

    def spend(self, amount: int, at: datetime) -> Move:
        """Use credits."""
        return self.move("usage", -amount, at)


def account_id(number: int) -> str:
    """The id of the account of this number.

    >>> account_id(123)
    'user_000123'
    """
    return f"user_{number:06}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of the app's idempotency table."""

    event_id: str
    type: str
    status: str
    received_at: datetime
    processed_at: datetime | None
    livemode: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSwitch:
    """One row of the app's plan history."""

    person: Person
    from_plan: str
    to_plan: str
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """``person`` uses what ``organisation`` pays for."""

    organisation: Person
    person: Person
    role: str = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Credits that are good until a day, and what is left of them."""

    person: Person
    amount: int
    remaining: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionCopy:
    """What the app last wrote down of a subscription."""

    person: Person
    subscription_id: str
    status: str
    plan: str
    period_ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excused:
    """An exemption of the demo's config."""

    check: str
    person: Person
    owner: str
    reason: str
    expires: date


Subject = Person | Move | str
"""What a finding is about: an account, a ledger row, or a thing that has its own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A finding that the scene's rows must cause: its subject is ``prefix`` and the name of ``subject``.

    ``exempted`` says that an exemption of the demo's config silences it.
    """

    check: str
    subject: Subject
    prefix: str = ""
    exempted: bool = False
