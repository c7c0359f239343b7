"""Where a scenario is told: rows and objects of one namespace in a company."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.support.incidents import offer
from tests.support.stripe import stories
from tests.support.stripe.objects import JSON, VERSION
from tests.support.stripe.world import StripeWorld
from trueup.model.relations import EventStatus, Exemption, Row, WebhookEvent

NOW = datetime(2026, 3, 1, 12)
LISTED_DAYS = 30
"""For how long Stripe lists an event."""
_DELIVERY = timedelta(seconds=2)


def seconds(moment: datetime) -> int:
    """A naive UTC moment as Stripe writes it."""
    return int(moment.replace(tzinfo=UTC).timestamp())


@dataclass(slots=True, kw_only=True)
class Stage:
    """One telling's place in a company. Every id that is made here ends with its ``tag``.

    ``shift`` moves all that is told in days further back, so that no two tellings stand at the same moment; what is
    told in minutes stays where it is. ``random`` decides what a scenario leaves open. Where the telling is not
    ``whole``, crowds are few, so that thousands of tellings stay cheap. ``tier`` is the plan that it is about where
    nothing else is said.
    """

    world: StripeWorld
    tag: str
    first_entry: int
    random: Random
    shift: timedelta = timedelta()
    whole: bool = True
    tier: offer.Tier = offer.PRO
    rows: list[Row] = field(default_factory=list)
    exemptions: list[Exemption] = field(default_factory=list)
    entries: int = 0

    @property
    def yearly(self) -> offer.Tier:
        """The tier, or where it cannot be bought by the year, another."""
        return self.tier if self.tier.yearly_price in offer.CENTS else offer.PRO

    def ago(self, days: float, *, minutes: float = 0) -> datetime:
        """So many days before now, and so many minutes less."""
        return NOW - timedelta(days=days) - self.shift + timedelta(minutes=minutes)

    def just(self, minutes: float) -> datetime:
        """So many minutes before now."""
        return NOW - timedelta(minutes=minutes)

    def crowd(self, size: int) -> range:
        """So many of them, as it was; a handful where the telling is not whole."""
        return range(size if self.whole else self.random.randint(2, 5))

    def id(self, prefix: str) -> str:
        """An id that nothing has."""
        return self.world.new_id(prefix)

    def entry_id(self) -> int:
        """The next number of a ledger entry."""
        self.entries += 1
        return self.first_entry + self.entries

    def price(self, named: str) -> JSON:
        """A price that the company sells."""
        return offer.price(self.world, named)

    def pack(self) -> tuple[JSON, int]:
        """A price for a pack of credits, of this telling alone, and how many credits it is for."""
        credits_sold = 50 * self.random.randint(2, 12)
        cents = 100 * self.random.randint(5, 90)
        currency = "usd" if self.whole else self.random.choice(("usd", "eur", "jpy"))
        made = self.new_price(interval=None, unit_amount=cents, currency=currency)
        return made, credits_sold

    def new_price(self, *, product: str = offer.PRODUCT, **fields: Any) -> JSON:
        """One more price of the company's."""
        created = seconds(self.ago(120))
        return stories.new_price(self.world, product=self.world.get(product), created=created, **fields)

    def told(self, kind: str, about: JSON, at: datetime, *, received: bool = True, **fields: Any) -> str:
        """Stripe tells of an object; listed while it is young enough, and recorded where it was received. Its id."""
        named = self.id("evt")
        if at >= NOW - timedelta(days=LISTED_DAYS):
            whole: dict[str, Any] = {"created": seconds(at), "livemode": True} | fields
            stories.emit(self.world, kind, about, id=named, **whole)
        if received:
            self.recorded(named, kind, at)
        return named

    def recorded(self, event_id: str, kind: str, at: datetime, **fields: Any) -> None:
        """The app's idempotency record of an event."""
        plain: dict[str, Any] = {
            "event_id": event_id,
            "type": kind,
            "status": EventStatus.PROCESSED,
            "received_at": at + _DELIVERY,
            "processed_at": at + 2 * _DELIVERY,
            "livemode": True,
            "api_version": VERSION,
        }
        self.rows.append(WebhookEvent(**(plain | fields)))
