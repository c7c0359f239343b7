"""What Stripe knows of an account that is to lose its plan: nothing, something, or nobody can say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupKeys:
    """Whom Stripe is asked about: everything by which it could know the account."""

    account_id: str
    emails: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """Complete answers that hold nothing of the account. ``asked_at`` is by Stripe's clock, naive UTC.

    ``questions`` say what was asked, without anybody's data; ``request_ids`` are Stripe's own, one a question.
    """

    keys: LookupKeys
    stripe_account: str
    livemode: bool
    asked_at: datetime
    questions: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What was proven, in words that stay the same from a preview to the repair."""
        return f"no customer and no subscription in {self.stripe_account}, {'live' if self.livemode else 'test'} mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """There is no Stripe to ask, and the config leaves the decision to the person who asks for the repair."""

    keys: LookupKeys

    @property
    def text(self) -> str:
        """What stands in the place of a proof."""
        return "not asked: repairs.downgrade_without_stripe leaves it to the person who asks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Stripe knows the account. ``reason`` is a whole sentence."""

    keys: LookupKeys
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody can say, and what is unknown never repairs. ``why`` is a clause without a full stop."""

    keys: LookupKeys
    why: str

    @property
    def reason(self) -> str:
        """The whole sentence."""
        return f"Nobody knows whether Stripe has a customer of {self.keys.account_id}: {self.why}."


Proof = NotFound | NotAsked
LookupAnswer = Proof | Found | Unknown
