"""What Stripe knows of an account that is about to lose its plan: nothing, a customer, or no answer could be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupKeys:
    """The account to look for: everything by which Stripe could know it."""

    account_id: str
    emails: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """Stripe answered completely, and knows nothing of the account. ``asked_at`` is by Stripe's clock, naive UTC.

    ``questions`` say what was asked, without personal data; ``request_ids`` are Stripe's own, one a question.
    """

    keys: LookupKeys
    stripe_account: str
    livemode: bool
    asked_at: datetime
    questions: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What was proven. The words are the same in a preview and in the repair."""
        return f"no customer and no subscription in {self.stripe_account}, {'live' if self.livemode else 'test'} mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """There is no Stripe to ask. The config leaves the decision to the person who asks for the repair."""

    keys: LookupKeys

    @property
    def text(self) -> str:
        """The text that a result shows where it has no proof."""
        return "not asked: repairs.downgrade_without_stripe leaves it to the person who asks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Stripe knows the account. ``reason`` is a whole sentence."""

    keys: LookupKeys
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The lookup got no answer, and what is unknown is never repaired. ``why`` is a clause without a full stop."""

    keys: LookupKeys
    why: str

    @property
    def reason(self) -> str:
        """The whole sentence."""
        return f"It is unknown whether Stripe has a customer of {self.keys.account_id}: {self.why}."


Proof = NotFound | NotAsked
LookupAnswer = Proof | Found | Unknown
